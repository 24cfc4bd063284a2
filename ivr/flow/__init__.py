"""The flow language: its models, its loader and its checks. Knows nothing of calls or channels."""

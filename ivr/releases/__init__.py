"""Which flows are published, since when and by whom, and what the running service serves.

Below `IVR_STATE/bundles`: the bundles themselves (`ivr.shelf`), the `history` of publications, and
`serving.json`, by which the supervisor tells its engines. Must not know calls or Asterisk.
"""

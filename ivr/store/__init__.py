"""Adapters of the journal: in memory, in SQLite, and through the socket of the one writer."""

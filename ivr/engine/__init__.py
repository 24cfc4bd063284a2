"""The pure engine: what the caller hears next, decided from the bundle, the run and an outcome.

Nothing in this package awaits, reads a clock, logs, opens a file or draws a random number.
"""

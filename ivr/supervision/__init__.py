"""Keeps processes running: starts them, listens to their heartbeats, starts them again.

Must know nothing of calls: what a process does is its own affair.
"""

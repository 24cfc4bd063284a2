"""All that touches Asterisk: its installation, its AGI and its manager interface.

The rest of the package does not know that Asterisk exists; it sees the ports in `ivr.ports`.
"""

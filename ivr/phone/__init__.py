"""A small SIP telephone for the loopback: it dials the local Asterisk, presses keys, listens.

`agent` is the telephone, `script` a whole call from a line of keys; `sip`, `sdp`, `dialog`, `rtp`,
`g711` and `heard` are the pure parts below them. It never sends a packet off this machine.
"""

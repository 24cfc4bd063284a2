"""Judges the configuration of an Asterisk and of the machine around it.

Pure: what was read and what Asterisk answered come in, findings come out. `ivr.cli.doctor` does the
reading and the asking.
"""

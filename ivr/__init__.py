"""Satu Pintu: a call-flow engine for public-service hotlines on Asterisk."""

__version__ = "0.1.0"

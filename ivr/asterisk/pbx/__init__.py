"""A local Asterisk: found or installed (`prefix`), configured (`config`), run (`instance`).

Synchronous on purpose: commands and test fixtures use it, the engine never does. It must not know
flows, calls or the engine; it knows only at which address an engine will listen.
"""

"""The Asterisk and the engines of the telephony tests, for those that do them harm."""

from __future__ import annotations

from tests.faults.running import flows, make
from tests.telephony.conftest import asterisk, caller, own_engine, pbx

__all__ = ["asterisk", "caller", "flows", "make", "own_engine", "pbx"]

"""Callers who do what a line of keys says, several at once, and what the journal has of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from ivr.asterisk.pbx.instance import Instance
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.script import Handset, run_call
from tests.telephony.engine import Engine, Story


async def call_up(phone: Phone, pbx: Instance, number: str, caller: str) -> Call:
    """Dial and wait for the answer."""
    call = await phone.dial(number, port=pbx.ports.sip, caller=caller)
    await call.answered(within=10.0)
    return call


async def visit(
    engine: Engine, pbx: Instance, number: str, script: str, caller: str, voice: Path | None = None
) -> Story:
    """One call from its first key to what the journal says of it; see `ivr.phone.script`."""
    handset = Handset(port=pbx.ports.sip, caller=caller, voice=voice, stay=40.0)
    await run_call(number, script, handset, lambda line: None)
    return await engine.story(caller)


async def visit_all(
    engine: Engine, pbx: Instance, caller: Callable[[], str], scripts: Mapping[str, tuple[str, str]]
) -> dict[str, Story]:
    """All of these calls at once: name → (number, script)."""
    stories = await asyncio.gather(
        *(visit(engine, pbx, *what, caller()) for what in scripts.values())
    )
    return dict(zip(scripts, stories, strict=True))

"""An engine and the dialplan's word on a call that another engine had."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ivr.app import Hotline
from ivr.asterisk.fastagi import serve
from ivr.audit.vault import Vault
from ivr.config import Settings
from ivr.editions import Editions
from ivr.errors import JournalBroken
from ivr.flow.loader import load_directory
from ivr.speech.casting import load_casting
from ivr.speech.library import PromptLibrary
from ivr.speech.tones import Tones
from ivr.store.draining import from_bytes
from ivr.store.plain import Append
from ivr.store.spool import Spool
from ivr.store.spooled import SpooledJournal
from ivr.store.writer import Store
from tests.fastagi_peer import HEADER, FakeAsterisk, connect

ROOT = Path(__file__).parent
SERVED = HEADER.replace(b"agi_arg_1: one", b"agi_arg_1: served")


@asynccontextmanager
async def no_store() -> AsyncIterator[Store]:
    raise JournalBroken("its disk is gone")
    yield


async def answer(peer: FakeAsterisk) -> None:
    """Whatever is asked for is done; silence goes on until it is interrupted."""
    while line := await peer.hear():
        if line.startswith(b"GET FULL VARIABLE"):
            peer.say(b"200 result=1 (" + line.split(b'"')[1].replace(b"$", b"") + b")\n")
        elif not line.startswith(b"STREAM FILE"):
            peer.say(b"200 result=0\n")


async def test_a_call_that_only_the_lost_store_knows_begins_anew(tmp_path: Path) -> None:
    settings = Settings(flows=ROOT / "data/flows/telephony").at(tmp_path)
    for place in (settings.store, settings.recorded, settings.scratch, settings.shelf):
        place.mkdir(parents=True)
    library = PromptLibrary(settings.sounds, load_casting(ROOT.parent / "prompts", Tones()))
    library.prepare([])
    spool = Spool(settings.spools / "engine", size=1 << 20)
    journal = SpooledJournal(no_store, lambda: Vault(bytes(32)), spool)
    async with journal:
        bundle = load_directory(settings.flows)
        hotline = Hotline(
            settings,
            Editions(settings, bundle, library),
            journal,
            owe=journal.owe,
            complete=lambda: journal.mirror.complete,
        )
        async with serve(hotline.answer, port=0) as server, connect(server.port, SERVED) as peer:
            await answer(peer)
        hotline.claims.close()
        entries = [from_bytes(record) for record in spool.peek(spool.count)]
        turns = [entry.turn for entry in entries if isinstance(entry, Append)]
    assert [turn.n for turn in turns][:2] == [1, 2]
    assert turns[0].outcome["dialled"] == "1500"

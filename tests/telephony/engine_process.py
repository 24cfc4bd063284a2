"""An engine whose source takes its time: two digits are looked up for three seconds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

import uvloop

from ivr.app import serve_hotline
from ivr.asterisk.fastagi import FastAgiServer
from ivr.config import read_settings
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.flow.loader import load_directory
from ivr.services.tables import Tables
from ivr.sounds import prepare_sounds

SECONDS = 3.0


class SlowTables:
    """The tables of the bundle, behind a wait for arguments of two digits."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        if any(isinstance(value, str) and len(value) == 2 for value in arguments.values()):
            await asyncio.sleep(SECONDS)
        return await self._tables.fetch(source, arguments, key)


def _tell(server: FastAgiServer) -> None:
    sys.stdout.write(f"the engine listens on {server.port}\n")
    sys.stdout.flush()


def main() -> None:
    settings = read_settings()
    bundle = load_directory(settings.flows)
    library = prepare_sounds(settings, bundle)
    slow = SlowTables(Tables(bundle))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_hotline(settings, bundle, library, _tell, slow))


if __name__ == "__main__":
    main()

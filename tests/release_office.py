"""A state, a flow directory and a clock, for the tests of releases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.config import Settings
from ivr.flow.bundle import Bundle
from ivr.releases.history import Entry, History, read_history
from ivr.releases.publishing import Order, Published, publish, roll_back
from ivr.releases.serving import Serving, read_serving
from ivr.shelf import Shelf
from tests.talk import HOTLINE, PERSON, write_flow

START = datetime(2026, 3, 2, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Office:
    """The clock goes on by an hour with every publication. Prompts are counted, not rendered."""

    def __init__(self, place: Path, *, test_number: str = "") -> None:
        self.settings = Settings(flows=place / "flows", test_number=test_number).at(place / "state")
        self.settings.flows.mkdir()
        (self.settings.flows / "hotline.yaml").write_text(HOTLINE)
        (self.settings.flows / "person.yaml").write_text(PERSON)
        self.time = START
        self.rendered: list[str] = []
        self.change("first")

    @property
    def main(self) -> Path:
        return self.settings.flows / "main.yaml"

    def now(self) -> datetime:
        return self.time

    def render(self, settings: Settings, bundle: Bundle, progress: object, *, deep: bool) -> None:
        self.rendered.append(bundle.hash)

    def change(self, words: str) -> None:
        self.main.write_text(self.flow(words))

    @staticmethod
    def flow(words: str) -> str:
        return write_flow("main", f"  main: {{type: hangup, say: {words}}}\n")

    def publish(
        self,
        words: str = "",
        *,
        since: datetime | None = None,
        scripts: Callable[[Path, Bundle], int] | None = None,
    ) -> Published:
        if words:
            self.change(words)
        self.time += HOUR
        order = Order(self.settings.flows, "siti", f"note {words}", since)
        return publish(self.settings, order, self.now, scripts, render=self.render)

    def roll_back(self, to: str | None = None) -> Entry:
        self.time += HOUR
        return roll_back(self.settings, to, "budi", "", self.now, self.render)

    def damage(self, hash_: str) -> None:
        kept = self.settings.shelf / hash_ / "bundle.json"
        kept.chmod(0o640)
        kept.write_bytes(kept.read_bytes()[:-1])

    @property
    def history(self) -> History:
        return read_history(self.settings.history)

    @property
    def holds(self) -> str:
        """What a caller would hear by the history, empty before the first publication."""
        entry = self.history.in_force(self.time)
        return "" if entry is None else self.words(entry.bundle)

    def words(self, hash_: str | None) -> str:
        """What a bundle says; empty for none."""
        return Shelf(self.settings.shelf).load(hash_).texts["id"]["main.main.say"] if hash_ else ""

    @property
    def serving(self) -> Serving:
        """What the supervisor tells its engines."""
        told = read_serving(self.settings.serving)
        assert told is not None
        return told

    @property
    def served(self) -> str:
        return self.words(self.serving.bundle)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what another task or process brings about."""
        async with asyncio.timeout(20):
            while True:
                if true():
                    return
                await asyncio.sleep(0.02)

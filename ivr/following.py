"""What the service serves: the publication in force, or the flow directory that is watched.

The supervisor's part: it alone reads directories and history, renders what is missing, and then
tells the engines by `serving.json`. Whatever cannot be used is logged, and what was served stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ivr.config import Settings
from ivr.errors import IvrError, SetupError, UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.faults import FaultyFlows
from ivr.flow.loader import check_directory, check_files, read_directory
from ivr.lookups import find_missing, require_outside
from ivr.releases.history import Entry, History, read_history
from ivr.releases.publishing import SHORT, Order, Progress, Render, publish
from ivr.releases.serving import Reason, Serving, write_serving
from ivr.releases.watching import State, follow_directory
from ivr.shelf import Shelf
from ivr.sounds import prepare_sounds, render_prompts

_log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks at history and clock."""

AGAIN = 10.0
"""Seconds after which what could not be served is tried again."""

FIRST = "first start"
REASONS: dict[str, Reason] = {"publish": "published", "rollback": "rolled_back"}


@dataclass(frozen=True)
class _Served:
    """A bundle, why it is served, and the number of the publication that asked for it, or 0."""

    bundle: Bundle
    reason: Reason
    n: int = 0


class Follower:
    """`watch`: serve the flow directory itself. `by` is the account that publishes at the first
    start, `now` gives UTC. `render` makes prompts, `prepare` also puts up Asterisk's own sounds.
    `taken` is called, in a thread, with a bundle that was taken over. `again`: see `AGAIN`.
    """

    def __init__(
        self,
        settings: Settings,
        by: str,
        now: Callable[[], datetime],
        *,
        watch: bool,
        render: Render = render_prompts,
        prepare: Render = prepare_sounds,
        taken: Callable[[Bundle], None] = lambda bundle: None,
        again: float = AGAIN,
    ) -> None:
        self._settings = settings
        self._by = by
        self._now = now
        self._watch = watch
        self._render = render
        self._prepare = prepare
        self._taken = taken
        self._again = again
        self._shelf = Shelf(settings.shelf)
        self._history = History()
        self._published: _Served | None = None
        self._directory: _Served | None = None
        self._draft: str | None = None
        self._faults = 0
        self._lock = asyncio.Lock()

    def begin(self, progress: Progress | None = None) -> Bundle:
        """Decide what is served first, and tell the engines; returns it. Blocks.

        A service that nothing was published for publishes its flow directory. Raises FaultyFlows
        when there is nothing else to serve, SetupError, SpeechError, OSError.
        """
        self._history = read_history(self._settings.history)
        if self._watch or self._settings.test_number:
            self._take_state(State(*read_directory(self._settings.flows)), progress)
        if self._served is None or not self._watch:
            entry = self._history.in_force(self._now())
            if entry is None:
                entry = self._publish_first(progress)
            else:
                self._compare(entry)
            self._published = self._open_first(entry)
        self._prepare(self._settings, self._serving().bundle, progress, deep=True)
        self._write()
        return self._serving().bundle

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_history())
            if self._watch or self._settings.test_number:
                group.create_task(self._follow_directory())

    @property
    def _served(self) -> _Served | None:
        return (self._directory if self._watch else None) or self._published

    def _serving(self) -> _Served:
        served = self._served
        assert served is not None, "begin() has found something to serve"
        return served

    def _publish_first(self, progress: Progress | None) -> Entry:
        order = Order(self._settings.flows, self._by, FIRST)
        entry = publish(
            self._settings, order, self._now, progress=progress, render=self._render
        ).entry
        assert entry is not None, "nothing is in force"
        self._history = read_history(self._settings.history)
        _log.info(
            "nothing was published yet: published %s as %s; from now on `ivr publish` takes over"
            " what is changed there",
            self._settings.flows,
            entry.bundle[:SHORT],
        )
        return entry

    def _compare(self, entry: Entry) -> None:
        """Say when the directory is not what is in force: somebody may wait for his change."""
        flows = self._settings.flows
        try:
            same = load_and_warn(flows, self._now().date()).hash == entry.bundle
        except UsageError:
            return
        except FaultyFlows as faulty:
            _log.warning("%s has faults and is not what is served:\n%s", flows, faulty)
        else:
            if not same:
                _log.warning(
                    "%s has changes that are not published; `ivr diff` shows them, `ivr publish`"
                    " takes them over",
                    flows,
                )

    def _open(self, entry: Entry) -> _Served:
        """What an entry asks for; while it is damaged, the newest from before that is whole."""
        try:
            return _Served(self._shelf.load(entry.bundle), REASONS[entry.act], entry.n)
        except IvrError as error:
            for older in reversed(self._history.stack(self._now())[:-1]):
                bundle = self._shelf.find(older.bundle)
                if bundle is not None:
                    _log.error("%s", error)
                    _log.error("the flows %s are served instead", older.bundle[:SHORT])
                    return _Served(bundle, "fallback")
            raise

    def _open_first(self, entry: Entry) -> _Served:
        """As `_open`; while this machine lacks what it needs, the newest from before that it can
        serve. As no entry asked for that one, this one is looked at again and again."""
        opened = self._open(entry)
        try:
            require_outside(self._settings, opened.bundle)
        except SetupError as error:
            for older in reversed(self._history.stack(self._now())[:-1]):
                bundle = self._shelf.find(older.bundle)
                if bundle is not None and not list(find_missing(self._settings, bundle)):
                    _log.error("the flows %s are served instead: %s", older.bundle[:SHORT], error)
                    return _Served(bundle, "fallback")
        return opened

    async def _follow_history(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            with _staying():
                await self._look_at_history()
                continue
            await asyncio.sleep(self._again)

    async def _look_at_history(self) -> None:
        if (self._settings.history / f"{len(self._history.entries) + 1:06}.json").exists():
            self._history = await asyncio.to_thread(read_history, self._settings.history)
        entry = self._history.in_force(self._now())
        if entry is not None and (self._published is None or entry.n != self._published.n):
            async with self._lock:
                await asyncio.to_thread(self._take_entry, entry)
            if self._published is not None and self._published.reason == "fallback":
                await asyncio.sleep(self._again)

    def _take_entry(self, entry: Entry) -> None:
        opened = self._open(entry)
        require_outside(self._settings, opened.bundle)
        if not (self._watch and self._directory):
            self._prepare(self._settings, opened.bundle, None, deep=False)
            _log.info("in force: %s (%s by %s)", opened.bundle.hash[:SHORT], entry.act, entry.by)
        self._published = opened
        self._write()
        self._taken(self._serving().bundle)

    async def _follow_directory(self) -> None:
        async for state in follow_directory(self._settings.flows):
            with _staying():
                async with self._lock:
                    await asyncio.to_thread(self._take_changed, state)

    def _take_changed(self, state: State) -> None:
        before = self._draft, self._faults
        self._take_state(state, None)
        if (self._draft, self._faults) == before:
            return
        self._write()
        if self._draft:
            _log.info("%s has no fault: %s", self._settings.flows, self._draft[:SHORT])
            self._taken(self._serving().bundle)

    def _take_state(self, state: State, progress: Progress | None) -> None:
        """Check what the directory holds now, and keep it when it has no fault."""
        today = self._now().date()
        bundle, faults = check_files(self._settings.flows, state.files, state.unread, today=today)
        if bundle is None:
            if self._watch and self._served is None and not self._history.entries:
                raise FaultyFlows(faults)
            self._draft = None
            self._faults = sum(fault.severity == "fault" for fault in faults)
            _log.error("%s has faults, the flows stay as they are", self._settings.flows)
        else:
            require_outside(self._settings, bundle)
            make = self._prepare if self._watch else self._render
            make(self._settings, bundle, progress, deep=False)
            self._shelf.put(bundle, state.files)
            self._directory = _Served(bundle, "directory")
            self._draft, self._faults = bundle.hash, 0
        for fault in faults:
            _log.warning("%s", fault)

    def _write(self) -> None:
        served = self._serving()
        asked = bool(self._settings.test_number)
        serving = Serving(
            served.bundle.hash,
            served.reason,
            self._draft if asked else None,
            self._faults if asked else 0,
        )
        write_serving(self._settings.serving, serving)


@contextmanager
def _staying() -> Iterator[None]:
    """Log what goes wrong, and go on: no file that a designer wrote may end the service."""
    try:
        yield
    except (IvrError, OSError) as error:
        _log.error("the flows stay as they are: %s", error)
    except Exception:
        _log.exception("the flows stay as they are: this is a fault of the program")


def load_and_warn(flows: Path, today: date) -> Bundle:
    """The bundle of the directory; its warnings, such as a year without holidays, are logged.

    Raises FaultyFlows with every fault, UsageError when there is no such directory.
    """
    bundle, faults = check_directory(flows, today=today)
    if bundle is None:
        raise FaultyFlows(faults)
    for fault in faults:
        _log.warning("%s", fault)
    return bundle

"""Log lines: a line each, with the call that they belong to, and with nothing of a caller."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from structlog.contextvars import bind_contextvars, clear_contextvars

from ivr.driver import run_call
from ivr.engine.outcomes import Started
from ivr.engine.values import Personal
from ivr.operations.logs import make_formatter
from ivr.operations.meters import Meters
from ivr.operations.observing import ObservedChannel, ObservedJournal
from ivr.operations.turns import TurnWatch
from tests.message_call import ACTS, NPWP, load
from tests.service import Service

CALLER = "+6281234567890"


class Sink:
    """A logger whose lines can be read back."""

    def __init__(self, *, as_json: bool) -> None:
        self._stream = io.StringIO()
        self._handler = logging.StreamHandler(self._stream)
        self._handler.setFormatter(make_formatter("engine-1", json=as_json))
        self.logger = logging.getLogger("ivr.test")
        self.logger.handlers[:] = [self._handler]
        self.logger.setLevel(logging.DEBUG)
        self.logger.propagate = False

    @property
    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()


@pytest.fixture(autouse=True)
def _no_call() -> Iterator[None]:
    clear_contextvars()
    yield
    clear_contextvars()


def test_a_line_of_json() -> None:
    sink = Sink(as_json=True)
    bind_contextvars(call="01JABCDEFGHJKMNPQRSTVWXYZ0")
    sink.logger.warning("%s is up", "engine-1", extra={"pid": 1234567})
    [line] = sink.lines
    told = json.loads(line)
    assert told.pop("timestamp").endswith("Z")
    assert told == {
        "event": "engine-1 is up",
        "level": "warning",
        "logger": "ivr.test",
        "process": "engine-1",
        "pid": 1234567,
        "call": "01JABCDEFGHJKMNPQRSTVWXYZ0",
    }


def test_a_line_for_people() -> None:
    sink = Sink(as_json=False)
    sink.logger.error("the sweep failed: %s", "JournalBroken")
    [line] = sink.lines
    assert "the sweep failed: JournalBroken" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("as_json", [True, False])
def test_numbers_are_masked(as_json: bool) -> None:
    sink = Sink(as_json=as_json)
    for said in (CALLER, "081234567890", NPWP, "3171234567890123", "12345#", "1*2*3*"):
        sink.logger.error("somebody said %r, and %s", said, said)
        assert said not in sink.lines[-1]
        assert sink.lines[-1].count("(number)") == 2


@pytest.mark.parametrize(
    "said",
    [
        "127.0.0.1:45731",
        "01JABCDEFG1234567890VWXYZ0-12",
        "stopping: 1200 calls may go on for 120 s",
    ],
)
def test_names_and_counts_are_not(said: str) -> None:
    sink = Sink(as_json=True)
    sink.logger.error("%s", said)
    assert json.loads(sink.lines[-1])["event"] == said


@pytest.mark.parametrize("as_json", [True, False])
def test_of_an_exception_only_class_and_place_are_told(as_json: bool) -> None:
    sink = Sink(as_json=as_json)
    try:
        raise ValueError(f"{NPWP} is no number of {CALLER}")
    except ValueError:
        sink.logger.exception("it failed")
    [line] = sink.lines
    assert "ValueError" in line
    assert "test_logs.py:" in line
    assert NPWP not in line
    assert "is no number" not in line


def test_asyncio_prints_no_exception() -> None:
    sink = Sink(as_json=True)
    record = logging.LogRecord(
        "asyncio", logging.ERROR, "x.py", 1, f"never retrieved\nfuture: {CALLER!r} abc", (), None
    )
    sink.logger.handle(record)
    assert json.loads(sink.lines[-1])["event"] == "never retrieved"


async def test_a_whole_call_logs_nothing_of_its_caller() -> None:
    """Everything that is logged in the call's task bears its id, and no digit that was pressed."""
    sink = Sink(as_json=True)
    service = Service(load(), ACTS)
    journal = ObservedJournal(service.journal, Meters(), TurnWatch(lambda: 0.0))
    service.change(journal=journal)
    started = Started("1", Personal(CALLER))
    run = await run_call(
        service.desk, ObservedChannel(service.channel(), Meters()), "line-1", started
    )
    sink.logger.error("%r %s %r %r", run, run.caller, started, await service.turns())
    [line] = sink.lines
    assert json.loads(line)["call"] == run.call
    assert NPWP not in line
    assert CALLER not in line

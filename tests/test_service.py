"""The service as its supervisor sees it: which programs, and what the pages say of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import Settings, read_settings
from ivr.operations.status import Process, View, list_pages
from ivr.service import ENGINE, WRITER, SlowSounds, list_programs
from ivr.supervision.heartbeat import Beat


def test_one_engine_writes_by_itself() -> None:
    [engine] = list_programs(Settings())
    assert (engine.name, engine.level, engine.command[-2:]) == ("engine", ENGINE, ("engine", "1"))
    assert engine.farewell > Settings().drain


def test_several_engines_have_a_writer_and_a_port_each() -> None:
    programs = list_programs(Settings(engines=2))
    assert [program.name for program in programs] == ["writer", "engine-1", "engine-2"]
    assert [program.level for program in programs] == [WRITER, ENGINE, ENGINE]
    told = [read_settings(program.environment) for program in programs]
    assert [one.agi_port for one in told] == [4573, 4573, 4574]
    assert {one.engines for one in told} == {2}


def view(*processes: tuple[str, bool, Beat | None], stopping: bool = False) -> View:
    """Processes by name, whether they are engines, and their last beat."""
    seen = [Process(name, engine, True, beat, restarts=1) for name, engine, beat in processes]
    return View(seen, stopping)


WELL, ILL = Beat(), Beat({"ami": "not logged in"})


@pytest.mark.parametrize(
    ("seen", "alive", "ready"),
    [
        (view(), 503, 503),
        (View([Process("engine", True, False, WELL, 1)]), 503, 503),
        (view(("engine", True, WELL)), 200, 200),
        (view(("engine", True, None)), 503, 503),
        (view(("engine", True, ILL)), 200, 503),
        (view(("engine", True, WELL), stopping=True), 200, 503),
        (
            view(("w", False, WELL), ("e-1", True, ILL), ("e-2", True, WELL)),
            200,
            200,
        ),
        (
            view(("w", False, None), ("e-1", True, WELL), ("e-2", True, WELL)),
            503,
            503,
        ),
    ],
    ids=["none", "down", "one", "starting", "ill", "stopping", "one of two", "no writer"],
)
def test_alive_and_ready(seen: View, alive: int, ready: int, tmp_path: Path) -> None:
    pages = list_pages(lambda: seen, tmp_path)
    assert pages["/livez"]()[0] == alive
    assert pages["/readyz"]()[0] == ready
    assert pages["/metrics"]()[0] == 200


def test_a_page_names_who_is_not_ready(tmp_path: Path) -> None:
    seen = view(("engine-1", True, ILL), ("engine-2", True, None))
    _, _, told = list_pages(lambda: seen, tmp_path)["/readyz"]()
    assert told == b"engine-1: ami: not logged in\nengine-2: starting\n"
    _, _, scraped = list_pages(lambda: seen, tmp_path)["/metrics"]()
    assert b'ivr_process_up{process="engine-1"} 1.0' in scraped
    assert b'ivr_process_up{process="engine-2"} 0.0' in scraped


def test_slow_sounds_are_rendered_by_a_program_that_ends_with_the_block(tmp_path: Path) -> None:
    settings = Settings().at(tmp_path)
    with SlowSounds(settings) as slow:
        assert not slow.running
        slow.start()
        assert slow.running
    assert not slow.running

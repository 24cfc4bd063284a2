"""Publications: what is in force when, two publishers at once, and what a crash leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from ivr.errors import FlowError, SetupError, UsageError
from ivr.flow.bundle import Bundle
from ivr.flow.faults import FaultyFlows
from ivr.releases.history import append, read_history
from ivr.releases.publishing import Order, publish
from ivr.shelf import Shelf
from tests.release_office import HOUR, START, Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_what_was_published_last_is_in_force(office: Office) -> None:
    assert office.holds == ""
    office.publish("A")
    office.publish("B")
    assert office.holds == "B"
    first, second = office.history.entries
    assert (first.by, first.note, first.n, first.scripts) == ("siti", "note A", 1, None)
    assert second.before == office.history.entries[1].before != ""
    assert office.rendered == [first.bundle, second.bundle]


def test_the_same_again_is_no_publication(office: Office) -> None:
    assert office.publish("A").entry is not None
    assert office.publish().entry is None
    assert len(office.history.entries) == 1


def test_a_directory_with_faults_changes_nothing(office: Office) -> None:
    office.publish("A")
    (office.settings.flows / "main.yaml").write_text("flow: main\n")
    with pytest.raises(FaultyFlows):
        office.publish()
    assert (office.holds, len(Shelf(office.settings.shelf).list_hashes())) == ("A", 1)


def test_a_script_that_fails_keeps_the_flows_out(office: Office) -> None:
    def fail(directory: Path, bundle: Bundle) -> int:
        raise FlowError("a script failed")

    with pytest.raises(FlowError, match="a script failed"):
        office.publish("A", scripts=fail)
    assert office.history.entries == []
    assert office.publish("A", scripts=lambda directory, bundle: 7).entry is not None
    assert office.history.entries[0].scripts == 7


def test_a_publication_comes_into_force_at_its_time(office: Office) -> None:
    office.publish("A")
    office.publish("B", since=START + 10 * HOUR)
    assert office.holds == "A"
    [coming] = office.publish("C").scheduled
    assert coming.note == "note B"
    assert office.holds == "C"
    office.time = START + 10 * HOUR
    assert (office.holds, office.history.scheduled(office.time)) == ("B", [])


def test_a_publication_to_come_can_be_taken_back(office: Office) -> None:
    office.publish("A")
    coming = office.publish("B", since=START + 10 * HOUR).entry
    assert coming is not None
    assert office.roll_back(coming.bundle[:8]).act == "withdraw"
    office.time = START + 20 * HOUR
    assert office.holds == "A"


def test_each_rollback_goes_one_further_back(office: Office) -> None:
    for title in "ABC":
        office.publish(title)
    office.roll_back()
    assert office.holds == "B"
    office.roll_back()
    assert office.holds == "A"
    with pytest.raises(UsageError, match="no bundle to go back to"):
        office.roll_back()
    office.publish("D")
    office.roll_back()
    assert office.holds == "A"
    assert [entry.by for entry in office.history.entries[-3:]] == ["budi", "siti", "budi"]


def test_a_rollback_to_a_hash(office: Office) -> None:
    hashes = [office.publish(title).bundle.hash for title in "ABC"]
    office.roll_back(hashes[0][:10])
    assert office.holds == "A"
    with pytest.raises(UsageError, match="no published bundle begins with 'xyz'"):
        office.roll_back("xyz")
    with pytest.raises(UsageError, match="3 published bundles begin"):
        office.roll_back("")


def test_a_rollback_to_what_is_damaged_changes_nothing(office: Office) -> None:
    first = office.publish("A").bundle.hash
    office.publish("B")
    office.damage(first)
    with pytest.raises(SetupError, match="damaged"):
        office.roll_back()
    assert office.holds == "B"


def test_a_clock_that_went_back_hides_no_publication(office: Office) -> None:
    office.publish("A")
    office.time -= 5 * HOUR
    office.publish("B")
    office.time = START + HOUR
    assert office.holds == "B"


def test_one_of_two_publishers_is_told_of_the_other(office: Office) -> None:
    office.publish("A")
    seen = office.history
    office.publish("B")
    entry = replace(seen.entries[0], bundle="0" * 64)
    with pytest.raises(UsageError, match="somebody else published meanwhile"):
        append(office.settings.history, seen, entry)
    assert office.holds == "B"


def test_somebody_who_publishes_while_scripts_run_wins(office: Office) -> None:
    office.publish("A")

    def interfere(directory: Path, bundle: Bundle) -> int:
        other = Order(directory, "budi")
        publish(office.settings, other, office.now, render=office.render)
        return 1

    with pytest.raises(UsageError, match="meanwhile"):
        office.publish("B", scripts=interfere)
    assert office.history.entries[-1].by == "budi"


Spoil = Callable[[Path], object]


@pytest.mark.parametrize(
    ("spoil", "number"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), 2),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"siti", b"joko")), 2),
        (lambda path: path.unlink(), 2),
    ],
    ids=["cut", "changed", "gone"],
)
def test_a_changed_history_is_noticed(office: Office, spoil: Spoil, number: int) -> None:
    for title in "ABC":
        office.publish(title)
    path = office.settings.history / f"{number:06}.json"
    path.chmod(0o640)
    spoil(path)
    with pytest.raises(SetupError, match=r"missing or cannot be read|does not follow"):
        read_history(office.settings.history)


def test_what_a_killed_publisher_leaves_harms_nobody(office: Office) -> None:
    """Killed before the entry is there: a draft of the bundle, the bundle, a draft of the entry."""
    office.publish("A")
    (office.settings.shelf / ".draft-1234").mkdir()
    (office.settings.history / ".5678").write_bytes(b'{"n": 2')
    assert office.holds == "A"
    office.publish("B")
    assert office.holds == "B"


def test_entries_are_json_that_nobody_may_change(office: Office) -> None:
    office.publish("A")
    path = office.settings.history / "000001.json"
    plain = json.loads(path.read_text())
    act: Literal["publish"] = "publish"
    assert (plain["act"], plain["by"], plain["since"]) == (act, "siti", "2026-03-02T04:00:00Z")
    assert path.stat().st_mode & 0o222 == 0


def test_other_files_beside_the_history_are_no_part_of_it(office: Office) -> None:
    office.publish("A")
    (office.settings.history / "000001 (copy).json").write_text("{}")
    office.publish("B")
    assert office.holds == "B"

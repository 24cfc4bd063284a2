"""A publisher that is killed, or whose disk is full, leaves the old flows or the new ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ivr.operations.clock import now
from tests.release_office import Office

pytestmark = [pytest.mark.faults]

PROGRAM = (sys.executable, "-m", "tests.faults.publish_process")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A is in force, B is to be published."""
    office = Office(tmp_path)
    office.publish("A")
    office.time = now()
    office.change("B")
    return office


def publish_under(fault: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Publish while a system call fails or kills."""
    strace = shutil.which("strace")
    assert strace is not None, "strace is missing; install the Debian package strace"
    call = fault.partition(":")[0]
    liar = [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={fault}"]
    command = [*liar, *PROGRAM, str(place)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("fsync:signal=KILL:when=1", "A"),
        ("fsync:signal=KILL:when=6", "A"),
        ("rename:signal=KILL:when=1", "A"),
        ("link:signal=KILL:when=1", "A"),
        ("unlink:signal=KILL:when=1", "B"),
    ],
    ids=["first file", "its directories", "before the bundle", "before the entry", "after it"],
)
def test_a_killed_publisher_leaves_old_or_new(office: Office, fault: str, left: str) -> None:
    place = office.settings.flows.parent
    done = publish_under(fault, place)
    assert (done.returncode, done.stdout) == (-9, "")
    assert office.holds == left
    office.time = now()
    again = subprocess.run([*PROGRAM, str(place)], capture_output=True, text=True, check=True)
    office.time = now()
    assert (office.holds, office.words(again.stdout.strip())) == ("B", "B")
    assert len(office.history.entries) == 2


@pytest.mark.parametrize(
    "fault",
    ["fsync:error=ENOSPC:when=1", "fsync:error=EIO:when=6", "rename:error=ENOSPC:when=1"],
    ids=["bundle", "directory", "name"],
)
def test_a_disk_that_is_full_changes_nothing(office: Office, fault: str) -> None:
    done = publish_under(fault, office.settings.flows.parent)
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert office.holds == "A"
    kept = [path.name for path in office.settings.shelf.iterdir()]
    assert sorted(kept) == sorted([office.history.entries[0].bundle, "history"])


def test_only_one_of_many_publishers_at_once(office: Office) -> None:
    """Each publishes the same flows: one entry, and the others are told of it or have nothing to
    do."""
    place = str(office.settings.flows.parent)
    told = [
        subprocess.Popen([*PROGRAM, place], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [one.communicate(timeout=50) for one in told]
    office.time = now()
    assert len(office.history.entries) == 2
    assert office.holds == "B"
    refused = [errors for (_, errors), one in zip(said, told, strict=True) if one.returncode]
    assert all(b"somebody else published meanwhile" in errors for errors in refused)

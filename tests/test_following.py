"""The supervisor's part of a release: what it tells its engines to serve."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.config import Settings
from ivr.errors import SetupError, SpeechError
from ivr.flow.bundle import Bundle
from ivr.flow.faults import FaultyFlows
from ivr.following import Follower
from tests.release_office import HOUR, START, Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def make(office: Office, *, watch: bool = False) -> Follower:
    render = office.render
    return Follower(
        office.settings, "siti", office.now, watch=watch, render=render, prepare=render, again=0.1
    )


async def test_who_renders_the_slow_pace_is_told_of_each_takeover(office: Office) -> None:
    office.publish("A")
    taken: list[str] = []
    follower = Follower(
        office.settings,
        "x",
        office.now,
        watch=False,
        render=office.render,
        prepare=office.render,
        taken=lambda bundle: taken.append(bundle.hash),
    )
    follower.begin()
    following = asyncio.create_task(follower.run())
    second = office.publish("B").bundle.hash
    await office.until(lambda: taken == [second])
    following.cancel()


@asynccontextmanager
async def follow(office: Office, *, watch: bool = False) -> AsyncIterator[None]:
    follower = make(office, watch=watch)
    follower.begin()
    following = asyncio.create_task(follower.run())
    yield
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


def test_the_first_start_publishes(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bundle = make(office).begin()
    [entry] = office.history.entries
    assert (entry.bundle, entry.by) == (bundle.hash, "siti")
    assert "first start" in entry.note
    assert (office.serving.bundle, office.serving.reason) == (bundle.hash, "published")
    assert "nothing was published yet: published" in caplog.text


def test_a_later_start_serves_what_is_in_force_and_tells_of_changes(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.publish("A")
    make(office).begin()
    assert "not published" not in caplog.text
    office.change("B")
    make(office).begin()
    assert office.served == "A"
    assert "has changes that are not published" in caplog.text
    office.main.write_text("flow: main")
    make(office).begin()
    assert office.served == "A"
    assert "has faults and is not what is served" in caplog.text
    shutil.rmtree(office.settings.flows)
    make(office).begin()
    assert office.served == "A"


def test_a_first_start_with_faults_tells_them(office: Office) -> None:
    office.main.write_text("flow: main\n")
    for watch in (False, True):
        with pytest.raises(FaultyFlows):
            make(office, watch=watch).begin()
    assert office.history.entries == []


def test_a_damaged_bundle_gives_way_to_the_one_before(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    first = office.publish("A").bundle.hash
    office.damage(office.publish("B").bundle.hash)
    make(office).begin()
    assert (office.served, office.serving.reason) == ("A", "fallback")
    assert "the bundle is damaged" in caplog.text
    office.damage(first)
    with pytest.raises(SetupError, match="the bundle is damaged"):
        make(office).begin()


async def test_a_bundle_that_was_damaged_is_served_once_it_is_whole_again(office: Office) -> None:
    office.publish("A")
    kept = office.settings.shelf / office.publish("B").bundle.hash / "bundle.json"
    kept.rename(kept.with_name("away"))
    async with follow(office):
        assert (office.served, office.serving.reason) == ("A", "fallback")
        kept.with_name("away").rename(kept)
        await office.until(lambda: office.served == "B")


async def test_a_publication_is_taken_up_and_so_is_a_rollback(office: Office) -> None:
    office.publish("A")
    async with follow(office):
        office.publish("B")
        await office.until(lambda: office.served == "B")
        office.roll_back()
        await office.until(lambda: office.serving.reason == "rolled_back")
        assert office.served == "A"


async def test_a_publication_is_taken_up_at_its_time(office: Office) -> None:
    office.publish("A")
    async with follow(office):
        office.publish("B", since=START + 10 * HOUR)
        office.publish("C")
        await office.until(lambda: office.served == "C")
        office.time = START + 10 * HOUR
        await office.until(lambda: office.served == "B")


async def test_what_cannot_be_spoken_is_not_taken_up(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.publish("A")
    dumb = False

    def prepare(settings: Settings, bundle: Bundle, progress: object, *, deep: bool) -> None:
        if dumb:
            raise SpeechError("no voice")

    follower = Follower(
        office.settings, "x", office.now, watch=False, render=office.render, prepare=prepare
    )
    follower.begin()
    following = asyncio.create_task(follower.run())
    dumb = True
    office.publish("B")
    await office.until(lambda: "the flows stay as they are: no voice" in caplog.text)
    assert office.served == "A"
    following.cancel()


NEEDS_A_HOST = """
webhooks:
  office: {url: "https://office.example.go.id/told", timeout: 3s, fields: [topic]}
"""


async def test_what_the_machine_lacks_keeps_no_restart_from_serving(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.publish("A")
    sources = office.settings.flows / "sources.yaml"
    sources.write_text(NEEDS_A_HOST)
    office.publish("B")
    async with follow(office):
        assert (office.served, office.serving.reason) == ("A", "fallback")
        await office.until(lambda: "the flows stay as they are" in caplog.text)
        assert "asks the host office.example.go.id, which is not allowed" in caplog.text
        sources.unlink()
        office.publish("C")
        await office.until(lambda: office.served == "C")


async def test_a_fault_of_the_program_keeps_the_flows_as_they_are(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    def prepare(settings: Settings, bundle: Bundle, progress: object, *, deep: bool) -> None:
        if bundle.texts["id"]["main.main.say"] == "B":
            raise ZeroDivisionError

    follower = Follower(
        office.settings, "x", office.now, watch=True, render=office.render, prepare=prepare
    )
    follower.begin()
    following = asyncio.create_task(follower.run())
    office.change("B")
    await office.until(lambda: "this is a fault of the program" in caplog.text)
    office.change("C")
    await office.until(lambda: office.served == "C")
    following.cancel()


async def test_a_watched_directory_is_taken_up_without_a_fault_only(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    async with follow(office, watch=True):
        assert (office.served, office.serving.reason) == ("first", "directory")
        assert office.history.entries == []
        office.change("B")
        await office.until(lambda: office.served == "B")
        office.main.write_text(office.flow("C").replace("hangup", "hangupp"))
        await office.until(lambda: "there is no node type 'hangupp'" in caplog.text)
        assert office.served == "B"
        office.change("D")
        await office.until(lambda: office.served == "D")
        assert office.rendered[-1] == office.serving.bundle


async def test_a_watched_directory_with_faults_leaves_what_is_in_force(office: Office) -> None:
    office.publish("A")
    office.main.write_text("flow: main\n")
    async with follow(office, watch=True):
        assert (office.served, office.serving.reason) == ("A", "published")
        office.change("B")
        await office.until(lambda: office.served == "B")
        office.publish("B")
        assert office.serving.reason == "directory"


async def test_half_of_a_file_is_never_served(office: Office) -> None:
    """Each half would be a flow without a fault."""
    whole = office.flow("pagi") + "# " + "x" * 6000 + "\n"
    seen = set()
    async with follow(office, watch=True):
        descriptor = os.open(office.main, os.O_WRONLY | os.O_TRUNC)
        for start in range(0, len(whole), 2500):
            os.write(descriptor, whole[start : start + 2500].encode())
            for _ in range(15):
                await asyncio.sleep(0.02)
                seen.add(office.served)
        assert seen == {"first"}
        os.close(descriptor)
        await office.until(lambda: office.served == "pagi")


async def test_editors_that_rename_and_delete(office: Office) -> None:
    async with follow(office, watch=True):
        draft = office.settings.flows / ".main.yaml.swp"
        draft.write_text(office.flow("B"))
        os.replace(draft, office.main)
        await office.until(lambda: office.served == "B")
        text = office.main.read_text()
        office.main.rename(office.settings.flows / "main.yaml~")
        office.main.write_text(text.replace("B", "C"))
        await office.until(lambda: office.served == "C")
        office.main.unlink()
        office.change("D")
        await office.until(lambda: office.served == "D")


async def test_a_directory_that_is_replaced_is_followed(office: Office) -> None:
    flows = office.settings.flows
    async with follow(office, watch=True):
        other = flows.with_name("other")
        shutil.copytree(flows, other)
        (other / "main.yaml").write_text(office.flow("B"))
        flows.rename(flows.with_name("old"))
        other.rename(flows)
        await office.until(lambda: office.served == "B")
        office.change("C")
        await office.until(lambda: office.served == "C")


async def test_the_test_number_has_the_directory_and_others_do_not(tmp_path: Path) -> None:
    office = Office(tmp_path, test_number="1599")
    office.publish("A")
    async with follow(office):
        assert (office.served, office.words(office.serving.draft)) == ("A", "A")
        office.change("B")
        await office.until(lambda: office.words(office.serving.draft) == "B")
        office.main.write_text("flow: main\n")
        await office.until(lambda: office.serving.faults > 0)
        assert (office.served, office.serving.draft) == ("A", None)
        office.change("C")
        await office.until(lambda: office.words(office.serving.draft) == "C")
        assert (office.served, office.serving.faults) == ("A", 0)

"""`ivr doctor` on a running local instance: all is right, and what is set by hand is caught."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ivr.asterisk.pbx.config import Settings as PbxSettings
from ivr.asterisk.pbx.instance import Instance, run_command, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.config import Settings
from ivr.flow.loader import load_directory
from ivr.sounds import last_words, prepare_sounds
from tests.telephony.conftest import SHORT
from tests.telephony.engine import ROOT, SOUNDS

pytestmark = pytest.mark.telephony


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(
        state=tmp_path_factory.mktemp("doctor"), flows=SHORT, prompts=ROOT / "prompts"
    )
    SOUNDS.mkdir(parents=True, exist_ok=True)
    settings.sounds.symlink_to(SOUNDS)
    prepare_sounds(settings, load_directory(SHORT))
    return settings


@pytest.fixture(scope="module")
def local(place: Settings, asterisk: Asterisk) -> Iterator[Instance]:
    """Where `ivr pbx start` would have put it."""
    place.pbx.mkdir()
    if asterisk.private:
        (place.pbx / "prefix").symlink_to(asterisk.program.parent.parent)
    chosen = PbxSettings(ports=find_ports(), sounds=last_words(place))
    directory = place.pbx / "instance"
    yield start_instance(asterisk, directory, chosen)
    stop_instance(directory)


def examine(place: Settings) -> tuple[int, list[dict[str, Any]]]:
    """What the command says, run as an operator runs it."""
    environment = {
        **os.environ,
        "IVR_STATE": str(place.state),
        "IVR_FLOWS": str(place.flows),
        "IVR_PROMPTS": str(place.prompts),
    }
    command = [sys.executable, "-m", "ivr", "doctor", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


def wrong(findings: list[dict[str, Any]]) -> list[str]:
    return [one["check"] for one in findings if one["level"] == "wrong"]


def test_the_local_instance_is_right(place: Settings, local: Instance) -> None:
    code, findings = examine(place)
    assert wrong(findings) == []
    assert code == 0
    right = {one["check"] for one in findings if one["level"] == "right"}
    assert {"version", "running-logs", "running-doors", "core-limit", "last-words"} <= right


@pytest.mark.parametrize(
    ("check", "begin", "end"),
    [
        ("running-options", "core set debug 3", "core set debug 0"),
        ("running-logs", "logger add channel keys.log dtmf", "logger remove channel keys.log"),
        ("running-dialplan", "dialplan remove context hotline", "dialplan reload"),
        ("running-doors", "manager set debug on", "manager set debug off"),
    ],
)
def test_what_was_set_by_hand_is_caught(
    check: str, begin: str, end: str, place: Settings, local: Instance
) -> None:
    run_command(local, begin)
    try:
        assert wrong(examine(place)[1]) == [check]
    finally:
        run_command(local, end)


def test_a_sound_that_went_missing_is_caught(place: Settings, local: Instance) -> None:
    (folder,) = last_words(place).iterdir()
    folder.rename(folder.with_name("away"))
    try:
        assert set(wrong(examine(place)[1])) == {"last-words"}
    finally:
        folder.with_name("away").rename(folder)


def test_a_secret_for_all_is_caught(place: Settings, local: Instance) -> None:
    file: Path = local.directory / "etc" / "local" / "manager.conf"
    file.chmod(0o604)
    assert wrong(examine(place)[1]) == ["secret-files"]
    file.chmod(0o600)


def test_a_stopped_instance_is_judged_by_its_files(place: Settings, local: Instance) -> None:
    stop_instance(local.directory)
    code, findings = examine(place)
    assert code == 0
    assert [one["level"] for one in findings if one["check"] == "running"] == ["note"]

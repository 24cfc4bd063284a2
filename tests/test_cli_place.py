"""Settings with which no call could be served are refused; other users are kept out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.cli.place import prepare_place
from ivr.config import Settings
from ivr.errors import SetupError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state")


@pytest.mark.parametrize("name", ["a b", "a,b", "a(b", "a;b", "é", "a&b", "${a}", "\udcff"])
@pytest.mark.parametrize("setting", ["state", "recordings"])
def test_a_path_that_asterisk_cannot_be_told(
    settings: Settings, tmp_path: Path, setting: str, name: str
) -> None:
    if setting == "state":
        settings = replace(settings, state=tmp_path / name)
    else:
        settings = replace(settings, recordings=tmp_path / name)
    with pytest.raises(SetupError) as caught:
        prepare_place(settings)
    assert caught.value.place == f"IVR_{setting.upper()}"
    assert repr(str(tmp_path / name)) in caught.value.sentence
    assert "no space, no comma" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["::zz", "a" * 70, "\udcff", "127.0.0.1&agi://x"])
def test_a_host_without_an_address(settings: Settings, host: str) -> None:
    with pytest.raises(SetupError, match="has no address") as caught:
        prepare_place(replace(settings, agi_host=host))
    assert caught.value.place == "IVR_AGI_HOST"
    assert not settings.state.exists()


def test_what_an_earlier_umask_left_open_is_shut(settings: Settings) -> None:
    made = [settings.store, settings.key_file.parent, settings.recorded, settings.pbx]
    for path in made:
        path.mkdir(parents=True)
        path.chmod(0o2777)
    prepare_place(settings)
    assert {path.stat().st_mode & 0o7777 for path in made} == {0o2770}


def test_a_directory_that_is_not_only_ours_is_left_as_it_is(settings: Settings) -> None:
    settings.state.mkdir()
    settings.state.chmod(0o1777)
    prepare_place(settings)
    assert settings.state.stat().st_mode & 0o7777 == 0o1777

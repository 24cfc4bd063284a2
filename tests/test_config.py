"""Settings come from the environment; a value that cannot be used is named with its remedy."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ivr.config import PREFIX, Settings, read_settings
from ivr.errors import UsageError


def test_settings_have_their_defaults_and_absolute_paths() -> None:
    settings = read_settings({})
    assert (settings.agi_host, settings.agi_port) == ("127.0.0.1", 4573)
    assert settings.state == Path("var").resolve()
    assert settings.store == Path("var/store").resolve()
    assert settings.recorded == Path("var/recordings").resolve()


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "IVR_STATE": str(tmp_path),
            "IVR_AGI_PORT": "4600",
            "IVR_RECORDINGS": str(tmp_path / "sound"),
            "IVR_UNKNOWN": "x",
            "OTHER": "y",
        }
    )
    assert (settings.agi_port, settings.recorded) == (4600, tmp_path / "sound")
    assert settings.at(tmp_path / "b").key_file == tmp_path / "b" / "keys" / "vault.key"


def test_a_wrong_setting_is_refused() -> None:
    with pytest.raises(UsageError, match="is no port"):
        read_settings({"IVR_AGI_PORT": "many"})


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_an_empty_setting_is_none(name: str) -> None:
    assert read_settings({PREFIX + name.upper(): ""}) == read_settings({})


def test_links_in_a_circle_are_left_to_who_opens_them(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    settings = read_settings({"IVR_STATE": str(tmp_path / "circle")})
    assert settings.state == tmp_path / "circle"
    with pytest.raises(OSError, match="symbolic links"):
        settings.store.mkdir(parents=True)

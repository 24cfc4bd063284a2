"""Settings come from the environment; a value that cannot be used is named with its remedy."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ivr.config import PREFIX, Settings, read_settings, write_settings
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
    named = read_settings({"IVR_KEY": str(tmp_path / "credentials" / "vault.key")})
    assert named.at(tmp_path / "b").key_file == tmp_path / "credentials" / "vault.key"
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


WRONG = [
    ("engines", "0"),
    ("engines", "9"),
    ("max_calls", "-1"),
    ("always_admitted", "112,+0;"),
    ("drain", "1e9"),
    ("drain", "inf"),
    ("stall", "0.5"),
    ("status_port", "65536"),
    ("log", "xml"),
    ("database", "mysql://ivr@db/calls"),
    ("database", "postgresql://ivr@db"),
]


@pytest.mark.parametrize(("name", "written"), WRONG)
def test_a_value_that_cannot_be_is_told_with_its_remedy(name: str, written: str) -> None:
    variable = PREFIX + name.upper()
    with pytest.raises(UsageError, match=f"{variable}: .* is no .*\n  Give ") as refused:
        read_settings({variable: written})
    assert written in str(refused.value)


def test_a_process_reads_what_its_supervisor_wrote(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "IVR_STATE": str(tmp_path),
            "IVR_ENGINES": "3",
            "IVR_ALWAYS_ADMITTED": "112, *119#",
            "IVR_DRAIN": "7.25",
            "IVR_STATUS_PORT": "0",
            "IVR_LOG": "json",
            "IVR_DATABASE": "postgresql://ivr@db.internal/calls?sslmode=verify-full",
        }
    )
    assert settings.always_admitted == ("112", "*119#")
    assert list(settings.agi_ports) == [4573, 4574, 4575]
    assert read_settings(write_settings(settings)) == settings
    assert read_settings(write_settings(read_settings({}))) == read_settings({})


@pytest.mark.parametrize("address", ["ivr:canary@db/calls", "db/calls?password=canary"])
def test_a_password_in_an_address_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(UsageError, match="password in the address") as refused:
        read_settings({"IVR_DATABASE": f"postgresql://{address}"})
    assert "canary" not in str(refused.value)
    assert "PGPASSFILE" in refused.value.remedy

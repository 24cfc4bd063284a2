"""Which account of the manager interface an engine takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.asterisk.manager import Account
from ivr.config import read_settings
from ivr.exchange import account_finder


def test_the_account_is_the_one_of_the_settings_with_the_secret_of_the_moment(
    tmp_path: Path,
) -> None:
    file = tmp_path / "secret"
    settings = {"IVR_STATE": str(tmp_path), "IVR_AMI_SECRET": str(file), "IVR_AMI_USER": "desk"}
    find = account_finder(read_settings(settings))
    with pytest.raises(FileNotFoundError):
        find()
    for word in ("first", "second"):
        file.write_text(f"{word}\n")
        assert find() == Account("127.0.0.1", 5038, "desk", word)


def test_without_a_local_asterisk_there_is_no_account(tmp_path: Path) -> None:
    assert account_finder(read_settings({"IVR_STATE": str(tmp_path)}))() is None

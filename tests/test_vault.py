"""The vault: a master key in a file, a data key for each call."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.audit.vault import Vault, is_shut, open_vault
from ivr.errors import JournalBroken, SetupError

MASTER = bytes(range(32))


def test_a_missing_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "master.key"
    made = open_vault(path, create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_vault(path, create=True).fingerprint == made.fingerprint
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_two_stores_have_two_keys(tmp_path: Path) -> None:
    one, two = (open_vault(tmp_path / name, create=True) for name in ("a", "b"))
    assert one.fingerprint != two.fingerprint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    open_vault(path, create=True)
    path.chmod(mode)
    with pytest.raises(SetupError, match="chmod 600"):
        open_vault(path, create=True)


def test_a_key_that_is_missing_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"master\.key"):
        open_vault(tmp_path / "master.key", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"00" * 32, b"0" * 65, b"g" * 64 + b"\n", b"\xff" * 65])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(SetupError, match="not a master key"):
        open_vault(path, create=True)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="cannot be written"):
        open_vault(tmp_path / "file" / "master.key", create=True)


def test_what_is_sealed_opens_with_the_unwrapped_key() -> None:
    key, wrapped = Vault(MASTER).make_key("c1")
    sealed = key.seal("live", b"0812")
    assert b"0812" not in sealed
    assert Vault(MASTER).unwrap("c1", wrapped).unseal("live", sealed) == b"0812"


def test_each_seal_is_different() -> None:
    key, _ = Vault(MASTER).make_key("c1")
    assert key.seal("live", b"x") != key.seal("live", b"x")


def test_sealed_data_belong_to_their_purpose() -> None:
    key, _ = Vault(MASTER).make_key("c1")
    with pytest.raises(JournalBroken):
        key.unseal("record/2", key.seal("record/1", b"x"))


def test_a_data_key_belongs_to_its_call() -> None:
    _, wrapped = Vault(MASTER).make_key("c1")
    with pytest.raises(JournalBroken):
        Vault(MASTER).unwrap("c2", wrapped)


def test_another_master_opens_nothing() -> None:
    _, wrapped = Vault(MASTER).make_key("c1")
    with pytest.raises(JournalBroken):
        Vault(bytes(32)).unwrap("c1", wrapped)


def test_every_changed_byte_is_noticed() -> None:
    key, _ = Vault(MASTER).make_key("c1")
    sealed = key.seal("live", b"0812")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(JournalBroken):
            key.unseal("live", bytes(changed))
    for length in range(len(sealed)):
        with pytest.raises(JournalBroken):
            key.unseal("live", sealed[:length])


def test_tokens_find_equal_texts_of_one_purpose() -> None:
    vault = Vault(MASTER)
    assert vault.token("case", "77") == Vault(MASTER).token("case", "77")
    assert vault.token("case", "77") != vault.token("caller", "77")
    assert vault.token("a", "bc") != vault.token("ab", "c")
    assert vault.token("case", "77") != Vault(bytes(32)).token("case", "77")


def test_nothing_prints_a_key() -> None:
    vault = Vault(MASTER)
    # No part of an object's address: the name must not be hexadecimal.
    key, _ = vault.make_key("panggilan")
    assert MASTER.hex() not in repr(vault) + str(vault) + vault.fingerprint
    assert "panggilan" not in repr(key)


def test_a_key_that_systemd_hands_over_is_for_one_user() -> None:
    """Root's, with an access list whose mask shows as the group's bit."""
    assert is_shut(0o440, 0, 0)
    assert is_shut(0o400, 1000, 1000)
    for mode, owner, group in ((0o440, 1000, 1000), (0o440, 0, 1000), (0o640, 0, 0), (0o444, 0, 0)):
        assert not is_shut(mode, owner, group)

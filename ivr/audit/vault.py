"""Personal data at rest: each call has a data key, and every data key is wrapped by one master.

A value is sealed with AES-256-GCM and bound to its call and purpose, so that it cannot be moved to
another place. Whoever destroys the wrapped data key of a call has erased what it sealed. The master
key is a file of its own; this module must not store anything else.
"""

from __future__ import annotations

import hmac
import os
import re
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ivr.errors import JournalBroken, SetupError

_NONCE = 12
_KEY = 32
_LINE = re.compile(rb"[0-9a-f]{64}\n")


class DataKey:
    """The key of one subject: a call, or a day for what belongs to no call."""

    __slots__ = ("_cipher", "_subject")

    def __init__(self, subject: str, key: bytes) -> None:
        self._subject = subject
        self._cipher = AESGCM(key)

    def seal(self, purpose: str, plain: bytes) -> bytes:
        """Encrypt for one purpose, such as `live` or `record/17`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, _bind(self._subject, purpose))

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypt. Raises JournalBroken when another key or another purpose sealed it."""
        return _decrypt(self._cipher, sealed, self._subject, purpose)


class Vault:
    """The master key in use. It never shows itself."""

    __slots__ = ("_cipher", "_tokens")

    def __init__(self, master: bytes) -> None:
        self._cipher = AESGCM(master)
        self._tokens = HKDFExpand(SHA256(), _KEY, b"satu-pintu tokens").derive(master)

    def make_key(self, subject: str) -> tuple[DataKey, bytes]:
        """A fresh data key, and its wrapped form to be stored."""
        key, nonce = os.urandom(_KEY), os.urandom(_NONCE)
        wrapped = nonce + self._cipher.encrypt(nonce, key, _bind(subject, "data key"))
        return DataKey(subject, key), wrapped

    def unwrap(self, subject: str, wrapped: bytes) -> DataKey:
        """The data key again. Raises JournalBroken when it was wrapped for another subject."""
        return DataKey(subject, _decrypt(self._cipher, wrapped, subject, "data key"))

    def token(self, purpose: str, text: str) -> bytes:
        """A keyed hash: equal texts can be found without keeping the text (HMAC-SHA-256)."""
        return hmac.digest(self._tokens, _bind(purpose, text), "sha256")

    @property
    def fingerprint(self) -> str:
        """Names the master key without telling it, so that a store knows its own."""
        return self.token("fingerprint", "").hex()[:16]


def open_vault(path: Path, *, create: bool) -> Vault:
    """The vault of a key file: 64 hex digits, readable by its owner only.

    With `create`, a missing file is made. Raises SetupError when the file is missing, is no key, or
    can be read by others.
    """
    if create and not path.exists():
        _write_key(path)
    try:
        found, line = path.stat(), path.read_bytes()
    except OSError as error:
        raise SetupError(
            f"the master key cannot be read ({error.strerror})",
            place=str(path),
            remedy="Put the key file of this store back; without it personal data stay unreadable.",
        ) from None
    if not is_shut(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid):
        raise SetupError(
            f"the master key can be read by others (mode {stat.S_IMODE(found.st_mode):04o})",
            place=str(path),
            remedy=f"Run: chmod 600 {path}",
        )
    if not _LINE.fullmatch(line):
        raise SetupError(
            "this is not a master key",
            place=str(path),
            remedy="Put the key file of this store back: one line of 64 hex digits.",
        )
    return Vault(bytes.fromhex(line.decode("ascii")))


def is_shut(mode: int, owner: int, group: int) -> bool:
    """Whether a key file of these permission bits is for one user alone.

    systemd gives a credential to a service by an access list: it belongs to root:root and shows
    0440, where the group's bit is the list's mask (systemd.exec(5), LoadCredential=).
    """
    return not mode & 0o077 or (mode, owner, group) == (0o440, 0, 0)


def _write_key(path: Path) -> None:
    """Make the file whole or not at all: a key that is half on disk would lose every call."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(_KEY).hex().encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        directory = os.open(path.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
    except OSError as error:
        raise SetupError(
            f"the master key cannot be written ({error.strerror})",
            place=str(path),
            remedy="Give its directory to the user that runs the service, or name another place.",
        ) from None


def _bind(subject: str, purpose: str) -> bytes:
    return f"{len(subject)}:{subject}/{purpose}".encode()


def _decrypt(cipher: AESGCM, sealed: bytes, subject: str, purpose: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bind(subject, purpose))
    except (InvalidTag, ValueError):
        raise JournalBroken(
            f"sealed data cannot be opened ({purpose})",
            place=subject,
            remedy="It was changed, or sealed under another master key; restore it from a backup.",
        ) from None

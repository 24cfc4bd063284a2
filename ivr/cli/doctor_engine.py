"""The part of `ivr doctor` that looks at the engine's own things: store, key, flows, voice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.manager import is_loopback
from ivr.audit.vault import open_vault
from ivr.config import Settings
from ivr.errors import IvrError
from ivr.flow.bundle import Bundle
from ivr.flow.loader import check_directory
from ivr.lookups import find_missing
from ivr.speech.espeak import Espeak
from ivr.store.postgres_server import look_at_server

PATIENCE = 1.0
"""Seconds that somebody else may lock the journal."""

_NOT_READ = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_AUTH,
)
"""Codes that say nothing of what is in the file (sqlite.org/rescode.html)."""


def read_flows(settings: Settings) -> tuple[Bundle | None, list[Finding]]:
    """The bundle, None when it has faults, and what is to be said of the flows."""
    try:
        bundle, faults = check_directory(settings.flows)
    except IvrError as error:
        return None, [_from_error("flows", error)]
    if bundle is not None:
        return bundle, [Finding("flows", "right", f"the flows in {settings.flows} have no fault")]
    faulty = sum(fault.severity == "fault" for fault in faults)
    sentence = f"the flows have {faulty} fault{'' if faulty == 1 else 's'}"
    remedy = f"See them all: ivr check {settings.flows}"
    return None, [Finding("flows", "wrong", sentence, str(settings.flows), remedy)]


def check_sources(settings: Settings, bundle: Bundle | None) -> list[Finding]:
    """Whether sources and webhooks have what they need here; nothing for flows with faults."""
    if bundle is None:
        return []
    missing = [_from_error("sources", error) for error in find_missing(settings, bundle)]
    return conclude("sources", "sources and webhooks have what they need", missing)


def check_engine(settings: Settings) -> list[Finding]:
    """Store, vault key, address and voice."""
    return [
        *_check_journal(settings),
        *conclude(
            "engine-address", "the engine listens and logs in on loopback only", _address(settings)
        ),
        *_check_voice(),
    ]


def _check_journal(settings: Settings) -> Iterator[Finding]:
    """The store, and the key that belongs to it."""
    if settings.database:
        store, known = _check_server(settings.database)
    else:
        store, known = _check_file(settings.journal), settings.journal.exists()
    yield store
    yield _check_key(settings, known)


def _check_server(address: str) -> tuple[Finding, bool]:
    try:
        known = asyncio.run(look_at_server(address))
    except IvrError as error:
        return _from_error("store", error), False
    if known:
        return Finding("store", "right", "the journal's database answers as it should"), True
    sentence = "there is no journal yet; the first start makes it"
    return Finding("store", "note", sentence, address), False


def _check_file(file: Path) -> Finding:
    if not file.exists():
        sentence = "there is no journal yet; the first start makes it"
        return Finding("store", "note", sentence, str(file))
    place = f"file:{quote(str(file))}?mode=ro"
    try:
        with closing(sqlite3.connect(place, uri=True, timeout=PATIENCE)) as connection:
            told = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_READ:
            remedy = "Run this as the user of the service, and while no program locks the file."
            sentence = f"the journal cannot be read: {error}"
            return Finding("store", "wrong", sentence, str(file), remedy)
        told = [str(error)]
    if told == ["ok"]:
        return Finding("store", "right", "the journal is whole")
    remedy = "Stop the engine and put the newest backup back; keep this file as it is."
    return Finding("store", "wrong", f"the journal is damaged: {told[0]}", str(file), remedy)


def _check_key(settings: Settings, known: bool) -> Finding:
    """`known`: there is a journal that needs it."""
    if not settings.key_file.exists():
        if known:
            sentence = "the key of the journal is missing: nobody can read who called"
            remedy = "Put your copy of it back, with mode 0600."
            return Finding("vault-key", "wrong", sentence, str(settings.key_file), remedy)
        sentence = "there is no key yet; the first start makes it"
        return Finding("vault-key", "note", sentence, str(settings.key_file))
    try:
        open_vault(settings.key_file, create=False)
    except IvrError as error:
        return _from_error("vault-key", error)
    return Finding("vault-key", "right", "the key of the journal is there, for its owner alone")


def _address(settings: Settings) -> Iterator[Finding]:
    if settings.agi_host != "localhost" and not is_loopback(settings.agi_host):
        sentence = f"the engine listens on {settings.agi_host}, without password or encryption"
        remedy = "Unset IVR_AGI_HOST; reach the engine from elsewhere through a tunnel only."
        yield Finding("engine-address", "wrong", sentence, "IVR_AGI_HOST", remedy)
    if settings.ami_host != "localhost" and not is_loopback(settings.ami_host):
        sentence = f"the secret of the manager interface goes to {settings.ami_host} unencrypted"
        remedy = "Unset IVR_AMI_HOST; reach Asterisk elsewhere through a tunnel only."
        yield Finding("engine-address", "wrong", sentence, "IVR_AMI_HOST", remedy)


def _check_voice() -> list[Finding]:
    try:
        return [Finding("voice", "right", f"the voice is there: {Espeak().name}")]
    except IvrError as error:
        return [_from_error("voice", error)]


def _from_error(check: str, error: IvrError) -> Finding:
    return Finding(check, "wrong", error.sentence, error.place, error.remedy)

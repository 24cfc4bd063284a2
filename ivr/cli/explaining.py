"""`ivr explain`: what a fault code of `ivr check` means."""

from __future__ import annotations

import json
import textwrap
from collections import defaultdict
from importlib import resources
from typing import Any

import click

from ivr.errors import UsageError
from ivr.flow import messages
from ivr.flow.faults import nearest

_WORDS = {
    "en": {"fault": "fault", "warning": "warning", "wrong": "wrong", "right": "right"},
    "id": {"fault": "kesalahan", "warning": "peringatan", "wrong": "salah", "right": "benar"},
}
_ENGLISH_ONLY = "Penjelasan lebih panjang hanya ada dalam bahasa Inggris: ivr explain {code}"


@click.command("explain", short_help="Explain a fault code.")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--language", type=click.Choice(["en", "id"]), default="en", show_default=True)
def explain_code(code: str, as_json: bool, language: str) -> None:
    """Explain the CODE at the end of a line of `ivr check`, with a wrong and a right example.

    In Indonesian it has the message and the examples; the long meaning is in English only.

    Example: ivr explain key-prefix
    """
    name = code.strip("[]")
    if name not in messages.CODES:
        meant = nearest(name, messages.CODES)
        remedy = f"Did you mean {meant}?" if meant else "docs/faults.md has all of them."
        raise UsageError(f"there is no fault code {name}", remedy=remedy)
    found = _read()[name]
    severity = "warning" if name in messages.WARNINGS else "fault"
    if as_json:
        plain = {"code": name, "severity": severity, **found}
        click.echo(json.dumps(plain, ensure_ascii=False))
    else:
        click.echo("\n\n".join(_tell(name, severity, found, language)))


def _read() -> dict[str, Any]:
    file = resources.files("ivr.flow").joinpath("explanations.json")
    return dict(json.loads(file.read_text("utf-8")))


def _tell(code: str, severity: str, found: dict[str, Any], language: str) -> list[str]:
    """The long meaning is in English; elsewhere the message and the examples stand for it."""
    words = _WORDS[language]
    head = f"{code} ({words[severity]})"
    told = [found["told"][language]] if found["told"] else []
    if told:
        told += [
            f"{words[side]}:\n{textwrap.indent(found[side], '    ')}" for side in ("wrong", "right")
        ]
    if language == "en":
        return [f"{head}: {found['meaning']}", *told]
    return [head, *(told or [_write_bare(code, language)]), _ENGLISH_ONLY.format(code=code)]


def _write_bare(code: str, language: str) -> str:
    """The sentence of a fault that has no example: `…` stands where the names would be."""
    return messages.write(code, language, defaultdict(lambda: "…"), None)

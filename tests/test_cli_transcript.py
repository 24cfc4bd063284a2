"""What `ivr calls show` says of a prompt: how much of it was heard, and why not more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ivr.cli.transcript import Transcript
from ivr.flow.loader import load_directory
from ivr.ports import Fact

AT = datetime(2026, 1, 2, tzinfo=UTC)


def tell(**changes: Any) -> list[str]:
    utterance = {"prompt": "main.hello", "language": "id", "values": {}}
    event: Mapping[str, Any] = {
        "type": "prompt.played",
        "utterances": [utterance],
        "heard": 0,
        "interrupted": False,
        **changes,
    }
    return [
        line.partition("  ")[2]
        for line in Transcript(None, Path()).lines((), [Fact("call", AT, "engine", event)])
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ["nothing was heard: main.hello"]),
        ({"interrupted": True}, ["not heard, the caller was faster: main.hello"]),
        ({"heard": 1200}, ["said main.hello [id]", "    heard 1.2 s"]),
        (
            {"heard": 1200, "interrupted": True},
            ["said main.hello [id]", "    heard 1.2 s (cut short)"],
        ),
    ],
)
def test_a_prompt(changes: dict[str, Any], told: list[str]) -> None:
    assert tell(**changes) == told


def test_of_a_secret_no_digit_is_made_up() -> None:
    event = {
        "type": "prompt.played",
        "utterances": [
            {
                "prompt": "engine.confirm_last4",
                "language": "id",
                "values": {
                    "value": {
                        "kind": "last4",
                        "value": {"$secret": {"ref": "", "length": 15, "valid": True}},
                    }
                },
            }
        ],
        "heard": 3000,
        "interrupted": False,
    }
    bundle = load_directory(Path(__file__).parent.parent / "flows")
    lines = list(Transcript(bundle, Path()).lines((), [Fact("call", AT, "engine", event)]))
    assert "Anda memasukkan nomor (last4 of a secret). Jika benar" in lines[0]


def test_a_message_is_told_with_its_file() -> None:
    event = {
        "type": "message.recorded",
        "flow": "main",
        "node": "tell",
        "recording": "A-7",
        "length": 2500,
        "size": 40044,
        "sha256": "ab" * 32,
        "ended": "finish",
    }
    told = list(Transcript(None, Path("rec")).lines((), [Fact("call", AT, "engine", event)]))
    assert told[0].endswith("message of 2.5 s, ended by a key")
    assert told[1].endswith(f"rec/A-7.wav sha256 {'ab' * 32}")

"""What `ivr calls show` says of a prompt: how much of it was heard, and why not more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ivr.cli.transcript import Transcript
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

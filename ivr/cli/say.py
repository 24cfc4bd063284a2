"""`ivr say`: how a value is spoken."""

from __future__ import annotations

import json

import click

from ivr.speech.compose import Clip, read_out
from ivr.speech.kinds import KINDS


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("language")
@click.argument("kind", type=click.Choice(sorted(KINDS)))
@click.argument("value")
@click.option("--json", "as_json", is_flag=True, help="Words and clips as one JSON object.")
def say(language: str, kind: str, value: str, as_json: bool) -> None:
    """Show how VALUE of KIND is spoken in LANGUAGE.

    Example: ivr say id rupiah 1500000
    """
    reading = read_out(language, kind, value)
    clips = [piece.text if isinstance(piece, Clip) else piece.ms for piece in reading.pieces]
    if as_json:
        click.echo(json.dumps({"words": reading.words, "clips": clips}, ensure_ascii=False))
        return
    click.echo(reading.words)
    click.echo(
        "clips: " + " | ".join(f"({clip} ms)" if isinstance(clip, int) else clip for clip in clips)
    )

"""`ivr dial`: a real SIP call to the local Asterisk."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import uvloop

from ivr.asterisk.pbx.instance import load_instance
from ivr.config import Settings
from ivr.phone.script import Handset, run_call

NOT_ANSWERED = 1


@click.command()
@click.argument("number")
@click.option("--keys", default="", help="What the caller does; see above.")
@click.option("--caller", help="The caller's number; withheld without it.")
@click.option("--port", type=int, help="SIP port [that of the local Asterisk].")
@click.option("--voice", type=click.Path(path_type=Path), help="A sound file for `v`.")
@click.option("--record", type=click.Path(path_type=Path), help="Keep what was heard as WAV.")
@click.option("--stay", default=30.0, show_default=True, help="Seconds to stay after the script.")
@click.option("--tone", default=80, show_default=True, help="Length of a key in ms.")
@click.option("--gap", default=80, show_default=True, help="Pause between keys in ms.")
@click.pass_obj
def dial(
    settings: Settings,
    number: str,
    keys: str,
    caller: str | None,
    port: int | None,
    voice: Path | None,
    record: Path | None,
    stay: float,
    tone: int,
    gap: int,
) -> None:
    """Call NUMBER over SIP, as an ordinary user.

    Keys: 0-9 * # press; `,` listens until it is quiet; `w2` waits; `v` speaks; `h` hangs up. The
    call takes as long as a caller's, the example about 70 s. A number that hotline.yaml does not
    have is answered as its first one.

    Example: ivr dial 1500 --keys ",1,w4,111,h"
    """
    if port is None:
        instance = load_instance(settings.pbx / "instance")
        port = 5080 if instance is None else instance.ports.sip
    handset = Handset(
        port=port,
        caller=caller,
        tone_ms=tone,
        gap_ms=gap,
        voice=voice,
        record=record,
        stay=stay,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(run_call(number, keys, handset, click.echo))
    click.echo(
        f"{report.status} {report.reason}, {report.seconds:.1f} s, ended by {report.ended_by}"
    )
    sys.exit(0 if report.status == 200 else NOT_ANSWERED)

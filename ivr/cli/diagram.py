"""`ivr diagram`: flows as a picture, also those with faults. Graphviz lays it out."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click

from ivr.config import Settings
from ivr.errors import SetupError, UsageError
from ivr.flow.assembly import Examined
from ivr.flow.diagram.dot import write_dot
from ivr.flow.diagram.flows import draw_flows
from ivr.flow.diagram.mermaid import write_mermaid
from ivr.flow.diagram.overview import draw_overview
from ivr.flow.diagram.picture import Picture
from ivr.flow.faults import nearest
from ivr.flow.loader import examine_directory
from ivr.flow.plan import flow_file

TIMEOUT = 60  # seconds; a hundred nodes take less than one


@click.command(short_help="Draw flows as a picture.")
@click.argument("flows", metavar="[FLOW]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="FILE.svg, or FILE.mmd for Mermaid. Without: Mermaid to the terminal.",
)
@click.option("--language", type=click.Choice(["en", "id"]), default="en", help="Of the faults.")
@click.pass_obj
def diagram(settings: Settings, flows: tuple[str, ...], output: Path | None, language: str) -> None:
    """Draw the nodes of each FLOW; without one, how the flows lead to one another.

    What has a fault is red. `person`, `back` and `return` stand for ways that all flows have; what
    a node inherits is not drawn.

    Example: ivr diagram tax/filing -o filing.svg
    """
    examined = examine_directory(settings.flows)
    picture = _draw(examined, settings.flows, flows, language)
    if output is None:
        click.echo(write_mermaid(picture), nl=False)
        return
    if output.suffix == ".mmd":
        output.write_text(write_mermaid(picture), "utf-8")
    elif output.suffix == ".svg":
        output.write_bytes(lay_out(write_dot(picture)))
    else:
        raise UsageError(
            "the file's name says what is drawn",
            place=str(output),
            remedy="Let it end in .svg or .mmd.",
        )
    click.echo(f"wrote {output}")


def _draw(examined: Examined, path: Path, flows: tuple[str, ...], language: str) -> Picture:
    plan = examined.plan
    places = {(path / flow_file(name)).as_posix(): name for name in plan.flow_names()}
    marked: dict[tuple[str, str], list[str]] = {}
    for fault in examined.faults:
        if fault.file in places:
            found = re.match(r"nodes\.([^.]+)", fault.path)
            told = marked.setdefault((places[fault.file], found[1] if found else ""), [])
            told.append(fault.sentence(language))
    for name in flows:
        if name not in plan.flows:
            raise _refuse(name, path, list(plan.flows), unread=name in places.values())
    return draw_flows(plan, flows, marked) if flows else draw_overview(plan, marked)


def _refuse(name: str, path: Path, known: list[str], *, unread: bool) -> UsageError:
    if unread:
        return UsageError(
            "of this flow nothing can be read",
            place=str(path / flow_file(name)),
            remedy="`ivr check` says why.",
        )
    meant = nearest(name, known)
    remedy = f"Did you mean {meant}?" if meant else f"The flows are: {', '.join(known)}"
    return UsageError(f"there is no flow {name}", place=str(path), remedy=remedy)


def lay_out(text: str, program: str = "dot") -> bytes:
    """The SVG of a picture in DOT. Raises SetupError without Graphviz."""
    found = shutil.which(program)
    if found is None:
        raise SetupError(
            "Graphviz, which lays pictures out, is not installed",
            remedy="Install it: apt-get install graphviz; or write Mermaid: -o FILE.mmd",
        )
    try:
        ran = subprocess.run(
            (found, "-Tsvg"), input=text.encode(), capture_output=True, timeout=TIMEOUT, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise SetupError(
            f"Graphviz could not lay the picture out ({error})",
            place=found,
            remedy="Draw fewer flows at once, or write Mermaid: -o FILE.mmd",
        ) from error
    return ran.stdout

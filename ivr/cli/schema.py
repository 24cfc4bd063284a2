"""`ivr schema`: what an editor needs to complete, explain and check flow files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from ivr.schema import PLACES

FOLDER = ".schema"
"""Where a flow directory keeps its schemas; a folder with a full stop is no part of the flows."""


@click.command(short_help="Help editors to complete and explain flow files.")
@click.argument("name", type=click.Choice(list(PLACES)), required=False)
@click.option(
    "--write",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=f"Write all of them to {FOLDER} in this flow directory.",
)
def schema(name: str | None, directory: Path | None) -> None:
    """Show the JSON Schema of a kind of file; without NAME, which kinds there are.

    An editor with the YAML language server reads it from the first line of a file.

    Example: ivr schema --write flows
    """
    if directory is not None:
        _write(directory / FOLDER)
    if name is not None:
        click.echo(read_schema(name), nl=False)
    elif directory is not None:
        for kind, place in PLACES.items():
            click.echo(f"{place}: # yaml-language-server: $schema={_relative(place)}{kind}.json")
    else:
        for kind, place in PLACES.items():
            click.echo(f"{kind}: {place}")


def read_schema(name: str) -> str:
    """A shipped schema as JSON text."""
    return resources.files("ivr.schema").joinpath(f"{name}.json").read_text("utf-8")


def _write(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in PLACES:
        (folder / f"{name}.json").write_text(read_schema(name), "utf-8")


def _relative(place: str) -> str:
    return "../" * place.count("/") + f"{FOLDER}/"

"""`ivr migrate`: older flows brought to the present version of the language."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path

import click

from ivr.cli.counting import count
from ivr.config import Settings
from ivr.errors import UsageError
from ivr.flow.versions import LANGUAGE
from ivr.migrations import migrate


@click.command("migrate", short_help="Bring older flows to the present language.")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("--write", is_flag=True, help="Rewrite the files. Without: show what would change.")
@click.pass_obj
def migrate_command(settings: Settings, directory: Path | None, write: bool) -> None:
    """Bring the flows of DIRECTORY [IVR_FLOWS] to the present version of the language.

    Comments stay. Exit code 1 when something would change and --write is not said.

    Example: ivr migrate flows --write
    """
    flows = directory or settings.flows
    if not flows.is_dir():
        raise UsageError(f"there is no flow directory {flows}")
    files = {name: (flows / name).read_bytes() for name in _list_names(flows)}
    changed = migrate(files)
    for name, data in changed.items():
        if write:
            _replace(flows / name, data)
            click.echo(f"{flows / name}: rewritten")
        else:
            _show(str(flows / name), files[name].decode(), data.decode())
    if not changed:
        click.echo(f"nothing to do: the flows are of version {LANGUAGE}")
    elif not write:
        click.echo(f"{count(len(changed), 'file')} to change; --write does it", err=True)
        sys.exit(1)


def _list_names(flows: Path) -> list[str]:
    """Every file below the directory, call scripts too, that no editor has hidden."""
    paths = (path for path in sorted(flows.rglob("*.yaml")) if path.is_file())
    names = (path.relative_to(flows) for path in paths)
    return [name.as_posix() for name in names if not any(x.startswith(".") for x in name.parts)]


def _show(name: str, old: str, new: str) -> None:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), name, f"{name} (version {LANGUAGE})", lineterm=""
    )
    for line in lines:
        click.echo(line)


def _replace(path: Path, data: bytes) -> None:
    """Whole or not at all, with the rights that it had."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    draft.chmod(path.stat().st_mode & 0o7777)
    os.replace(draft, path)

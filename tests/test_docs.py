"""README and architecture say what is true of commands, settings, recovery and version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from ivr import __version__
from ivr.cli import cli
from ivr.config import PREFIX, Settings
from ivr.engine.steps import RECOVERY

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def list_commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{path} {name}")


COMMANDS = dict(list_commands(cli, "ivr"))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_stands_in_the_readme(path: str) -> None:
    *group, name = path.split()
    row = next(line for line in README.splitlines() if line.startswith(f"| `{' '.join(group)}"))
    assert re.search(rf"`{' '.join(group)} .*\b{name}\b", README), row


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_shows_an_example(path: str) -> None:
    command = COMMANDS[path]
    if not isinstance(command, click.Group):
        assert f"Example: {path}" in (command.help or "")


def test_commands_in_code_blocks_exist() -> None:
    written = re.findall(r"^\.venv/bin/(ivr(?: [a-z]+)+)", README, re.M)
    assert written
    for line in written:
        assert any(line == path or line.startswith(f"{path} ") for path in COMMANDS), line


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_stands_in_the_readme(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in README


def test_every_step_stands_in_the_recovery_table() -> None:
    table = ARCHITECTURE.partition("| step | recovery |")[2].partition("\n\n")[0]
    rows = {
        (step, row.split("|")[2].split(":")[0].strip())
        for row in table.strip().splitlines()[1:]
        for step in re.split(r",\s*", row.split("|")[1].strip())
    }
    assert rows == {(step, recovery.value) for step, recovery in RECOVERY.items()}


def test_changes_tell_of_this_version() -> None:
    changes = (ROOT / "docs" / "changes.md").read_text()
    top = re.search(r"^## (\S+)", changes, re.M)
    assert top is not None
    assert top[1] == __version__


def test_links_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"

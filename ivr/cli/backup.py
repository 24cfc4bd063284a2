"""`ivr backup` and `ivr restore`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ivr.backup import Manifest, back_up, read_manifest, verify
from ivr.cli.counting import count
from ivr.cli.times import rewrite_time
from ivr.config import Settings
from ivr.errors import SetupError, UsageError
from ivr.restore import restore as put_back

_FILE = click.Path(path_type=Path)


@click.command(short_help="Copy store, spool and bundles.")
@click.argument("directory", type=_FILE)
@click.option("--keys", type=_FILE, help="Copy the master key to this file, apart from the data.")
@click.option("--recordings", is_flag=True, help="Recordings too.")
@click.option("--json", "as_json", is_flag=True, help="What was copied, as JSON.")
@click.pass_obj
def backup(
    settings: Settings, directory: Path, keys: Path | None, recordings: bool, as_json: bool
) -> None:
    """Copy store, spool and bundles into a new DIRECTORY, while calls go on.

    Without the master key a backup opens nobody's data; keep the key apart, and for as long.

    Example: ivr backup /backup/2026-11-24 --keys /safe/vault.key
    """
    _need_file(settings)
    if not settings.journal.exists():
        raise SetupError(
            "there is no store to be copied",
            place=str(settings.store),
            remedy="Name the state of the service: --state, IVR_STATE.",
        )
    manifest = back_up(settings, directory, keys, recordings=recordings)
    if as_json:
        click.echo(json.dumps({"directory": str(directory), **_summary(manifest)}))
        return
    click.echo(f"{directory}: {_told(manifest)}")
    if keys is None:
        click.echo(f"the master key is not in it; it stays in {settings.key_file}")
    else:
        click.echo(f"{keys}: the master key; keep it apart from {directory}")


@click.command(short_help="Verify a backup, and put it back.")
@click.argument("directory", type=_FILE)
@click.option("--keys", type=_FILE, help="The file of the master key.")
@click.option("--replace", is_flag=True, help="Move aside what is there.")
@click.option("--check", is_flag=True, help="Only verify the backup.")
@click.option("--json", "as_json", is_flag=True, help="What was found and done, as JSON.")
@click.pass_context
def restore(
    context: click.Context,
    directory: Path,
    keys: Path | None,
    replace: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Verify the backup in DIRECTORY, and put it into an empty state.

    The service must not run. Exit code 1 when the backup is damaged.

    Example: ivr restore /backup/2026-11-24 --keys /safe/vault.key
    """
    settings: Settings = context.obj
    if keys is not None and not keys.exists():
        raise UsageError("there is no such file", place=str(keys), remedy="Name the key's file.")
    manifest = read_manifest(directory)
    faults = verify(directory, manifest)
    if not check:
        _need_file(settings)
    aside = None
    if not faults and not check:
        aside = put_back(settings, directory, manifest, keys, replace=replace)
    if as_json:
        done = {"restored": not faults and not check, "aside": str(aside) if aside else None}
        click.echo(json.dumps({"faults": faults, **done, **_summary(manifest)}))
    else:
        _tell(settings, manifest, faults, aside, check=check)
    if faults:
        context.exit(1)


def _need_file(settings: Settings) -> None:
    if settings.database:
        raise UsageError(
            "the store is a PostgreSQL database, and this command copies files only",
            place=settings.database,
            remedy="Use pg_dump and pg_restore for it; docs/storage.md says what else to copy.",
        )


def _tell(
    settings: Settings, manifest: Manifest, faults: list[str], aside: Path | None, *, check: bool
) -> None:
    for fault in faults:
        click.echo(fault)
    if faults:
        click.echo("the backup is damaged; nothing was restored")
    elif check:
        click.echo(f"as it was made {rewrite_time(manifest.made)}: {_told(manifest)}")
    else:
        made = rewrite_time(manifest.made)
        click.echo(f"{settings.state}: restored what was made {made}: {_told(manifest)}")
    if aside is not None:
        click.echo(f"what was there before: {aside}")


def _told(manifest: Manifest) -> str:
    size = sum(piece.size for piece in manifest.files.values()) / 1_000_000
    files, records = count(len(manifest.files), "file"), count(manifest.records, "record")
    return f"{files}, {size:.1f} MB, {records}"


def _summary(manifest: Manifest) -> dict[str, object]:
    return {
        "made": manifest.made,
        "key": manifest.key,
        "records": manifest.records,
        "files": len(manifest.files),
        "bytes": sum(piece.size for piece in manifest.files.values()),
    }

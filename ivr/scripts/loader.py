"""Loading the call scripts of a flow directory, `calls/*.yaml`. Only this opens files."""

from __future__ import annotations

from pathlib import Path

from ivr.flow.bundle import Bundle
from ivr.flow.faults import Fault, sort_faults
from ivr.flow.loader import read_files
from ivr.scripts.checks import check_scripts
from ivr.scripts.reading import Script, read_scripts

FOLDER = "calls"


def load_scripts(path: Path, bundle: Bundle | None) -> tuple[list[Script], list[Fault]]:
    """The scripts of the flow directory `path`, and all their faults by file and line.

    Without a `bundle` what they name in the flows is not checked. No folder: no scripts.
    """
    files, faults = read_files(path / FOLDER)
    scripts: list[Script] = []
    for name, data in files.items():
        read, more = read_scripts((path / FOLDER / name).as_posix(), data)
        faults += more
        if bundle is not None:
            faults += check_scripts(read, bundle)
        scripts += read.scripts
    return scripts, sort_faults(faults)

"""Reads tests/data/flows/bad: a change to a good directory, and all faults that it must give.

Lines of a case: `file NAME` begins changes to a file (`new NAME` empties it first, `delete NAME`
takes it away), `-` and `+` are lines taken out and put in at their place, `+` alone adds lines at
the end, `=` is a fault as it is told, `#` a remark. `bytes NAME TEXT` writes escaped bytes.
`wrong` and `right` are the lines that docs/faults.md shows, when the change itself is no good
example (`tests.fault_docs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.flow.assembly import assemble
from ivr.flow.bundle import Bundle
from ivr.flow.faults import Fault
from ivr.flow.loader import load_phrases
from ivr.scripts.checks import check_scripts
from ivr.scripts.reading import read_scripts

DATA = Path(__file__).parent / "data" / "flows"
GOOD = DATA / "good" / "office"
BAD = sorted((DATA / "bad").glob("*.case"))


def read_directory(path: Path) -> dict[str, bytes]:
    """The files of a flow directory by their path below it."""
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*.yaml")}


@dataclass
class Case:
    """A changed directory, and what it must be told."""

    files: dict[str, bytes]
    told: list[str] = field(default_factory=list)


def read_case(path: Path) -> Case:
    """The case in a file; fails when what it takes out is not there exactly once."""
    case = Case(read_directory(GOOD))
    name = ""
    old: list[str] = []
    new: list[str] = []
    for line in [*path.read_text("utf-8").splitlines(), "#"]:
        if line[:1] == "-" and not new:
            old.append(line[1:])
        elif line[:1] == "+":
            new.append(line[1:])
        else:
            if old or new:
                case.files[name] = _change(case.files[name], old, new)
            old, new = ([line[1:]] if line[:1] == "-" else []), []
            name = _follow(case, line, name)
    return case


def find_faults(files: Mapping[str, bytes]) -> tuple[Bundle | None, list[Fault]]:
    """The faults of a directory, those of its call scripts included."""
    bundle, faults = assemble(files, load_phrases())
    for name in sorted(files):
        if name.startswith("calls/") and bundle is not None:
            read, more = read_scripts(name, files[name])
            faults += [*more, *check_scripts(read, bundle)]
    return bundle, faults


def _follow(case: Case, line: str, name: str) -> str:
    word, _, rest = line.partition(" ")
    match word:
        case "=":
            case.told.append(rest)
        case "file":
            return rest
        case "new":
            case.files[rest] = b""
            return rest
        case "delete":
            del case.files[rest]
        case "bytes":
            changed, _, escaped = rest.partition(" ")
            case.files[changed] = escaped.encode().decode("unicode_escape").encode("latin-1")
    return name


def _change(data: bytes, old: list[str], new: list[str]) -> bytes:
    text, inserted = data.decode(), "".join(f"{line}\n" for line in new)
    if not old:
        return (text + inserted).encode()
    removed = "".join(f"{line}\n" for line in old)
    assert text.count(removed) == 1, f"{removed!r} stands {text.count(removed)} times"
    return text.replace(removed, inserted).encode()

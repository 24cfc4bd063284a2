"""Faults of a flow directory: what is wrong, where, and what to do about it.

A check reports a `Finding`, which names a path inside a file; `ivr.flow.source` knows the lines and
makes a `Fault` of it. Sentences are in `ivr.flow.messages`. Must not know YAML.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ivr.errors import FlowError
from ivr.flow import messages

Path: TypeAlias = tuple[str | int, ...]
"""Where something stands in its file: keys of mappings and indexes of lists."""


MOST_NAMES = 1000
"""Among more names than this nothing similar is looked for: it would take too long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a path of a file. `values` fill the sentence of the code.

    `near` is a name that may have been meant. `offset` counts characters from the beginning of the
    text at the path, None when the whole of it is meant.
    """

    code: str
    file: str
    path: Path
    values: Mapping[str, str] = field(default_factory=dict)
    near: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding with its place. `line` and `column` count from 1; `path` is empty for a file."""

    file: str
    line: int
    column: int
    path: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    near: str | None = None

    @property
    def severity(self) -> Literal["fault", "warning"]:
        """A warning does not keep a directory from being loaded."""
        return "warning" if self.code in messages.WARNINGS else "fault"

    @property
    def place(self) -> str:
        """`flows/tax.yaml:17:5`, as editors and terminals understand it."""
        return f"{self.file}:{self.line}:{self.column}"

    def sentence(self, language: str = "en") -> str:
        """What is wrong, in English (`en`) or Indonesian (`id`)."""
        return messages.write(self.code, language, self.values, self.near)

    def tell(self, language: str = "en") -> str:
        """The whole line that a person reads."""
        where = f"{self.place}: {self.path}" if self.path else self.place
        return f"{where}: {self.sentence(language)} [{self.code}]"

    def __str__(self) -> str:
        return self.tell()

    def to_plain(self, language: str = "en") -> dict[str, str | int | None]:
        """The fault as JSON-ready data."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "path": self.path,
            "sentence": self.sentence(language),
            "suggestion": self.near,
        }


def sort_faults(faults: Iterable[Fault]) -> list[Fault]:
    """The faults by file, line and column, each of them once."""
    told = {(fault.file, fault.line, fault.column, fault.tell()): fault for fault in faults}
    return [told[key] for key in sorted(told)]


class FaultyFlows(FlowError):
    """A flow directory that cannot be loaded. `faults` are all of them, warnings included."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` looks like, None when none does or there are too many."""
    known = list(names)
    if len(known) > MOST_NAMES:
        return None
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.6)), None)


def path_text(path: Path) -> str:
    """`nodes.main.options.2.next`; lists count from 1, as people do."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)

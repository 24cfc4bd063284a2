"""From the bytes of a script file to its calls, or everything that is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ivr.flow.faults import Fault, Finding, Path, nearest
from ivr.flow.reading import read_model
from ivr.flow.source import Document
from ivr.flow.tree import Tree
from ivr.scripts.model import VERBS, AnyStep, CallFile, Dial


@dataclass(frozen=True, slots=True)
class Placed:
    """A step and where it stands: its path in the file, line and column counted from 1."""

    step: AnyStep
    path: Path
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Script:
    """One call. `file` is as faults call it; `path`, `line`, `column` are those of its title."""

    file: str
    title: str
    steps: tuple[Placed, ...]
    path: Path
    line: int
    column: int

    @property
    def name(self) -> str:
        """What reports and `-k` know it by."""
        return f"{self.file.rpartition('calls/')[2].removesuffix('.yaml')}: {self.title}"

    @property
    def dial(self) -> Dial:
        """How the call begins. Raises AssertionError for a script that was not checked."""
        first = self.steps[0].step
        assert isinstance(first, Dial), "the checks demand a dial"
        return first


@dataclass
class ScriptFile:
    """A file that was read: its document, for the places of faults, and its calls."""

    document: Document
    scripts: tuple[Script, ...] = ()

    def locate(self, finding: Finding) -> Fault | None:
        """The fault of a finding in this file."""
        return self.document.locate(finding)


def read_scripts(file: str, data: bytes) -> tuple[ScriptFile, list[Fault]]:
    """The calls of a file, none of them when anything in it is wrong."""
    document = Document(file, data, root=dict)
    read = ScriptFile(document)
    if document.tree is None:
        return read, document.faults
    calls, findings, _ = read_model(CallFile, document.tree, file)
    faults = [*document.faults]
    faults += filter(None, (document.locate(_suggest(one, document.tree)) for one in findings))
    if calls is not None and not faults:
        read.scripts = tuple(_scripts(document, calls))
    return read, faults


def _suggest(finding: Finding, tree: Tree) -> Finding:
    """Names of steps and of their fields, where one of them may have been meant."""
    if finding.code == "script-step":
        return replace(finding, near=nearest(finding.values["value"], VERBS))
    if finding.code == "unknown-field" and len(finding.path) > 2:
        step = _find(tree, finding.path[:-1])
        entries = step.value if step is not None and isinstance(step.value, dict) else {}
        model = next((VERBS[name] for name in entries if name in VERBS), None)
        names = [] if model is None else list(model.model_fields)
        return replace(finding, near=nearest(str(finding.path[-1]), names))
    return finding


def _find(tree: Tree, path: Path) -> Tree | None:
    here: Tree | None = tree
    for step in path:
        here = here.child(step) if here is not None else None
    return here


def _scripts(document: Document, calls: CallFile) -> Iterator[Script]:
    begin = _place(document, ("begin",), calls.begin)
    for title, steps in calls.calls.items():
        path: Path = ("calls", title)
        own = _place(document, path, steps)
        dials = bool(steps) and isinstance(steps[0], Dial)
        title_at = _locate(document, path)
        yield Script(
            document.file,
            title,
            own if dials else (*begin, *own),
            path,
            title_at.line,
            title_at.column,
        )


def _place(document: Document, path: Path, steps: tuple[AnyStep, ...]) -> tuple[Placed, ...]:
    placed = []
    for index, step in enumerate(steps):
        here = (*path, index)
        at = _locate(document, here)
        placed.append(Placed(step, here, at.line, at.column))
    return tuple(placed)


def _locate(document: Document, path: Path) -> Fault:
    found = document.locate(Finding("script-step", document.file, path, {"value": ""}))
    assert found is not None, "nothing is broken in a file without faults"
    return found

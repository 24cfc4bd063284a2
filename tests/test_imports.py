"""Imports go one way (design: layout). Any other edge fails here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "ivr").rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            base = node.module or ""
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in MODULES else base


IMPORTS = {name: set(imports_of(path)) for name, path in MODULES.items()}


def below(name: str, *tops: str) -> bool:
    return any(name == top or name.startswith(f"{top}.") for top in tops)


PURE = (
    "ivr.flow",
    "ivr.engine",
    "ivr.audit.leaf",
    "ivr.asterisk.agi",
    "ivr.speech.compose",
    "ivr.speech.kinds",
    "ivr.speech.numbers_id",
    "ivr.speech.numbers_en",
    "ivr.speech.grammar",
    "ivr.speech.groups",
    "ivr.speech.catalogue",
    "ivr.speech.wording",
    "ivr.schema",
    "ivr.scripts.model",
    "ivr.scripts.world",
    "ivr.scripts.hearing",
    "ivr.scripts.reading",
    "ivr.scripts.checks",
    "ivr.scripts.ways",
    "ivr.scripts.coverage",
)
"""Only decide: what they know comes in as arguments."""

READERS = {"ivr.flow.loader": {"pathlib", "importlib"}}
"""The one file of the flow language that opens files."""

OUTSIDE = {
    "aiosqlite",
    "asyncio",
    "asyncpg",
    "builtins",
    "concurrent",
    "ctypes",
    "fcntl",
    "http",
    "importlib",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "panoramisk",
    "pathlib",
    "prometheus_client",
    "random",
    "secrets",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "structlog",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "uvloop",
}
"""Files, sockets, clocks, chance, processes, logs."""


@pytest.mark.parametrize("name", [name for name in MODULES if below(name, *PURE)])
def test_pure_modules_import_nothing_that_acts(name: str) -> None:
    acting = {one.partition(".")[0] for one in IMPORTS[name]} & OUTSIDE
    assert acting == READERS.get(name, set())


@pytest.mark.parametrize("name", [name for name in MODULES if below(name, *PURE)])
def test_pure_modules_know_only_pure_modules(name: str) -> None:
    ours = {one for one in IMPORTS[name] if below(one, "ivr")}
    assert {one for one in ours if not below(one, *PURE, "ivr.errors", "ivr")} == set()


NOWHERE = (
    "datetime.now",
    "datetime.utcnow",
    "date.today",
    "uuid.uuid1",
    "uuid.uuid4",
    "open",
    "print",
    "input",
)


@pytest.mark.parametrize("name", [name for name in MODULES if below(name, *PURE)])
def test_pure_modules_read_no_clock_and_open_nothing(name: str) -> None:
    called = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8")))
        if isinstance(node, ast.Call)
    }
    assert called & set(NOWHERE) == set()


def test_the_language_knows_no_engine() -> None:
    """`flow` is below `engine`, `engine` below everything that performs."""
    upward = {
        name: sorted(one for one in IMPORTS[name] if below(one, "ivr.engine"))
        for name in MODULES
        if below(name, "ivr.flow")
    }
    assert {name: ones for name, ones in upward.items() if ones} == {}


ADAPTERS = (
    "ivr.asterisk",
    "ivr.store",
    "ivr.speech",
    "ivr.recordings",
    "ivr.services",
    "ivr.simulator",
    "ivr.phone",
)

EXPLAINED = {
    ("ivr.asterisk.channel", "ivr.speech.library"): "the telephone plays what the library joined",
    ("ivr.asterisk.line", "ivr.speech.library"): "the telephone plays what the library joined",
    ("ivr.asterisk.messages", "ivr.recordings.sealing"): "names and measures the files it recorded",
    ("ivr.asterisk.messages", "ivr.speech.library"): "plays a message as it plays a prompt",
    ("ivr.asterisk.recorder", "ivr.recordings.sealing"): "names the files that it records",
    ("ivr.asterisk.recorder", "ivr.recordings.segments"): "marks what it records",
    ("ivr.asterisk.gone", "ivr.recordings.sealing"): "finds the message of a caller who has gone",
}
"""Edges between adapters, each with its reason."""


def adapter_of(name: str) -> str | None:
    return next((adapter for adapter in ADAPTERS if below(name, adapter)), None)


@pytest.mark.parametrize("name", [name for name in MODULES if adapter_of(name)])
def test_adapters_do_not_import_each_other(name: str) -> None:
    own = adapter_of(name)
    others = {
        one
        for one in IMPORTS[name]
        if adapter_of(one) not in (None, own)
        and (name, one) not in EXPLAINED
        and not below(one, *PURE)
    }
    assert others == set()


TOP = (
    "ivr.app",
    "ivr.backup",
    "ivr.cli",
    "ivr.sounds",
    "ivr.lookups",
    "ivr.shelf",
    "ivr.draining",
    "ivr.driver",
    "ivr.disclosure",
    "ivr.editions",
    "ivr.following",
    "ivr.migrations",
    "ivr.releases",
    "ivr.takeover",
    "ivr.exchange",
    "ivr.__main__",
    "ivr.admission",
    "ivr.processes",
    "ivr.sealer",
    "ivr.service",
    "ivr.sweeper",
    "ivr.restore",
    "ivr.examples",
    "ivr.scripts",
    "ivr.spooling",
    "ivr.unrecorded",
    "ivr.__main__",
)


@pytest.mark.parametrize("name", [name for name in MODULES if adapter_of(name)])
def test_adapters_know_nothing_of_what_puts_them_together(name: str) -> None:
    assert {one for one in IMPORTS[name] if below(one, *TOP, "ivr.config")} == set()


def test_supervision_knows_nothing_of_calls() -> None:
    known = ("ivr.supervision", "ivr.errors")
    for name in MODULES:
        if below(name, "ivr.supervision"):
            assert {x for x in IMPORTS[name] if below(x, "ivr") and not below(x, *known)} == set()


def test_every_explained_edge_is_there() -> None:
    """A reason for an edge that is gone must go too."""
    assert [edge for edge in EXPLAINED if edge[1] not in IMPORTS.get(edge[0], set())] == []


def test_the_driver_knows_ports_engine_and_flow_only() -> None:
    known = ("ivr.ports", "ivr.engine", "ivr.flow", "ivr.errors", "ivr.disclosure")
    assert {
        one for one in IMPORTS["ivr.driver"] if below(one, "ivr") and not below(one, *known)
    } == set()


def test_the_ports_know_the_engine_only() -> None:
    ours = {one for one in IMPORTS["ivr.ports"] if below(one, "ivr")}
    assert {one for one in ours if not below(one, "ivr.engine")} == set()
    assert IMPORTS["ivr.ports"].isdisjoint(OUTSIDE)


@pytest.mark.parametrize("part", ["ivr.driver", "ivr.shelf", "ivr.app", "ivr.sounds", "ivr.cli"])
def test_only_the_top_puts_parts_together(part: str) -> None:
    users = {name for name, ones in IMPORTS.items() if any(below(one, part) for one in ones)}
    assert {name for name in users if not below(name, *TOP)} == set()


@pytest.mark.parametrize("name", list(MODULES))
def test_nobody_imports_what_he_is_imported_by(name: str) -> None:
    """No cycle between modules."""
    seen: set[str] = set()
    waiting = [one for one in IMPORTS[name] if one in MODULES]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += [other for other in IMPORTS[one] if other in MODULES]
    assert name not in seen

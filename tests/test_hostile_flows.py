"""What careless and hostile hands leave in a flow directory: a clear fault, in bounded time and
memory."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ivr.flow.loader import check_directory
from tests.flow_cases import GOOD

CPU_SECONDS = 20
MEMORY = 768 * 1024 * 1024
"""Address space: Python and its libraries take about half of it before a file is read."""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    shutil.copytree(GOOD, tmp_path / "flows")
    return tmp_path / "flows"


def tell(flows: Path) -> list[str]:
    _, faults = check_directory(flows)
    return [str(fault).removeprefix(f"{flows.as_posix()}/") for fault in faults]


@pytest.mark.parametrize("name", ["tax.yml", "tax.YAML", "tax.yaml.txt", "Tax.Yml"])
def test_a_file_that_would_be_ignored_is_told(flows: Path, name: str) -> None:
    (flows / name).write_text("flow: x\n")
    assert tell(flows) == [
        f"{name}:1:1: the file would be ignored; its name must end in .yaml [yml-file]"
    ]


@pytest.mark.parametrize(
    ("old", "new"), [(b"\n", b"\r\n"), (b"flow: tax\n", b"\xef\xbb\xbfflow: tax\n")]
)
def test_line_ends_and_marks_of_windows_are_no_fault(flows: Path, old: bytes, new: bytes) -> None:
    file = flows / "tax.yaml"
    file.write_bytes(file.read_bytes().replace(old, new))
    assert tell(flows) == []


def test_links_in_a_circle_are_not_followed(flows: Path) -> None:
    (flows / "again").symlink_to(flows)
    (flows / "a.yaml").symlink_to(flows / "b.yaml")
    (flows / "b.yaml").symlink_to(flows / "a.yaml")
    assert tell(flows) == [
        f"{name}.yaml:1:1: the file cannot be read: Too many levels of symbolic links; correct its"
        " permissions or remove it [unreadable-file]"
        for name in "ab"
    ]


def test_a_whole_directory_of_bombs_is_refused_in_bounds(flows: Path) -> None:
    """Ten megabytes, aliases of aliases, brackets, four hundred nodes, three hundred subflows, a
    file of nothing but unknown fields."""
    (flows / "big.yaml").write_bytes(b"x: y\n" * 2_000_000)
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (flows / "bomb.yaml").write_text("\n".join(levels))
    (flows / "deep.yaml").write_text("[" * 500_000)
    (flows / "nul.yaml").write_bytes(b"flow: nul\x00\n")
    for n in range(300):
        node = f"{{type: subflow, flow: c{(n + 1) % 300}, next: return}}"
        text = f"flow: c{n}\ntitle: x\nstart: a\nnodes:\n  a: {node}\n"
        (flows / f"c{n}.yaml").write_text(text)
    chain = "".join(f"  n{n}: {{type: language, to: id, next: n{n + 1}}}\n" for n in range(400))
    end = "  n400: {type: hangup}\n"
    (flows / "chain.yaml").write_text(f"flow: chain\ntitle: x\nstart: n0\nnodes:\n{chain}{end}")
    (flows / "fields.yaml").write_text("".join(f"f{n}: 1\n" for n in range(12_000)))
    codes = {fault["code"] for fault in check_in_bounds(flows)}
    assert codes >= {"too-large", "too-many-parts", "too-deep", "unreadable-character"}
    for name in ("big", "bomb", "deep", "nul", "fields"):
        (flows / f"{name}.yaml").unlink()
    told = {fault["code"]: fault for fault in check_in_bounds(flows)}
    assert told.keys() >= {"recursive-subflow", "silent-loop", "unreachable-flow"}
    assert len(str(told["recursive-subflow"]["sentence"])) < 100


def check_in_bounds(flows: Path) -> list[dict[str, object]]:
    """The faults as `ivr check` tells them when it may use little time and memory."""
    ran = subprocess.run(
        [sys.executable, "-m", "ivr", "check", str(flows), "--json"],
        capture_output=True,
        preexec_fn=limit,
        check=False,
        timeout=50,
    )
    assert ran.returncode == 1, ran.stderr[-500:]
    return list(json.loads(ran.stdout)["faults"])


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

"""`ivr test`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
from click.testing import CliRunner, Result

from ivr.cli import cli
from ivr.cli.check import check
from ivr.cli.test import test as command
from ivr.config import read_settings
from ivr.errors import UsageError
from tests.test_handbook import TINY

CALLS = """\
begin:
  - dial: 1500
calls:
  Jam layanan:
    - press: 1
    - hear: buka pukul delapan
  Salah:
    - press: 5
    - hear: tersedia
    - press: 1
    - hear: tutup
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    for name, text in {**TINY, "calls/office.yaml": CALLS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [str(path), *arguments], obj=read_settings({}))


def test_a_failure_is_told_as_a_person_reads_it(tiny: Path) -> None:
    said = run(tiny)
    assert said.exit_code == 1
    assert (
        said.output
        == f"""\
{tiny}/calls/office.yaml:11:7: Salah
    expected  to hear “tutup”
    but       [id] “Kantor desa buka pukul delapan sampai pukul lima belas.”
    at        hello.main
    the call until then:
      << Untuk jam layanan, tekan satu.
      >> 5
      << Maaf, pilihan itu tidak tersedia.
      << Untuk jam layanan, tekan satu.
      >> 1
      << Kantor desa buka pukul delapan sampai pukul lima belas.
      << Untuk jam layanan, tekan satu.

2 calls, 1 failed
exits taken: 2 of 3 written in nodes, 1 of 5 inherited ones; --coverage lists the others
"""
    )


def test_only_some_calls_can_be_played(tiny: Path) -> None:
    said = run(tiny, "-k", "office JAM")
    assert (said.exit_code, said.output) == (0, "1 call, none failed\n")
    assert isinstance(run(tiny, "-k", "nothing").exception, UsageError)


def test_what_no_call_takes_is_told_with_its_place(tiny: Path) -> None:
    (tiny / "calls" / "office.yaml").write_text(CALLS.replace("tutup", "buka"))
    assert run(tiny).exit_code == 0
    said = run(tiny, "--coverage")
    assert said.exit_code == 1
    assert said.output.splitlines()[:2] == [
        f"{tiny}/officer.yaml:5:3: officer.tell: no call takes `the end`",
        f"{tiny}/hotline.yaml:11:3: any menu: no call takes `on_silence`",
    ]


def test_programs_get_json(tiny: Path) -> None:
    told = json.loads(run(tiny, "--json").output)
    assert told["ok"] is False
    assert [(one["call"], one["line"], one["ok"]) for one in told["calls"]] == [
        ("Jam layanan", 4, True),
        ("Salah", 7, False),
    ]
    assert told["calls"][1]["failure"]["line"] == 11
    assert told["coverage"]["own"] == {"of": 3, "taken": 2}


def test_build_servers_get_junit(tiny: Path, tmp_path: Path) -> None:
    run(tiny, "--junit", str(tmp_path / "report.xml"))
    root = xml.parse(tmp_path / "report.xml").getroot()
    assert (root.tag, root.attrib["tests"], root.attrib["failures"]) == ("testsuites", "2", "1")
    [suite] = root
    first, second = suite
    assert (first.attrib["name"], list(first)) == ("Jam layanan", [])
    assert second[0].attrib["message"].startswith("expected to hear “tutup”, but [id] “Kantor")
    assert isinstance(run(tiny, "--junit", str(tmp_path)).exception, UsageError)


def test_faults_of_scripts_are_told_by_both_commands(tiny: Path) -> None:
    (tiny / "calls" / "office.yaml").write_text("calls:\n  A:\n    - dial: 1500\n")
    fault = (
        f"{tiny}/calls/office.yaml:2:3: calls.A: this call would pass whatever callers hear; add a"
        " `hear` [script-expects-nothing]\n"
    )
    said = run(tiny)
    assert (said.exit_code, said.output) == (1, f"{fault}1 fault\n")
    assert json.loads(run(tiny, "--json").output)["faults"][0]["line"] == 2
    assert "skrip" not in run(tiny, "--language", "id").output
    checked = CliRunner().invoke(check, [str(tiny)], obj=read_settings({}))
    assert (checked.exit_code, checked.output) == (1, f"{fault}1 fault, 0 warnings\n")
    assert check_in_indonesian(tiny).endswith("\n1 kesalahan, 0 peringatan\n")


def check_in_indonesian(directory: Path) -> str:
    return (
        CliRunner()
        .invoke(check, [str(directory), "--language", "id"], obj=read_settings({}))
        .output
    )


def test_a_sound_directory_is_told_in_indonesian(tiny: Path) -> None:
    assert check_in_indonesian(tiny) == (
        "tidak ada kesalahan, 0 peringatan: 2 alur, 3 simpul, 2 skrip panggilan\n"
    )


def test_a_directory_without_scripts_cannot_be_tested(tiny: Path) -> None:
    (tiny / "calls" / "office.yaml").unlink()
    told = run(tiny).exception
    assert isinstance(told, UsageError)
    assert "there are no call scripts" in str(told)


def test_only_the_wanted_command_is_imported() -> None:
    assert cli.get_command(None, "dance") is None  # type: ignore[arg-type]

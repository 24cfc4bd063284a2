"""The reader of Asterisk's configuration files: what pyst2's fails on, and what Asterisk does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.asterisk.doctor.config import read_config, uncomment
from ivr.asterisk.pbx.config import CONF, read_conf


def values(text: str, section: str = "a", **files: str) -> list[tuple[str, str]]:
    named = {name.replace("__", "/") + ".conf": body for name, body in files.items()}
    config = read_config("x.conf", {"x.conf": text, **named})
    assert config.problems == []
    return [(one.name, one.value) for one in config.section(section).settings]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a = 1 ; no", "a = 1"),
        ("a = 1\\;2", "a = 1;2"),
        ("a = ;-- in --; 2", "a =  2"),
        (";--- only a line", ""),
        ("; a = 1", ""),
        ("  a=1  ", "a=1"),
    ],
)
def test_comments_on_a_line(line: str, said: str) -> None:
    assert [text for _, text in uncomment(line)] == ([said] if said else [])


def test_comments_over_lines_nest() -> None:
    text = "a = 1\n;-- b = 2\n;-- c = 3\n--; d = 4\n--;e = 5\n"
    assert list(uncomment(text)) == [(1, "a = 1"), (5, "e = 5")]


def test_settings_in_every_form() -> None:
    assert values("[a]\nx = 1\ny=>2\nz += 3\nempty =\nlong = a = b\n") == [
        ("x", "1"), ("y", "2"), ("z", "3"), ("empty", ""), ("long", "a = b"),
    ]  # fmt: skip


def test_templates_and_additions() -> None:
    text = "[t](!)\nx = 1\ny = 1\n[u](!,t)\ny = 2\n[a](u)\nz = 3\n[b]\n[a](+)\nx = 4\n"
    config = read_config("x.conf", {"x.conf": text})
    section = config.section("A")
    assert [section.get(name) for name in ("x", "Y", "z", "none")] == ["4", "2", "3", ""]
    assert [one.name for one in config.real()] == ["a", "b"]
    found = section.find("x")
    assert found is not None
    assert found.place == "x.conf:10"
    assert [one.value for one in section.all("y")] == ["1", "2"]


def test_includes() -> None:
    text = '[a]\n#include "d/one.conf"\n#tryinclude <none.conf>\n#include "d/t*.conf"\n'
    assert values(text, d__one="x = 1\n", d__two="y = 2\n", d__three="z = 3\n") == [
        ("x", "1"), ("z", "3"), ("y", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("home", ["/etc/asterisk", "/srv/pbx/etc"])
def test_includes_by_whole_names(home: str) -> None:
    text = f'[a]\n#include "{home}/d/one.conf"\n#include "{home}/d/t*.conf"\n'
    asterisk = "" if home == "/etc/asterisk" else f"[directories]\nastetcdir => {home} ; here\n"
    assert values(text, d__one="x = 1\n", d__two="y = 2\n", asterisk=asterisk) == [
        ("x", "1"), ("y", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('#include "/opt/x.conf"\n', "lies elsewhere"),
        ("x = 1\n", "before the first"),
        ("[a]\nnonsense\n", "neither"),
        ("[a](t)\n", "no [t] to inherit"),
        ("[a](+)\nx = 1\n", "(+) could add to"),
        ('#include "none.conf"\n', "none.conf that is included is missing"),
        ("#exec /bin/true\n", "runs a program"),
        ("#unknown\n", "unknown"),
        ('#include "x.conf"\n', "circle"),
    ],
)
def test_what_asterisk_would_stumble_over(text: str, sentence: str) -> None:
    (problem,) = read_config("x.conf", {"x.conf": text}).problems
    assert sentence in problem.sentence
    assert problem.place.startswith("x.conf:")


def test_a_missing_file_is_empty() -> None:
    assert read_config("none.conf", {}).sections == []


@pytest.mark.parametrize("file", sorted(path.name for path in CONF.glob("*.conf")))
def test_the_shipped_files_have_no_problem(file: str) -> None:
    assert read_config(file, read_conf(Path(CONF))).problems == []

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.errors import FlowError, UsageError
from ivr.flow.assembly import assemble
from ivr.flow.bundle import Bundle
from ivr.flow.composer import MOST_PARTS
from ivr.flow.faults import Fault, FaultyFlows
from ivr.flow.loader import check_directory, load_directory, load_phrases
from ivr.flow.source import MOST_BYTES
from tests.flow_cases import DATA, GOOD, read_directory

ROOT = Path(__file__).parent.parent


def build(files: dict[str, bytes]) -> tuple[Bundle | None, list[Fault]]:
    return assemble(files, load_phrases())


def codes(files: dict[str, bytes]) -> list[str]:
    return [fault.code for fault in build(files)[1]]


@pytest.fixture
def office() -> dict[str, bytes]:
    return read_directory(GOOD)


def test_good_directory() -> None:
    bundle = load_directory(GOOD)
    assert sorted(bundle.flows) == ["shared/complaint", "shared/officer", "tax"]
    assert bundle.flow_for("1500") == "tax"
    assert bundle.texts["id"]["tax.main.options.number"] == "Untuk NPWP, tekan satu."
    assert bundle.texts["en"]["tax.main.options.number"] == "For tax number, press one."
    assert bundle.texts["id"]["engine.goodbye"] == "Sampai jumpa."
    assert bundle.texts["en"]["engine.goodbye"] == "See you."
    assert bundle.texts["en"]["sources.npwp_status.status.closed"] == "deleted"
    assert bundle.texts["en"]["hotline.on_silence.1"] == "We have not received your choice."
    assert bundle.texts["id"].keys() == bundle.texts["en"].keys()
    table = bundle.tables["npwp_status"]
    assert table.rows[0] == {
        "npwp": "021832415000000",
        "status": "active",
        "since": "2020-01-31",
        "letters": "2",
    }
    assert table.sha256 == hashlib.sha256((GOOD / "data/npwp.yaml").read_bytes()).hexdigest()


def test_shipped_flows_have_no_faults() -> None:
    _, faults = check_directory(ROOT / "flows")
    assert [str(fault) for fault in faults] == []


def test_hash_names_all_that_decides(office: dict[str, bytes]) -> None:
    bundle, _ = build(office)
    other, _ = build(dict(reversed(office.items())))
    assert bundle is not None
    assert other is not None
    assert bundle.hash == other.hash
    for file, old, new in (
        ("hotline.yaml", b"tries: 3", b"tries: 4"),
        ("texts/en.yaml", b"Welcome.", b"Welcome!"),
        ("tax.yaml", b"at_most: 3", b"at_most: 4"),
        ("sources.yaml", b"letters: {type: number}", b"letters: {type: text}"),
        ("data/npwp.yaml", b"letters: 2", b"letters: 3"),
    ):
        changed, faults = build({**office, file: office[file].replace(old, new)})
        assert changed is not None, faults
        assert changed.hash != bundle.hash


def test_scalars_keep_what_is_written(office: dict[str, bytes]) -> None:
    written = {"a": "01", "b": "no", "c": "12:30", "d": "0x1F", "e": "~", "f": "1e3", "g": "null"}
    lines = "".join(f"  {name}: {value}\n" for name, value in written.items())
    bundle, faults = build({**office, "data/npwp.yaml": office["data/npwp.yaml"] + lines.encode()})
    assert bundle is not None, faults
    assert bundle.tables["npwp_status"].rows[0].items() >= written.items()


def test_option_in_one_language_has_no_translation(office: dict[str, bytes]) -> None:
    old = b"        label: bahasa Inggris\n"
    tax = office["tax.yaml"].replace(old, b"        language: en\n        label: English\n")
    english = office["texts/en.yaml"].replace(b"  english: English\n", b"")
    bundle, faults = build({**office, "tax.yaml": tax, "texts/en.yaml": english})
    assert bundle is not None, faults
    assert bundle.texts["en"]["tax.main.options.english"] == "For English, press three."
    assert "tax.main.options.english" not in bundle.texts["id"]


def test_faults_of_a_directory(tmp_path: Path) -> None:
    shutil.copytree(GOOD, tmp_path / "flows")
    (tmp_path / "flows/health.yml").write_text("flow: health")
    (tmp_path / "flows/lost.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "flows/.hidden.yaml").write_text("[")
    (tmp_path / "flows/calls").mkdir()
    (tmp_path / "flows/calls/one.yaml").write_text("[")
    with pytest.raises(FlowError) as caught:
        load_directory(tmp_path / "flows")
    assert isinstance(caught.value, FaultyFlows)
    assert [fault.code for fault in caught.value.faults] == ["yml-file", "unreadable-file"]
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    place = (tmp_path / "flows/health.yml").as_posix()
    assert str(caught.value).startswith(f"{place}:1:1: the file would be ignored")


@pytest.mark.timeout(5)
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    os.mkfifo(tmp_path / "flows" / "pipe.yaml")
    (tmp_path / "flows" / "gone.yaml").symlink_to("nowhere")
    bundle, faults = check_directory(tmp_path / "flows")
    assert bundle is None
    assert {(fault.code, fault.values["reason"]) for fault in faults} == {
        ("unreadable-file", "not a regular file"),
        ("unreadable-file", "No such file or directory"),
    }


def test_warnings_do_not_keep_a_directory_from_loading(office: dict[str, bytes]) -> None:
    lonely = b"flow: lonely\ntitle: x\nstart: end\nnodes:\n  end: {type: hangup}\n"
    bundle, faults = build({**office, "lonely.yaml": lonely})
    assert bundle is not None
    assert [(fault.code, fault.severity) for fault in faults] == [("unreachable-flow", "warning")]


def test_no_such_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no flow directory"):
        load_directory(tmp_path / "flows")


@pytest.mark.parametrize("language", ["en", "id"])
def test_ten_faults(language: str) -> None:
    with contextlib.chdir(DATA):
        bundle, faults = check_directory(Path("ten"))
    assert bundle is None
    told = "".join(f"{fault.tell(language)}\n" for fault in faults)
    assert told == (DATA / f"ten.{language}.txt").read_text("utf-8")
    assert len({fault.code for fault in faults}) >= 10


def test_unreadable_texts_are_not_missing(office: dict[str, bytes]) -> None:
    assert codes({**office, "texts/en.yaml": b"["}) == ["yaml-brackets"]


def test_unreadable_hotline_is_the_only_fault(office: dict[str, bytes]) -> None:
    assert codes({**office, "hotline.yaml": b"*: x"}) == ["yaml-star"]


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"#" * (MOST_BYTES + 1), "too-large"),
        (b"a: " + b"[" * 100_000, "too-deep"),
        (b"- " * 500_000, "too-deep"),
        (b"a: " + b"{a: " * 100_000, "too-deep"),
        (b"a: [" + b"x, " * (MOST_PARTS + 1) + b"x]", "too-many-parts"),
        (b"a: &a " + b"x" * 1_000_000, "missing-field"),
        ("flow: \ufffe".encode(), "unreadable-character"),
        ("flow: tax".encode("utf-16"), "not-utf8"),
    ],
    ids=["large", "lists", "dashes", "braces", "wide", "long", "noncharacter", "utf-16"],
)
def test_hostile_file_is_refused_in_time(
    office: dict[str, bytes], content: bytes, code: str
) -> None:
    bundle, faults = build({**office, "tax.yaml": content})
    assert bundle is None
    assert code in [fault.code for fault in faults]


@pytest.mark.timeout(5)
def test_alias_bomb_is_refused_in_time(office: dict[str, bytes]) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 7)]
    bomb = "\n".join(levels).encode()
    assert "too-many-parts" in codes({**office, "tax.yaml": bomb})


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_faults_and_no_exception(content: bytes) -> None:
    bundle, faults = build({**read_directory(GOOD), "tax.yaml": content})
    assert bundle is None
    assert faults


FILES = sorted(read_directory(GOOD))
SIGNS = st.text(alphabet="{}[]:#*&!|>-?,'\"\n \t%@`~0a", max_size=6)


@given(st.sampled_from(FILES), st.integers(0, 3000), st.integers(0, 30), SIGNS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_slip_gives_faults_with_a_place(file: str, at: int, cut: int, put: str) -> None:
    files = read_directory(GOOD)
    text = files[file].decode()
    at %= len(text)
    changed = text[:at] + put + text[at + cut :]
    bundle, faults = build({**files, file: changed.encode()})
    assert bundle is not None or faults
    for fault in faults:
        lines = files.get(fault.file, b"").decode().count("\n") + changed.count("\n") + 2
        assert 1 <= fault.line <= lines
        assert fault.column >= 1
        assert fault.sentence("en")
        assert fault.sentence("id")

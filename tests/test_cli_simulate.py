"""`ivr simulate` with a person: from a pipe line by line, at a terminal key by key."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr.cli import cli
from ivr.config import read_settings
from tests.test_handbook import TINY

FLOWS = Path(__file__).parent.parent / "flows"
HOTLINE = TINY["hotline.yaml"].replace("[id]", "[id, en]")
TEXTS = """
hello.main.options.hours: opening hours
hello.tell_hours.say: Open from eight.
officer.tell.say: Come to the office.
hotline.on_silence.1: We heard nothing.
hotline.on_wrong_key.1: No such key.
"""


def simulate(typed: str, *arguments: str, flows: Path = FLOWS) -> Result:
    settings = read_settings({"IVR_FLOWS": str(flows)})
    context = {"obj": settings}
    return CliRunner().invoke(
        cli.get_command(None, "simulate"), arguments, input=typed, **context  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_call_at_the_end_of_the_calendar_is_refused(at: str) -> None:
    refused = simulate("h\n", "1500", "--at", at)
    assert refused.exit_code == 2
    assert f"'{at}' is too far from today." in refused.output


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    for name, text in {**TINY, "hotline.yaml": HOTLINE, "texts/en.yaml": TEXTS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "calls").mkdir()
    return tmp_path


def test_a_line_is_what_the_caller_does_next(tiny: Path) -> None:
    said = simulate("5\n\n1\nh\n", flows=tiny)
    lines = said.output.splitlines()
    assert lines[1:] == [
        "<< Untuk jam layanan, tekan satu.",
        "[0-9 * #: press keys, as many as a line has · Enter: say nothing · h: hang up"
        " · :help lists the rest]",
        ">> 5",
        "<< Maaf, pilihan itu tidak tersedia.",
        "<< Untuk jam layanan, tekan satu.",
        "-- silence",
        "<< Maaf, kami belum menerima pilihan Anda.",
        "<< Untuk jam layanan, tekan satu.",
        ">> 1",
        "<< Kantor desa buka pukul delapan sampai pukul lima belas.",
        "<< Untuk jam layanan, tekan satu.",
        "-- caller hangs up",
        "-- the call ended after 6 turns: left without a result (putus_ivr)",
    ]


def test_the_end_of_the_input_hangs_up(tiny: Path) -> None:
    assert "-- caller hangs up\n" in simulate("", flows=tiny).output


def test_the_call_can_begin_in_another_language(tiny: Path) -> None:
    said = simulate("h\n", "--language", "en", flows=tiny)
    assert "<< For opening hours, press one.\n" in said.output


def test_mistakes_are_told_and_the_call_goes_on() -> None:
    said = simulate(":dance\n:lookup x failed\n:lookup gone\n:speak\n:wait soon\n:help\nh\n")
    assert "-- :dance is no command; :help lists them\n" in said.output
    assert "-- there is no source x; there are annual_returns," in said.output
    assert said.output.count("-- that cannot stand here; :help shows what can\n") == 2
    assert "  :at 2026-12-25T10:00   the same call, but at that date and time\n" in said.output
    assert "-- caller hangs up\n" in said.output


NUMBER = "1\n8\n2\n1\n021832415000000#\n"


@pytest.mark.parametrize(
    ("command", "heard"),
    [
        (":lookup failed", "<< Maaf, status NPWP sedang tidak dapat diperiksa."),
        (":lookup npwp_status not_found", "<< Maaf, nomor itu tidak kami temukan."),
        (":lookup npwp_status slow", "   … Mohon tunggu."),
    ],
)
def test_lookups_answer_as_the_designer_wants(command: str, heard: str) -> None:
    said = simulate(f"{NUMBER}{command}\n1\nh\n", "1501")
    assert f"\n{heard}\n" in said.output


def test_officers_do_what_the_designer_wants() -> None:
    said = simulate("1\n:officers answer\n0\n:wait 10s\n", "1500", "--at", "2026-03-02T10:00")
    assert "-- the call ended after 8 turns: spoke with an officer (petugas)" in said.output


def test_the_date_can_be_changed_in_the_middle_of_a_call() -> None:
    said = simulate("1\n8\n:at 2026-12-25T10:00\n0\nh\n", "1500", "--at", "2026-03-02T10:00")
    before, _, after = said.output.partition(
        "-- it is 2026-12-25 10:00 now; what you did so far led to this:\n"
    )
    assert before.endswith("<< Untuk petugas, tekan nol.\n")
    assert after.startswith(">> 8\n")
    assert "<< Hari ini Hari Raya Natal.\n" in after
    assert "<< Jika ini keadaan gawat darurat, tekan sembilan sekarang.\n" not in after


def test_events_are_shown_on_demand() -> None:
    said = simulate("1\n:events\n8\n:events\nh\n", "1500")
    shown = [line for line in said.output.splitlines() if line.startswith("   · ")]
    assert (
        shown[0] == "   · shared/opening.notice: pressed 8: option refuse, 0.0 s after the prompt"
    )
    assert shown[-1] == "   · at front_door.main (menu)"
    assert simulate("h\n", "--events").output.count("   · ") == 7


def test_what_was_done_is_saved_as_a_script_that_comes_true(tiny: Path) -> None:
    path = tiny / "calls" / "jam_layanan.yaml"
    said = simulate("5\n\n1\nh\n", "--save", str(path), "--at", "2026-03-02T10:00", flows=tiny)
    assert f"-- saved as {path};" in said.output
    assert (
        path.read_text()
        == """\
calls:
  Jam layanan:
    - dial: 1500
      at: 2026-03-02T10:00
    - hear: Untuk jam layanan, tekan satu.
    - press: 5
    - hear: Maaf, pilihan itu tidak tersedia.
    - silence
    - hear: Maaf, kami belum menerima pilihan Anda.
    - press: 1
    - hear: Kantor desa buka pukul delapan sampai pukul lima belas.
    - hang_up
    - outcome: putus_ivr
"""
    )
    told = CliRunner().invoke(
        cli.get_command(None, "test"), [str(tiny)], obj=read_settings({})  # type: ignore[arg-type]
    )  # fmt: skip
    assert (told.exit_code, told.output.splitlines()[0]) == (0, "1 call, none failed")


def test_every_kind_of_act_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "everything.yaml"
    typed = (
        f"{NUMBER}:lookup npwp_status slow\n1\n*\n0\n:officers no_answer\n0\n:wait 2s\n1\n\n#\n3\n"
    )
    said = simulate(
        typed, "1501", "--at", "2026-03-02T10:00", "--caller", "0812", "--save", str(path)
    )
    assert f"-- saved as {path};" in said.output
    text = path.read_text()
    for line in (
        "caller: 0812",
        "npwp_status: slow",
        "wait: 2s",
        "speak: 2s",
        "officers: no_answer",
    ):
        assert line in text
    assert "Mohon tunggu" in text


def test_a_script_is_not_saved_over_another(tiny: Path) -> None:
    path = tiny / "calls" / "mine.yaml"
    path.write_text("mine")
    for arguments in (
        (str(path),),
        (str(path.with_suffix(".txt")),),
        (str(tiny / "no" / "x.yaml"),),
    ):
        assert simulate("h\n", "--save", *arguments, flows=tiny).exception is not None
    assert path.read_text() == "mine"


def _read_until(file: int, text: str) -> str:
    got = ""
    while text not in got:
        assert select.select([file], [], [], 20)[0], got
        got += os.read(file, 4096).decode()
    return got


@pytest.fixture
def terminal(tiny: Path):  # type: ignore[no-untyped-def]
    """A simulation at a terminal of its own: the process, and the person's end."""
    ours, theirs = pty.openpty()
    found = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "ivr", "simulate"],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "IVR_FLOWS": str(tiny)},
    )  # fmt: skip
    yield process, ours
    process.kill()
    process.wait()
    assert termios.tcgetattr(theirs) == found
    os.close(ours)
    os.close(theirs)


def test_at_a_terminal_a_key_counts_as_soon_as_it_is_pressed(terminal) -> None:  # type: ignore[no-untyped-def]
    process, ours = terminal
    _read_until(ours, "> ")
    os.write(ours, b"1")
    assert "<< Kantor desa buka" in _read_until(ours, "tekan satu.\r\n> ")
    os.write(ours, b"\x1b[B:hellp\x7f\x7fp\n")
    assert "  h, :hangup " in _read_until(ours, "> ")
    os.write(ours, b"\n")
    assert "-- silence" in _read_until(ours, "> ")
    os.write(ours, b"\x04")
    _read_until(ours, "-- the call ended")
    assert process.wait(20) == 0


def test_a_terminal_is_restored_after_ctrl_c(terminal) -> None:  # type: ignore[no-untyped-def]
    process, ours = terminal
    _read_until(ours, "> ")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130

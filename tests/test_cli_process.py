"""The command as a process: output that cannot be written, signals, the rights of what it makes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ivr.phone.sockets import open_udp

ROOT = Path(__file__).parent.parent
IVR = (sys.executable, "-m", "ivr")

COMMANDS = ["--help", "--version", "check", "say id number 5", "simulate 1500 --keys h"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_behind_the_output(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*IVR, *command.split()], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    assert done.returncode == 2
    assert done.stderr.startswith("ivr: input or output: No space left on device\n  ")
    assert done.stderr.count("\n") == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_left(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*IVR, *command.split()], stdout=writer, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, b"")


def test_a_terminal_that_lacks_a_sign() -> None:
    done = subprocess.run(
        [*IVR, "say", "id", "text", "1 \u20ac"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"1 \\u20ac\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_command_with_a_word(tmp_path: Path, number: signal.Signals) -> None:
    program, began = tmp_path / "asterisk", tmp_path / "began"
    os.mkfifo(began)
    program.write_text(f"#!/bin/sh\necho > {began}\nexec sleep 60\n")
    program.chmod(0o755)
    process = subprocess.Popen(
        [*IVR, "--state", str(tmp_path / "state"), "pbx", "install"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    began.read_text()  # back when the command waits for it
    process.send_signal(number)
    assert process.communicate(timeout=20) == ("", "stopped\n")
    assert process.returncode == 130


def test_an_officer_signs_off_with_a_word(tmp_path: Path) -> None:
    with open_udp("127.0.0.1") as free:
        port = free.getsockname()[1]
    officer = subprocess.Popen(
        [*IVR, "--state", str(tmp_path / "state"), "officer"],
        env={**os.environ, "IVR_OFFICERS": f"ani:{port}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert officer.stdout is not None
    told = [officer.stdout.readline(), officer.stdout.readline()]
    assert told[0] == f"ani listens at 127.0.0.1:{port}\n"
    officer.send_signal(signal.SIGINT)
    assert officer.communicate(timeout=20) == ("ani is off duty\n", "")
    assert officer.returncode == 0


def test_others_can_read_nothing_that_is_made(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (tmp_path / "asterisk").write_text("#!/bin/sh\necho Asterisk 22.11.0\n")
    (tmp_path / "asterisk").chmod(0o755)
    subprocess.run(
        [*IVR, "--state", str(state), "pbx", "install"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        umask=0,
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )
    made = [state, *state.rglob("*")]
    assert len(made) > 2
    assert [path for path in made if path.stat().st_mode & 0o007] == []

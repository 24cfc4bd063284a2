"""Installing, starting and stopping real Asterisks."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from ivr.asterisk.pbx.config import Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    load_instance,
    point_at,
    read_problems,
    read_status,
    run_command,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk, install_asterisk
from ivr.asterisk.pbx.process import read_pid
from ivr.asterisk.pbx.versions import FLOOR
from ivr.errors import SetupError

pytestmark = pytest.mark.telephony

NO_ARCHIVE = "file:/nonexistent"
"""A mirror from which nothing can be fetched, for installations that must not fetch."""


@pytest.fixture(scope="module")
def debs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of a private Asterisk, whatever this machine has of its own."""
    home = Path(__file__).resolve().parents[2] / "var" / "asterisk"
    install_asterisk(home, mirror=os.environ.get("DEBIAN_MIRROR"), path="")
    return home / "debs"


@pytest.fixture
def running(asterisk: Asterisk, tmp_path: Path) -> Iterator[Instance]:
    yield start_instance(asterisk, tmp_path / "pbx", Settings(ports=find_ports()))
    stop_instance(tmp_path / "pbx")


def test_starts_and_stops_without_a_complaint(running: Instance) -> None:
    pid = read_pid(running.directory)
    assert stop_instance(running.directory)
    assert "modules will be loaded" in running.log.read_text()
    assert read_problems(running) == []
    assert pid is not None
    assert not _is_alive(pid)
    assert not stop_instance(running.directory)
    assert load_instance(running.directory) is None


def test_status(running: Instance) -> None:
    status = read_status(running)
    assert status is not None
    assert status.version is not None
    assert status.version >= FLOOR
    assert (status.ports, status.calls) == (running.ports, 0)
    assert 0 <= status.uptime < 60
    assert load_instance(running.directory) == running
    stop_instance(running.directory)
    assert read_status(running) is None


def test_secret_is_private(running: Instance) -> None:
    for name in ("etc/local/manager.conf", "instance.json"):
        path = running.directory / name
        assert running.ami_secret in path.read_text()
        assert path.stat().st_mode & 0o077 == 0
    assert running.directory.stat().st_mode & 0o077 == 0


def test_listens_on_loopback_only(running: Instance) -> None:
    """The resolver of pjproject has a socket of its own, on a port that Linux chose."""
    pid = read_pid(running.directory)
    listening = [line for line in _sockets(f"/proc/{pid}/net/tcp") if line[2] == "0A"]
    ours = [local for local, inode, _ in listening if inode in _inodes(pid)]
    assert ours == [f"0100007F:{running.ports.ami:04X}"]
    udp = [local for local, inode, _ in _sockets(f"/proc/{pid}/net/udp") if inode in _inodes(pid)]
    assert f"0100007F:{running.ports.sip:04X}" in udp
    assert f"00000000:{running.ports.sip:04X}" not in udp


def test_manager_account_can_do_its_work_and_no_more(running: Instance) -> None:
    with (
        socket.create_connection(("127.0.0.1", running.ports.ami), timeout=5) as line,
        line.makefile("rw", newline="\r\n") as file,
    ):
        assert file.readline().startswith("Asterisk Call Manager/")
        login = f"Login\nUsername: ivr\nSecret: {running.ami_secret}\nEvents: off"
        assert _ask(file, login)["Response"] == "Success"
        assert _ask(file, "CoreStatus")["Response"] == "Success"
        assert _ask(file, "CoreShowChannels")["Response"] == "Success"
        for action in ("Originate\nChannel: Local/s@hotline", "Command\nCommand: core show help"):
            refused = _ask(file, action)
            assert (refused["Response"], refused["Message"]) == ("Error", "Permission denied")


def test_two_side_by_side(asterisk: Asterisk, running: Instance, tmp_path: Path) -> None:
    second = start_instance(
        asterisk, tmp_path / "second", Settings(ports=find_ports(), name="second")
    )
    try:
        point_at(second, "agi://127.0.0.1:9/a", "agi://127.0.0.1:9/b")
        assert read_pid(second.directory) != read_pid(running.directory)
        assert "IVR_AGI=agi://127.0.0.1:9/a&agi://127.0.0.1:9/b" in _globals(second)
        assert "127.0.0.1:9/" not in _globals(running)
        assert stop_instance(running.directory)
        assert read_status(second) is not None
    finally:
        stop_instance(second.directory)


def test_second_start_in_a_directory(asterisk: Asterisk, running: Instance) -> None:
    with pytest.raises(SetupError, match="already running") as caught:
        start_instance(asterisk, running.directory, Settings(ports=find_ports()))
    assert "ivr pbx stop" in caught.value.remedy
    assert read_status(running) is not None


def test_port_in_use(asterisk: Asterisk, running: Instance, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=f"UDP 127.0.0.1:{running.ports.sip}"):
        start_instance(asterisk, tmp_path / "late", Settings(ports=running.ports))
    assert not (tmp_path / "late").exists()


def test_directory_with_a_long_name(asterisk: Asterisk, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="too long"):
        start_instance(asterisk, tmp_path / ("x" * 100), Settings(ports=find_ports()))


def test_restart_after_a_kill(asterisk: Asterisk, running: Instance) -> None:
    pid = read_pid(running.directory)
    assert pid is not None
    os.kill(pid, 9)
    deadline = time.monotonic() + 5
    while read_pid(running.directory):
        assert time.monotonic() < deadline
    assert running.pid_file.exists()
    again = start_instance(asterisk, running.directory, Settings(ports=running.ports))
    assert read_pid(again.directory) not in (None, pid)


def test_asterisk_that_stands_still_is_ended(running: Instance) -> None:
    pid = read_pid(running.directory)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert stop_instance(running.directory, timeout=0.2)
    assert not _is_alive(pid)


def test_command_to_a_stopped_instance(running: Instance) -> None:
    stop_instance(running.directory)
    with pytest.raises(SetupError, match="does not answer"):
        run_command(running, "core show version")


def test_configuration_that_asterisk_refuses(asterisk: Asterisk, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(Path(__file__).resolve().parents[2] / "asterisk-conf", conf)
    (conf / "modules.conf").write_text("[modules]\nautoload = no\nrequire = res_nothing.so\n")
    with pytest.raises(SetupError, match=r"did not start cleanly: .*res_nothing"):
        start_instance(asterisk, tmp_path / "pbx", Settings(ports=find_ports()), conf=conf)
    assert read_pid(tmp_path / "pbx") is None


def test_install_from_the_cache_needs_no_archive(debs: Path, tmp_path: Path) -> None:
    shutil.copytree(debs, tmp_path / "debs", copy_function=os.link)
    installed = install_asterisk(tmp_path, mirror=NO_ARCHIVE, path="")
    assert installed.private
    assert installed.program.is_relative_to(tmp_path)
    assert installed.version >= FLOOR
    shutil.rmtree(tmp_path / "debs")
    assert install_asterisk(tmp_path, mirror=NO_ARCHIVE, path="") == installed


def test_a_changed_package_is_not_installed(debs: Path, tmp_path: Path) -> None:
    shutil.copytree(debs, tmp_path / "debs", copy_function=os.link)
    victim = next((tmp_path / "debs").glob("asterisk_*.deb"))
    changed = bytearray(victim.read_bytes())
    changed[-1] ^= 1
    victim.unlink()
    victim.write_bytes(changed)
    with pytest.raises(SetupError, match="no suite"):
        install_asterisk(tmp_path, mirror=NO_ARCHIVE, path="")
    assert not (tmp_path / "prefix").exists()


def test_two_installations_at_once(debs: Path, tmp_path: Path) -> None:
    shutil.copytree(debs, tmp_path / "debs", copy_function=os.link)
    program = (
        "import sys; from pathlib import Path\n"
        "from ivr.asterisk.pbx.prefix import install_asterisk\n"
        "found = install_asterisk(Path(sys.argv[1]), mirror=sys.argv[2], path='')\n"
        "print(found.version, found.program)"
    )
    command = [sys.executable, "-c", program, str(tmp_path), NO_ARCHIVE]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=50)[0].strip() for process in both]
    assert said[0] == said[1]
    assert said[0].endswith(str(tmp_path / "prefix/bin/asterisk"))
    assert {path.name for path in tmp_path.iterdir()} == {"debs", "prefix", "install.lock"}


def _globals(instance: Instance) -> str:
    return run_command(instance, "dialplan show globals").replace(" ", "")


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _sockets(table: str) -> list[tuple[str, str, str]]:
    """Local address, inode and state of every socket in a table of the kernel."""
    rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
    return [(row[1], row[9], row[3]) for row in rows]


def _inodes(pid: int | None) -> set[str]:
    links = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def _ask(manager: TextIO, action: str) -> dict[str, str]:
    """Send an action; return the headers of its response, passing over events."""
    manager.write(f"Action: {action}\n\n")
    manager.flush()
    while True:
        headers = {}
        while line := manager.readline().strip():
            name, _, value = line.partition(": ")
            headers[name] = value
        if "Response" in headers:
            return headers

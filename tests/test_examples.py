"""The files for systemd and logrotate say what the engine does, and systemd takes them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import click
import pytest

from ivr.cli import cli
from ivr.config import PREFIX, read_settings

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
UNIT = (EXAMPLES / "satu-pintu.service").read_text()
INSTALL = (EXAMPLES.parent / "install.md").read_text()


def read_unit(text: str) -> dict[str, list[str]]:
    """Every value of every setting, sections joined: no name stands in two of them."""
    found: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line
            continue
        name, equals, value = line.partition("=")
        assert section, line
        assert equals, line
        found[name].append(value)
    return found


SERVICE = read_unit(UNIT)
ENVIRONMENT = dict(one.split("=", 1) for one in SERVICE["Environment"])


def test_the_service_is_shut_in() -> None:
    wanted = {
        "ProtectSystem": "strict", "ProtectHome": "yes", "NoNewPrivileges": "yes",
        "LimitCORE": "0", "MemorySwapMax": "0", "UMask": "0027", "Restart": "always",
        "CapabilityBoundingSet": "", "PrivateTmp": "yes", "StateDirectoryMode": "0750",
    }  # fmt: skip
    assert {name: SERVICE[name] for name in wanted} == {n: [v] for n, v in wanted.items()}


def test_stopping_waits_for_the_drain() -> None:
    """docs/operations.md: the drain and 15 s more."""
    (limit,) = SERVICE["TimeoutStopSec"]
    assert 15 < float(limit) - float(ENVIRONMENT["IVR_DRAIN"]) <= 60


def test_its_settings_are_known_and_below_what_it_may_write() -> None:
    ours = {name: value for name, value in ENVIRONMENT.items() if name.startswith(PREFIX)}
    settings = read_settings({n: v.replace("%d", "/run/credentials/x") for n, v in ours.items()})
    known = {PREFIX + name.upper() for name in type(settings).__slots__}
    assert ours.keys() <= known
    assert settings.state == Path("/var/lib") / SERVICE["StateDirectory"][0]
    credentials = dict(one.split(":", 1) for one in SERVICE["LoadCredential"])
    used = {settings.key_file, settings.ami_secret}
    assert used == {Path("/run/credentials/x") / name for name in credentials}
    shut = (EXAMPLES / "satu-pintu.tmpfiles.conf").read_text()
    for source in credentials.values():
        assert re.search(rf"^z {source} +0600 root +root +-$", shut, re.M)
        assert f"> {source} )" in INSTALL


def test_what_the_unit_and_the_instructions_run_is_a_command_of_ours() -> None:
    """Every line parses with our own command line: its name, its options, their values."""
    lines = [line for name, ones in SERVICE.items() if name.startswith("Exec") for line in ones]
    lines += re.findall(r"/opt/satu-pintu/\.venv/bin/ivr .*", INSTALL)
    assert len(lines) == 2
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        assert program == f"{SERVICE['WorkingDirectory'][0]}/.venv/bin/ivr"
        with click.Context(cli, info_name="ivr") as context:
            name, command, rest = cli.resolve_command(context, words)
            assert command is not None, line
            command.make_context(name, rest, parent=context).close()


def test_each_file_is_installed_where_the_table_says() -> None:
    table = dict(re.findall(r"\(examples/(\S+)\) \| `([^`]+)`", INSTALL))
    loop = re.search(r"for line in (.*?);", INSTALL.replace("\\\n", " "))
    assert loop is not None
    told = {f"satu-pintu.{a}": f"/etc/{b}" for a, b in (w.split(":") for w in loop[1].split())}
    found = re.search(r"docs/examples/(asterisk\S+) (/\S+)", INSTALL.replace("\\\n  ", ""))
    assert found is not None
    told[found[1]] = found[2]
    table["satu-pintu.service"] += "satu-pintu.service"
    assert told == table


def test_asterisk_writes_no_core_dumps_either() -> None:
    drop_in = read_unit((EXAMPLES / "asterisk-satu-pintu.conf").read_text())
    assert drop_in["LimitCORE"] == ["0"]
    assert drop_in["SupplementaryGroups"] == SERVICE["Group"]


def test_tmpfiles_shut_everything_to_others() -> None:
    lines = [
        line.split()
        for line in (EXAMPLES / "satu-pintu.tmpfiles.conf").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert {line[0] for line in lines} <= {"d", "z"}
    assert all(int(line[2], 8) & 0o007 == 0 for line in lines)
    (recordings,) = [line for line in lines if line[1].endswith("/recordings")]
    assert int(recordings[2], 8) & 0o2070 == 0o2070


def test_logs_are_kept_for_a_time_and_shut() -> None:
    text = (EXAMPLES / "satu-pintu.logrotate").read_text()
    blocks = re.findall(r"^(/[^{]+)\{(.*?)^\}", text, re.M | re.S)
    named = {Path(path).name for paths, _ in blocks for path in paths.split()}
    assert named == {"messages.log", "security.log", "Master.csv"}
    for _, body in blocks:
        assert re.search(r"^\s+rotate 30$", body, re.M)
        assert re.search(r"^\s+create 0640 asterisk asterisk$", body, re.M)


@pytest.mark.parametrize("file", sorted(path.name for path in EXAMPLES.iterdir()))
def test_every_example_stands_in_the_instructions(file: str) -> None:
    assert f"(examples/{file})" in INSTALL


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Where systemd is not installed, the tests above are all there is."""
    analyze = shutil.which("systemd-analyze")
    runnable = UNIT.replace("/opt/satu-pintu/.venv/bin/ivr", "/bin/true")
    unit = tmp_path / "satu-pintu.service"
    unit.write_text(runnable.replace("WorkingDirectory=/opt/satu-pintu\n", ""))
    assert unit.read_text() != UNIT
    if analyze is not None:
        done = subprocess.run(
            [analyze, "verify", "--man=no", "--recursive-errors=no", str(unit)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

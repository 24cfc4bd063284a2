"""The pure parts of the local Asterisk, and its refusals that need no Asterisk."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from ivr.asterisk.pbx.config import CONF, Settings, read_conf, render_conf
from ivr.asterisk.pbx.debian import fetch_packages, parse_mirror, read_cache
from ivr.asterisk.pbx.ports import Ports
from ivr.asterisk.pbx.prefix import find_asterisk, install_asterisk
from ivr.asterisk.pbx.sounds import RATE, write_sounds
from ivr.asterisk.pbx.versions import Version, is_supported, parse_version
from ivr.errors import SetupError

SETTINGS = Settings(
    ports=Ports(sip=6001, ami=6002, rtp_first=6100, rtp_last=6199),
    engines=("agi://127.0.0.1:1/call", "agi://127.0.0.1:2/call"),
    sounds=Path("/sounds"),
    language="en",
    patience=3,
    limit=77,
    name="second",
)
PRINTED = """\
'http://mirror.example/debian-security/dists/bookworm-security/InRelease' a_InRelease 0 
'http://mirror.example/debian/dists/bookworm/InRelease' b_InRelease 0 
'http://mirror.example/debian/dists/bookworm-updates/InRelease' c_InRelease 0 
'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' d_Packages 0 
"""


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Asterisk 22.10.1\n", Version(22, 10, 1)),
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", Version(22, 10, 1)),
        ("1:22.9.0~dfsg-2", Version(22, 9, 0)),
        ("16.28.0~dfsg-0+deb11u4", Version(16, 28, 0)),
        ("Asterisk certified-20.7-cert1", None),
        ("Asterisk GIT-master-1234567M", None),
        ("", None),
    ],
)
def test_parse_version(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "supported"),
    [
        (Version(22, 10, 1), True),
        (Version(22, 10, 0), False),
        (Version(22, 9, 9), False),
        (Version(22, 11, 0), True),
        (Version(20, 99, 0), False),
        (Version(23, 0, 0), False),
    ],
)
def test_is_supported(version: Version, supported: bool) -> None:
    assert is_supported(version) is supported


def test_parse_mirror_passes_over_security_archives() -> None:
    assert parse_mirror(PRINTED) == "http://mirror.example/debian"


def test_parse_mirror_without_sources() -> None:
    assert parse_mirror("") is None


def test_render_replaces_the_directories_and_nothing_else() -> None:
    files = read_conf(CONF)
    rendered = render_conf(files, {"astlogdir": Path("/here/log")}, SETTINGS, "s3cret")
    assert rendered.keys() == files.keys()
    changed = {name for name in files if files[name] != rendered[name]}
    trunks = {name for name in files if name.startswith("local/trunk-")}
    local = {name for name in files if name.startswith("local/")} - trunks
    assert changed == {"asterisk.conf", *local}
    before, after = (text["asterisk.conf"].splitlines() for text in (files, rendered))
    lines = [new for old, new in zip(before, after, strict=True) if old != new]
    assert lines == ["astlogdir = /here/log", "systemname = second"]


def test_render_sets_all_that_the_shipped_local_files_set() -> None:
    files = read_conf(CONF)
    rendered = render_conf(files, {}, SETTINGS, "s3cret")
    for name in (name for name in files if name.startswith("local/")):
        # A comment in the shipped file is an offer; what is not one has to be set here too.
        assert _settings(files[name]) <= _settings(rendered[name]), name


def test_render_values() -> None:
    rendered = render_conf(read_conf(CONF), {}, SETTINGS, "s3cret")
    assert "bind = 127.0.0.1:6001\n" in rendered["local/pjsip.conf"]
    assert "rtpstart = 6100\nrtpend = 6199\n" in rendered["local/rtp.conf"]
    assert "port = 6002\n\n[ivr](engine)\nsecret = s3cret\n" in rendered["local/manager.conf"]
    assert rendered["local/extensions.conf"].splitlines()[1:] == [
        "IVR_AGI = agi://127.0.0.1:1/call&agi://127.0.0.1:2/call",
        "IVR_PATIENCE = 3",
        "IVR_LIMIT = 77",
        "IVR_LANGUAGE = en",
        "IVR_SOUNDS = /sounds",
    ]
    assert [name for name, text in rendered.items() if "s3cret" in text] == ["local/manager.conf"]


def test_read_conf_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=re.escape(str(tmp_path))):
        read_conf(tmp_path)


def test_shipped_configuration_opens_no_door() -> None:
    files = {name: _without_comments(text) for name, text in read_conf(CONF).items()}
    assert not re.search(
        "http|websocket|_ari|voicemail|curl|anonymous|identifier_user|func_shell|func_env|app_system"
        "|autoload *= *yes",
        files["modules.conf"],
    )
    assert not re.search(r"=>? *.*(dtmf|debug|verbose)", files["logger.conf"])
    assert not re.search(r"Dial\(|Local/|SHELL|System\(|PJSIP/", files["extensions.conf"])
    rights = re.findall(r"^(?:read|write) = (.*)$", files["manager.conf"], re.MULTILINE)
    assert {right for line in rights for right in line.split(",")} == {
        *("system", "call", "agent", "reporting")
    }
    assert "secret" not in "".join(files.values())
    assert "identify_by = ip\n" in files["pjsip.conf"]


def test_too_old_system_asterisk_is_named(tmp_path: Path) -> None:
    program = _write_asterisk(tmp_path, "Asterisk 20.15.2")
    with pytest.raises(SetupError) as caught:
        find_asterisk(tmp_path / "home", path=str(tmp_path))
    assert str(program) in str(caught.value)
    assert "20.15.2" in str(caught.value)
    assert "ivr pbx install" in caught.value.remedy


def test_system_asterisk_of_the_tested_series_is_taken(tmp_path: Path) -> None:
    program = _write_asterisk(tmp_path, "Asterisk 22.11.0")
    found = find_asterisk(tmp_path / "home", path=str(tmp_path))
    assert (found.program, found.version, found.private) == (program, Version(22, 11, 0), False)


def test_broken_system_asterisk_is_not_taken(tmp_path: Path) -> None:
    _write_asterisk(tmp_path, "no release at all")
    with pytest.raises(SetupError, match="unknown version"):
        find_asterisk(tmp_path / "home", path=str(tmp_path))


def test_system_asterisk_that_prints_bytes_is_not_taken(tmp_path: Path) -> None:
    program = _write_asterisk(tmp_path, "")
    program.write_text("#!/bin/sh\nprintf '\\377\\376'\n")
    with pytest.raises(SetupError, match="unknown version"):
        find_asterisk(tmp_path / "home", path=str(tmp_path))


def test_private_asterisk_without_its_modules_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "prefix/bin").mkdir(parents=True)
    _write_asterisk(tmp_path / "prefix/bin", "Asterisk 22.11.0")
    with pytest.raises(SetupError, match="ivr pbx install"):
        find_asterisk(tmp_path, path="")


def test_what_killed_installations_left_is_swept(tmp_path: Path) -> None:
    _write_asterisk(tmp_path, "Asterisk 22.11.0")
    home = tmp_path / "home"
    for name in (".prefix-a1b2/prefix/usr", ".apt-c3d4/debs", "debs"):
        (home / name).mkdir(parents=True)
    install_asterisk(home, path=str(tmp_path))
    assert {path.name for path in home.iterdir()} == {"debs", "install.lock"}


@pytest.mark.parametrize("damage", ["changed", "missing", "unreadable manifest", "no manifest"])
def test_damaged_cache_is_not_used(tmp_path: Path, damage: str) -> None:
    deb, manifest = tmp_path / "a_1_all.deb", tmp_path / "manifest.json"
    deb.write_bytes(b"abc")
    sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    manifest.write_text(json.dumps({"suite": "forky", "hashes": {deb.name: sha}}))
    whole = read_cache(tmp_path)
    assert whole is not None
    assert (whole.suite, whole.hashes) == ("forky", {deb.name: sha})
    match damage:
        case "changed":
            deb.write_bytes(b"abd")
        case "missing":
            deb.unlink()
        case "unreadable manifest":
            manifest.write_text("[")
        case _:
            manifest.unlink()
    assert read_cache(tmp_path) is None


def test_archive_without_the_suites(tmp_path: Path) -> None:
    archive = f"file:{tmp_path}/archive"
    with pytest.raises(SetupError, match="no suite of forky, sid offers Asterisk 22") as caught:
        fetch_packages(tmp_path / "debs", mirror=archive)
    assert caught.value.place == archive
    assert [path.name for path in tmp_path.iterdir()] == []


def test_unsigned_archive_is_refused(tmp_path: Path) -> None:
    suite = tmp_path / "archive/dists/forky"
    suite.mkdir(parents=True)
    (suite / "InRelease").write_text("Suite: forky\nCodename: forky\nComponents: main\n")
    with pytest.raises(SetupError, match="sign"):
        fetch_packages(tmp_path / "debs", mirror=f"file:{tmp_path}/archive", suites=("forky",))


def test_machine_without_apt(tmp_path: Path) -> None:
    assert "this machine has no apt-get" in _fetch_elsewhere(tmp_path, {"PATH": ""})


def test_machine_without_sources(tmp_path: Path) -> None:
    bare = tmp_path / "apt.conf"
    bare.write_text('Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "/dev/null";')
    said = _fetch_elsewhere(tmp_path, {"PATH": os.environ["PATH"], "APT_CONFIG": str(bare)})
    assert "apt names no Debian archive" in said
    assert "DEBIAN_MIRROR" in said


def test_sounds(tmp_path: Path) -> None:
    write_sounds(tmp_path)
    seconds = {}
    for path in tmp_path.rglob("*.wav"):
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            seconds[str(path.relative_to(tmp_path))] = file.getnframes() / RATE
    assert seconds["sounds/en/beep.wav"] == 0.2
    assert seconds["sounds/en/silence/7.wav"] == 7
    assert seconds["moh/waiting.wav"] == 4


def _write_asterisk(directory: Path, says: str) -> Path:
    """A program with the name of Asterisk that knows only its version."""
    program = directory / "asterisk"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


def _fetch_elsewhere(directory: Path, environment: dict[str, str]) -> str:
    """What a machine with this environment says when it is to fetch Asterisk."""
    program = (
        "import sys; from pathlib import Path\n"
        "from ivr.asterisk.pbx.debian import fetch_packages; from ivr.errors import SetupError\n"
        "try: fetch_packages(Path(sys.argv[1]))\n"
        "except SetupError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(directory / "debs")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _without_comments(text: str) -> str:
    return "\n".join(line.split(";")[0].rstrip() for line in text.splitlines()) + "\n"


def _settings(text: str) -> set[tuple[str, str]]:
    """Section and name of every setting."""
    found, section = set(), ""
    for line in _without_comments(text).splitlines():
        if line.startswith("["):
            section = line.split("]")[0]
        elif "=" in line:
            found.add((section, line.split("=")[0].strip()))
    return found

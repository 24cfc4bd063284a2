"""asterisk.conf, http.conf, and whether every file can be read at all."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.asterisk.doctor.config import Section, read_config
from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.logs import is_false, is_true
from ivr.asterisk.doctor.manager import place_of

READ = ("asterisk.conf", "logger.conf", "manager.conf", "modules.conf", "cdr.conf", "cel.conf",
        "cdr_custom.conf", "cli.conf", "http.conf", "pjsip.conf", "rtp.conf",
        "extensions.conf")  # fmt: skip
"""The files that these checks read."""

_ESSENTIAL = ("asterisk.conf", "logger.conf", "modules.conf", "pjsip.conf", "extensions.conf")


def check_syntax(files: Mapping[str, str]) -> list[Finding]:
    """Files that are missing, and lines that Asterisk would stumble over."""
    missing = [
        Finding(
            "config-syntax",
            "wrong",
            "this file is missing",
            name,
            "Copy it from asterisk-conf/ of the source.",
        )
        for name in _ESSENTIAL
        if name not in files
    ]
    broken = [
        Finding("config-syntax", "wrong", one.sentence, one.place, "Correct or take out the line.")
        for name in READ
        for one in read_config(name, files).problems
    ]
    return conclude("config-syntax", "every configuration file can be read", missing + broken)


def check_options(files: Mapping[str, str]) -> list[Finding]:
    """asterisk.conf [options]: no doors from inside, no core dumps, nothing verbose."""
    options = read_config("asterisk.conf", files).section("options")
    return [
        *_expect(
            options,
            "live-dangerously",
            "live_dangerously",
            wrong=is_true(options.get("live_dangerously", "no")),
            sentence="dialplan functions that read files or run programs are open to AMI and AGI",
            right="dialplan functions that reach files and programs are shut",
        ),
        *_expect(
            options,
            "console-shell",
            "disable_remote_console_shell",
            wrong=not is_true(options.get("disable_remote_console_shell", "no")),
            remedy="yes",
            sentence="whoever reaches Asterisk's console gets a shell by `!`",
            right="Asterisk's console gives no shell",
        ),
        *_expect(
            options,
            "core-dump",
            "dumpcore",
            wrong=is_true(options.get("dumpcore", "no")),
            sentence="a crash writes the memory of Asterisk to a file, callers' keys too",
            right="a crash of Asterisk writes no memory to a file",
        ),
        *_expect(
            options,
            "log-level",
            "verbose",
            wrong=not is_false(options.get("verbose", "0"))
            or not is_false(options.get("debug", "0")),
            remedy="0, debug likewise",
            sentence="Asterisk starts verbose or with debugging on",
            right="Asterisk starts without verbose and debug messages",
        ),
    ]


def _expect(
    options: Section,
    check: str,
    name: str,
    *,
    wrong: bool,
    sentence: str,
    right: str,
    remedy: str = "no",
) -> list[Finding]:
    place, how = place_of(options, name), f"Set {name} = {remedy} under [options]."
    found = [Finding(check, "wrong", sentence, place, how)] if wrong else []
    return conclude(check, right, found)


def check_http(files: Mapping[str, str]) -> list[Finding]:
    """http.conf: Asterisk's own web server is off."""
    general = read_config("http.conf", files).section("general")
    found = []
    if is_true(general.get("enabled", "no")):
        found = [
            Finding(
                "http-off",
                "wrong",
                "Asterisk's own web server is on",
                place_of(general, "enabled"),
                "Set enabled = no; nothing here needs it.",
            )
        ]
    return conclude("http-off", "Asterisk's own web server is off", found)

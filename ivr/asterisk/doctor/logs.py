"""Where Asterisk would write the keys that callers press: log files, its console, its queue log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.asterisk.doctor.config import Setting, read_config
from ivr.asterisk.doctor.finding import Finding, conclude

TELLING = ("dtmf", "verbose", "debug", "full", "trace", "*")
"""Log levels that carry keys: `dtmf` each of them, `verbose` what Read() got and every argument of
an application, `debug` both; `*` is all levels."""

_STARTUP = re.compile(
    r"(agi set debug|core set (verbose|debug)|pjsip set (logger|history)|rtp set debug"
    r"|manager set debug|dialplan set debug|logger (add|set level))\b(?!.*\b(off|0)\s*$)"
)


def check_logs(files: Mapping[str, str]) -> list[Finding]:
    """logger.conf: no file and no remote log may take keys."""
    section = read_config("logger.conf", files).section("logfiles")
    return conclude(
        "log-digits",
        "no log takes the levels that carry callers' keys",
        (finding for one in section.settings for finding in _judge_log(one)),
    )


def _judge_log(setting: Setting) -> Iterator[Finding]:
    levels = re.sub(r"^\[[^\]]*\]", "", setting.value)
    words = {re.sub(r"\(.*", "", word.strip()) for word in levels.lower().split(",")}
    if telling := sorted(words & set(TELLING)):
        yield Finding(
            "log-digits",
            "wrong",
            f"the log {setting.name} takes {', '.join(telling)}, which carry callers' keys",
            setting.place,
            "Leave notice,warning,error there, then run `logger reload` on Asterisk's console.",
        )


def check_queue_log(files: Mapping[str, str]) -> list[Finding]:
    """The queue log holds the number of each caller who waits (ENTERQUEUE, app_queue.c)."""
    setting = read_config("logger.conf", files).section("general").find("queue_log")
    found = []
    if setting is None or not is_false(setting.value):
        found = [
            Finding(
                "log-queue",
                "wrong",
                "the queue log writes the number of each caller who waits",
                setting.place if setting else "logger.conf",
                "Set queue_log = no under [general]; the engine's journal tells of every transfer.",
            )
        ]
    return conclude("log-queue", "the queue log, which holds callers' numbers, is off", found)


def check_startup(files: Mapping[str, str]) -> list[Finding]:
    """cli.conf: commands that Asterisk runs by itself at each start must switch no debugging on.

    Nothing tells whether somebody has said `agi set debug on` since. It writes to the console and
    to logs of level verbose, so with `log-digits` in order it reaches no file.
    """
    section = read_config("cli.conf", files).section("startup_commands")
    return conclude(
        "console-startup",
        "no command at the start switches on what shows callers' keys",
        (
            Finding(
                "console-startup",
                "wrong",
                f"at each start Asterisk runs {one.name!r}, which shows callers' keys",
                one.place,
                "Take the line out of [startup_commands].",
            )
            for one in section.settings
            if not is_false(one.value) and _STARTUP.match(one.name.lower())
        ),
    )


def is_false(value: str) -> bool:
    """As ast_false() in main/utils.c."""
    return value.strip().lower() in ("no", "false", "n", "f", "0", "off")


def is_true(value: str) -> bool:
    """As ast_true() in main/utils.c."""
    return value.strip().lower() in ("yes", "true", "y", "t", "1", "on")

"""extensions.conf: the way to the engine is there, and no other way is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ivr.asterisk.doctor.config import Section, read_config
from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.manager import is_loopback, place_of

VARIABLES = ("IVR_AGI", "IVR_PATIENCE", "IVR_LIMIT", "IVR_LANGUAGE", "IVR_SOUNDS")
_STEPS = {
    "StoreDTMF(RX,IVR_KEYS)": "keys between two commands of the engine are lost",
    "AGI(": "no engine is asked",
    "AGISIGHUP=yes": "the engine is not told of a hangup",
    "TIMEOUT(absolute)": "a call may last for ever",
    "IVR_DONE": "an engine that died is taken for one that finished",
}
_DOORS = re.compile(
    r"\b(System|TrySystem|SHELL|EXEC|ExternalIVR|Originate|DISA)\s*\(|\bFILE\s*\(", re.IGNORECASE
)
_FROM_CALLER = re.compile(
    r"\b(Dial|RetryDial|Goto|Gosub|Transfer)\([^)]*\$\{(CALLERID|IVR_KEYS|PJSIP_HEADER)"
    r"|\b(Dial|RetryDial|Transfer)\([^)]*\$\{IVR_DIALLED",
    re.IGNORECASE,
)
_DIALLED = re.compile(r"\b(Dial|RetryDial|Transfer)\([^)]*\$\{EXTEN\b", re.IGNORECASE)
"""In [hotline] EXTEN is what the caller dialled."""
_OPEN = ("include", "switch", "lswitch", "eswitch")
"""Settings of a context that let its callers dial into another one (pbx/pbx_config.c)."""


def check_dialplan(files: Mapping[str, str]) -> list[Finding]:
    """[globals], [hotline] and what calls could reach."""
    config = read_config("extensions.conf", files)
    variables, hotline = config.section("globals"), config.section("hotline")
    return [
        *conclude("dialplan-hotline", "[hotline] brings callers to the engine", _hotline(hotline)),
        *conclude(
            "dialplan-variables", "[globals] says all that [hotline] needs", _known(variables)
        ),
        *_check_engines(variables),
        *conclude("dialplan-doors", "no call can run a program or choose a way", _doors(files)),
    ]


def engines(files: Mapping[str, str]) -> list[str]:
    """The AGI addresses that calls are sent to."""
    written = read_config("extensions.conf", files).section("globals").get("IVR_AGI")
    return [one for one in written.split("&") if one]


def _hotline(hotline: Section) -> Iterator[Finding]:
    said = " ".join(one.value for one in hotline.settings)
    remedy = "Take [hotline] from asterisk-conf/extensions.conf."
    if not hotline.settings:
        sentence = "there is no [hotline], so no call reaches an engine"
        yield Finding("dialplan-hotline", "wrong", sentence, hotline.place, remedy)
        return
    for step, sentence in _STEPS.items():
        if step not in said:
            told = f"[hotline] has no {step.rstrip('(')}: {sentence}"
            yield Finding("dialplan-hotline", "wrong", told, hotline.place, remedy)


def _known(variables: Section) -> Iterator[Finding]:
    for name in VARIABLES:
        if not variables.get(name):
            sentence = f"[globals] has no {name}"
            remedy = "Set it as asterisk-conf/local/extensions.conf shows."
            yield Finding("dialplan-variables", "wrong", sentence, variables.place, remedy)
    for name in ("IVR_PATIENCE", "IVR_LIMIT"):
        if variables.get(name) and not variables.get(name).isdecimal():
            place, remedy = place_of(variables, name), "Give whole seconds."
            yield Finding("dialplan-variables", "wrong", f"{name} is no number", place, remedy)


def _check_engines(variables: Section) -> list[Finding]:
    place = place_of(variables, "IVR_AGI")
    outside = [
        Finding(
            "agi-address",
            "wrong",
            f"calls are sent to {host or 'nowhere'} by a protocol without password or encryption",
            place,
            "Use an address of loopback (127.0.0.1), with a tunnel behind it if need be.",
        )
        for one in variables.get("IVR_AGI").split("&")
        if one and not is_loopback(host := _host_of(one))
    ]
    return conclude("agi-address", "calls are sent to engines on loopback only", outside)


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _doors(files: Mapping[str, str]) -> Iterator[Finding]:
    for section in read_config("extensions.conf", files).real():
        callers = section.name.lower() == "hotline"
        for one in section.settings:
            if _DOORS.search(one.value):
                sentence, remedy = "this line runs a program or opens a file", "Take it out."
                yield Finding("dialplan-doors", "wrong", sentence, one.place, remedy)
            elif _FROM_CALLER.search(one.value) or (callers and _DIALLED.search(one.value)):
                sentence = "this line goes where something from the caller says"
                remedy = "Write the destination down."
                yield Finding("dialplan-doors", "wrong", sentence, one.place, remedy)
            elif callers and one.name.lower() in _OPEN:
                sentence = f"[hotline] includes {one.value}: callers can dial into it"
                remedy = f"Take the {one.name} out."
                yield Finding("dialplan-doors", "wrong", sentence, one.place, remedy)

"""Each check of the configuration is right on the shipped files and catches its own fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.asterisk.doctor.examine import examine_conf
from ivr.asterisk.doctor.finding import Finding
from ivr.asterisk.doctor.machine import LEAST_FREE, Machine, Place, check_machine
from ivr.asterisk.pbx.config import CONF, Settings, read_conf, render_conf

SECRET = "x" * 32
FILES = render_conf(read_conf(CONF), {}, Settings(), SECRET)
"""The shipped files with the account and addresses of a local instance."""

DOCUMENT = (CONF.parent / "docs" / "doctor.md").read_text()

BROKEN = [
    # check, file, text that is replaced (empty: added at the end), by what
    ("config-syntax", "logger.conf", "queue_log = no", "queue log"),
    ("config-syntax", "manager.conf", '#include "local/manager.conf"', '#include "gone.conf"'),
    ("config-syntax", "extensions.conf", "", "#exec /bin/true\n"),
    ("live-dangerously", "asterisk.conf", "live_dangerously = no", "live_dangerously = yes"),
    ("console-shell", "asterisk.conf", "disable_remote_console_shell = yes", ""),
    ("core-dump", "asterisk.conf", "hideconnect = yes", "dumpcore = yes"),
    ("log-level", "asterisk.conf", "hideconnect = yes", "verbose = 3"),
    ("log-level", "asterisk.conf", "hideconnect = yes", "debug = 1"),
    ("modules-autoload", "modules.conf", "autoload = no", "autoload = yes"),
    ("modules-autoload", "modules.conf", "autoload = no", ""),
    ("modules-unwanted", "modules.conf", "", "load = res_ari.so\n"),
    ("modules-unwanted", "modules.conf", "", "require = chan_unistim\n"),
    ("http-off", "http.conf", "enabled = no", "enabled = yes"),
    ("log-digits", "logger.conf", "", "full = notice,warning,error,verbose\n"),
    ("log-digits", "logger.conf", "", "keys.log => DTMF\n"),
    ("log-digits", "logger.conf", "", "all.json => [json]debug(2),error\n"),
    ("log-digits", "logger.conf", "", "syslog.local0 = *\n"),
    ("log-queue", "logger.conf", "queue_log = no", "queue_log = yes"),
    ("log-queue", "logger.conf", "queue_log = no", ""),
    ("console-startup", "cli.conf", "", "[startup_commands]\nagi set debug on = yes\n"),
    ("console-startup", "cli.conf", "", "[startup_commands]\ncore set verbose 5 = yes\n"),
    ("cdr-number", "modules.conf", "", "load = cdr_csv.so\n"),
    ("cdr-number", "cdr_custom.conf", "", "Other.csv => ${CDR(src)}\n"),
    ("cdr-number", "cdr_custom.conf", "", "Other.csv => ${CALLERID(num)}\n"),
    ("cel-off", "cel.conf", "enable = no", "enable = yes"),
    ("ami-account", "manager.conf", "enabled = yes", "enabled = no"),
    ("ami-account", "local/manager.conf", "[ivr](engine)", ";"),
    ("ami-address", "local/manager.conf", "127.0.0.1", "0.0.0.0"),
    ("ami-address", "local/manager.conf", "bindaddr = 127.0.0.1", ""),
    ("ami-web", "manager.conf", "webenabled = no", "webenabled = yes"),
    ("ami-origin", "manager.conf", "deny = ::/0", ""),
    ("ami-origin", "manager.conf", "permit = 127.0.0.1/255.255.255.255", "permit = 10.0.0.0/8"),
    ("ami-classes", "manager.conf", "read = system", "read = dtmf,system"),
    ("ami-classes", "manager.conf", "write = call", "write = originate,call"),
    ("ami-classes", "local/manager.conf", "", "read = all\n"),
    ("ami-events", "manager.conf", "eventfilter(action(include),name(Hangup)) =", ""),
    ("ami-events", "manager.conf", "name(Hangup)", "name(Newchannel)"),
    ("ami-secret", "local/manager.conf", SECRET, "short"),
    ("sip-anonymous", "pjsip.conf", "endpoint_identifier_order = ip", ""),
    ("sip-anonymous", "pjsip.conf", "", "[anonymous]\ntype = endpoint\nallow = ulaw\n"),
    ("sip-address", "local/pjsip.conf", "127.0.0.0/8", "0.0.0.0/0"),
    ("sip-address", "local/pjsip.conf", "type = identify", "type = acl"),
    ("sip-keys", "pjsip.conf", "dtmf_mode = rfc4733", "dtmf_mode = none"),
    ("sip-endpoint", "pjsip.conf", "direct_media = no", "direct_media = yes"),
    ("sip-endpoint", "pjsip.conf", "allow_transfer = no", ""),
    ("sip-tls", "local/pjsip.conf", "bind = 127.0.0.1", "bind = 0.0.0.0"),
    ("rtp-strict", "rtp.conf", "strictrtp = yes", "strictrtp = no"),
    ("dialplan-hotline", "extensions.conf", "[hotline]", "[other]"),
    ("dialplan-hotline", "extensions.conf", "StoreDTMF(RX,IVR_KEYS)", "NoOp()"),
    ("dialplan-variables", "local/extensions.conf", "IVR_LIMIT = 1800", ""),
    ("dialplan-variables", "local/extensions.conf", "IVR_PATIENCE = 8", "IVR_PATIENCE = long"),
    ("agi-address", "local/extensions.conf", "agi://127.0.0.1", "agi://192.0.2.7"),
    ("agi-address", "local/extensions.conf", "agi://127.0.0.1", "agi://engine"),
    ("dialplan-doors", "extensions.conf", "", "[x]\nexten = 1,1,System(true)\n"),
    ("dialplan-doors", "extensions.conf", "", "[x]\nexten = 1,1,Dial(PJSIP/${CALLERID(num)})\n"),
    ("dialplan-doors", "extensions.conf", "", "[x]\nexten = 1,1,dial(PJSIP/${CALLERID(num)})\n"),
    ("dialplan-doors", "extensions.conf", "", "[x]\nexten = 1,1,Dial(PJSIP/${IVR_DIALLED}@out)\n"),
    ("dialplan-doors", "extensions.conf", "same = n,Hangup()",
     "same = n(done),Dial(PJSIP/${EXTEN:1}@out)"),
    ("dialplan-doors", "extensions.conf", "", "[hotline](+)\ninclude => outbound\n"),
    ("dialplan-doors", "extensions.conf", "", "[hotline](+)\nswitch => Realtime/all\n"),
]  # fmt: skip


def levels(findings: list[Finding], check: str) -> list[str]:
    return [one.level for one in findings if one.check == check]


def test_a_local_instance_is_right() -> None:
    assert [one.tell() for one in examine_conf(FILES) if one.level != "right"] == []


def test_the_shipped_files_have_nothing_wrong() -> None:
    """The account is not there yet, and the trunk speaks plain SIP: two notes."""
    told = examine_conf(read_conf(CONF))
    assert [one.check for one in told if one.level == "note"] == ["ami-account", "sip-tls"]
    assert [one.tell() for one in told if one.level == "wrong"] == []


@pytest.mark.parametrize(("check", "file", "old", "new"), BROKEN)
def test_a_broken_file_is_caught(check: str, file: str, old: str, new: str) -> None:
    text = FILES.get(file, "")
    assert old in text
    changed = text.replace(old, new) if old else text + new
    told = [one for one in examine_conf({**FILES, file: changed}) if one.level != "right"]
    assert check in {one.check for one in told}
    (first, *_) = [one for one in told if one.check == check]
    assert first.place.partition(":")[0] in FILES.keys() | {file}
    assert first.remedy


def test_every_file_that_is_needed_is_missed() -> None:
    without = {name: text for name, text in FILES.items() if name != "logger.conf"}
    assert "wrong" in levels(examine_conf(without), "config-syntax")


PRIVATE = Place("/srv/store", 0o750, 0, (0o755, 0o755))
MACHINE = Machine(
    private=[PRIVATE, Place("/srv/new", None)],
    configuration={"local/manager.conf": Place("/etc/asterisk/local/manager.conf", 0o640)},
    free={"/srv": LEAST_FREE},
    core_limits={"Asterisk": 0},
    swap=False,
    clock_kept=True,
    zones={"Asia/Jakarta": True},
    sounds={"/srv/last-words/id/apology": True},
)

SPOILED = [
    ("private-places", {"private": [Place("/srv/store", 0o755, 0, (0o755,))]}),
    ("private-places", {"private": [Place("/srv/store", 0o750, 4711, (0o755,))]}),
    ("secret-files", {"configuration": {"local/manager.conf": Place("x", 0o644)}}),
    ("disk", {"free": {"/srv": LEAST_FREE - 1}}),
    ("core-limit", {"core_limits": {"Asterisk": None}}),
    ("swap", {"swap": True}),
    ("swap", {"swap": None}),
    ("clock", {"clock_kept": False}),
    ("clock", {"clock_kept": None}),
    ("time-zone", {"zones": {"Asia/Jakarta": False}}),
    ("last-words", {"sounds": {"/srv/last-words/id/apology": False}}),
]


def test_a_good_machine_is_right() -> None:
    assert [one.tell() for one in check_machine(MACHINE, FILES) if one.level != "right"] == []


@pytest.mark.parametrize(("check", "change"), SPOILED)
def test_a_spoiled_machine_is_caught(check: str, change: dict[str, object]) -> None:
    fields = {name: getattr(MACHINE, name) for name in Machine.__slots__}
    told = check_machine(Machine(**{**fields, **change}), FILES)
    assert {one.check for one in told if one.level != "right"} == {check}


def test_what_lies_in_a_shut_directory_is_shut() -> None:
    assert not Place("/srv/a/b", 0o777, 0, (0o700, 0o755)).open_to_others
    assert not Place("/srv/a/b", -1).open_to_others


def test_every_check_is_documented() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.M))
    source = "".join(
        path.read_text()
        for place in ("ivr/asterisk/doctor", "ivr/cli")
        for path in Path(CONF.parent, place).glob("*.py")
        if "doctor" in str(path)
    )
    asked = re.compile(
        r'(?:conclude\(|Finding\(|_wrong\(|_from_error\()\s*"([a-z-]+)",|'
        r'_expect\(\s*options,\s*"([a-z-]+)"'
    )
    assert {one or other for one, other in asked.findall(source)} == documented


def test_every_documented_check_of_files_has_a_broken_case() -> None:
    part = DOCUMENT.partition("## Files")[2].partition("## Engine")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", part, re.M)) == {case[0] for case in BROKEN}

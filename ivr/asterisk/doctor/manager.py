"""The manager interface (AMI): who may log in, from where, and what they get to see and do."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from ivr.asterisk.doctor.config import Config, Section, read_config
from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.logs import is_true

_READ = {
    "all": "everything, keys too",
    "dtmf": "each key that a caller presses",
    "dialplan": "every channel variable, IVR_KEYS too",
    "agi": "the commands and replies of the engine",
    "verbose": "what Asterisk would write to its console",
    "log": "what Asterisk would write to its logs",
}
_WRITE = {
    "all": "everything",
    "command": "every console command",
    "originate": "calls to anywhere and, through them, programs (CVE-2024-42365)",
    "config": "reading and writing configuration files",
    "agi": "AGI commands in any call",
    "dialplan": "changes to the dialplan",
}
_FILTER = "Give it the line: eventfilter(action(include),name(Hangup)) ="
LEAST_SECRET = 24
"""Characters of a manager secret: 32 random ones are recommended, 24 of Base64 have 144 bits."""


def check_manager(files: Mapping[str, str]) -> list[Finding]:
    """All checks of manager.conf."""
    config = read_config("manager.conf", files)
    general = config.section("general")
    if not is_true(general.get("enabled", "no")):
        return [
            Finding(
                "ami-account",
                "note",
                "the manager interface is off, so the engine cannot mute recordings by it",
                general.place,
                "Set enabled = yes under [general] and add an account.",
            )
        ]
    users = [section for section in config.real() if section.name.lower() != "general"]
    doors = [*_check_address(general), *_check_web(general), *_check_accounts(config, users)]
    if not users:
        return doors
    return [
        *doors,
        *_check_origin(users),
        *_check_classes(users),
        *_check_events(users),
        *_check_secrets(users),
    ]


def _check_address(general: Section) -> list[Finding]:
    address = general.get("bindaddr", "0.0.0.0")  # what Asterisk takes without it
    found = []
    if not is_loopback(address):
        found = [
            Finding(
                "ami-address",
                "wrong",
                f"the manager interface listens on {address}, which others can reach",
                place_of(general, "bindaddr"),
                "Set bindaddr = 127.0.0.1; reach it from elsewhere through a tunnel only.",
            )
        ]
    return conclude("ami-address", "the manager interface listens on loopback only", found)


def _check_web(general: Section) -> list[Finding]:
    found = []
    if is_true(general.get("webenabled", "no")):
        found = [
            Finding(
                "ami-web",
                "wrong",
                "the manager interface can be reached over HTTP",
                place_of(general, "webenabled"),
                "Set webenabled = no.",
            )
        ]
    return conclude("ami-web", "the manager interface cannot be reached over HTTP", found)


def _check_accounts(config: Config, users: list[Section]) -> list[Finding]:
    if users:
        names = ", ".join(user.name for user in users)
        return [Finding("ami-account", "right", f"the manager interface knows: {names}")]
    return [
        Finding(
            "ami-account",
            "note",
            "the manager interface has no account, so the engine cannot mute recordings by it",
            config.name,
            "Add one as local/manager.conf shows, and make that file readable by its owner alone.",
        )
    ]


def _check_origin(users: list[Section]) -> list[Finding]:
    return conclude(
        "ami-origin",
        "manager accounts are refused from everywhere but loopback",
        (
            Finding(
                "ami-origin",
                "wrong",
                f"the account {user.name} can log in from elsewhere: {why}",
                user.place,
                "Give it deny = 0.0.0.0/0.0.0.0, deny = ::/0 and permit = 127.0.0.1.",
            )
            for user in users
            if (why := _judge_origin(user))
        ),
    )


def _judge_origin(user: Section) -> str:
    """What is missing, or nothing; an `acl` of acl.conf does not count as proof."""
    denied = {one.value.replace(" ", "") for one in user.all("deny")}
    if not denied & {"0.0.0.0/0.0.0.0", "0.0.0.0/0"} or "::/0" not in denied:
        return "it does not deny 0.0.0.0/0.0.0.0 and ::/0"
    outside = [one.value for one in user.all("permit") if not _is_loopback_network(one.value)]
    return f"it permits {', '.join(outside)}" if outside else ""


def _check_classes(users: list[Section]) -> list[Finding]:
    return conclude(
        "ami-classes",
        "no manager account sees keys or can do more than an engine needs",
        (
            finding
            for user in users
            for way, table in (("read", _READ), ("write", _WRITE))
            for finding in _judge_classes(user, way, table)
        ),
    )


def _judge_classes(user: Section, way: str, table: Mapping[str, str]) -> Iterator[Finding]:
    setting = user.find(way)
    for word in (setting.value if setting else "").split(","):
        if (name := word.strip().lower()) in table:
            yield Finding(
                "ami-classes",
                "wrong",
                f"the account {user.name} has {way} = {name}: {table[name]}",
                setting.place if setting else user.place,
                f"Take {name} out of {way}.",
            )


def _check_events(users: list[Section]) -> list[Finding]:
    return conclude(
        "ami-events",
        "no manager account is sent more events than the engine reads",
        (
            Finding("ami-events", "note", f"the account {user.name} {why}", user.place, _FILTER)
            for user in users
            if (why := _judge_events(user))
        ),
    )


def _judge_events(user: Section) -> str:
    """What is not as an engine needs it, or nothing; other filters beside `Hangup` are allowed."""
    filters = [one for one in user.settings if one.name.lower().startswith("eventfilter")]
    if not filters:
        return "is sent every event, an engine reads Hangup alone"
    if not any("hangup" in f"{one.name}{one.value}".lower() for one in filters):
        return "is never told of a hangup, which an engine needs"
    return ""


def _check_secrets(users: list[Section]) -> list[Finding]:
    return conclude(
        "ami-secret",
        "manager secrets are long enough",
        (
            Finding(
                "ami-secret",
                "wrong",
                f"the secret of the account {user.name} has {len(user.get('secret'))} characters",
                place_of(user, "secret"),
                f"Set one of {LEAST_SECRET} random characters or more: openssl rand -base64 24",
            )
            for user in users
            if len(user.get("secret")) < LEAST_SECRET
        ),
    )


def place_of(section: Section, name: str) -> str:
    """Where a setting stands, or its section when it is not set."""
    found = section.find(name)
    return section.place if found is None else found.place


def is_loopback(host: str) -> bool:
    """Whether a literal address is of this machine alone; a name may become any address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_loopback_network(written: str) -> bool:
    try:
        return ipaddress.ip_network(written.replace(" ", ""), strict=False).is_loopback
    except ValueError:
        return False

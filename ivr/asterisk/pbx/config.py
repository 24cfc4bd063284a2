"""The configuration of one local Asterisk, made from `asterisk-conf/`. Pure but for reading it.

The files of `asterisk-conf/` are taken as they are. Only `asterisk.conf` (directories, name) and
the small files of `asterisk-conf/local/` (addresses, ports, secret) differ from machine to machine,
and only those are written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.asterisk.pbx.ports import Ports
from ivr.errors import SetupError

CONF = Path(__file__).resolve().parents[3] / "asterisk-conf"
"""The configuration that comes with the source."""

_SETTING = re.compile(r"^(?P<name>[a-z]+) = .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may choose for a local Asterisk."""

    ports: Ports = field(default_factory=Ports)
    engines: tuple[str, ...] = ("agi://127.0.0.1:4573/call",)
    """Where the engines listen, in the order in which they are tried."""
    sounds: Path = Path("/var/lib/satu-pintu/sounds")
    """Holds `<language>/apology` and `<language>/time-over`; they may be missing."""
    language: str = "id"
    """Of the apology, until the engine knows the caller's."""
    patience: int = 8
    """Seconds without any engine until the caller hears the apology."""
    limit: int = 1800
    """Seconds until a call is ended whatever happens."""
    officers: Mapping[str, int] = field(default_factory=dict)
    """Officers' telephones on the loopback: their endpoints' names and their SIP ports."""
    queues: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"officers": ()})
    """Waiting lines and the officers who serve them."""
    languages: tuple[str, ...] = ("id", "en")
    """Whose announcements Asterisk finds below `sounds`."""
    name: str = "pintu"
    """Stands in front of every UNIQUEID. Two Asterisks of one engine need two names."""


def read_conf(conf: Path) -> dict[str, str]:
    """The text of every file of a configuration directory by its name, `local/rtp.conf` among them.

    Raises `SetupError` when there is no configuration.
    """
    files = {str(path.relative_to(conf)): path.read_text() for path in conf.rglob("*.conf")}
    if "asterisk.conf" not in files:
        raise SetupError(
            "there is no asterisk.conf",
            place=str(conf),
            remedy="Name a directory with Asterisk's configuration.",
        )
    return files


def render_conf(
    files: Mapping[str, str], directories: Mapping[str, Path], settings: Settings, secret: str
) -> dict[str, str]:
    """The files of one instance: those given, with what differs from machine to machine replaced.

    `directories` maps names of the [directories] section (`astlogdir`) to paths; names that are
    missing keep their value. `secret` is the password of the AMI account `ivr`.
    """
    values = {name: str(path) for name, path in directories.items()} | {"systemname": settings.name}
    return {
        **files,
        "asterisk.conf": _replace(files["asterisk.conf"], values),
        "local/pjsip.conf": _pjsip(settings.ports) + _officers(settings.officers),
        "local/queues.conf": _queues(settings.queues),
        "local/rtp.conf": _rtp(settings.ports),
        "local/manager.conf": _manager(settings.ports, secret),
        "local/extensions.conf": _globals(settings),
    }


def _replace(text: str, values: Mapping[str, str]) -> str:
    def line(found: re.Match[str]) -> str:
        name = found["name"]
        return f"{name} = {values[name]}" if name in values else found[0]

    return _SETTING.sub(line, text)


def _pjsip(ports: Ports) -> str:
    return f"""[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{ports.sip}

[trunk-address]
type = identify
endpoint = trunk
match = 127.0.0.0/8

[trunk](+)
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
"""


def _officers(officers: Mapping[str, int]) -> str:
    return "".join(
        f"\n[{name}](officer)\naors = {name}\n"
        f"\n[{name}](officer-address)\ncontact = sip:{name}@127.0.0.1:{port}\n"
        for name, port in officers.items()
    )


def _queues(queues: Mapping[str, tuple[str, ...]]) -> str:
    return "\n".join(
        "".join([f"[{name}](officers)\n", *(f"member = PJSIP/{one}\n" for one in members)])
        for name, members in queues.items()
    )


def _rtp(ports: Ports) -> str:
    return f"[general](+)\nrtpstart = {ports.rtp_first}\nrtpend = {ports.rtp_last}\n"


def _manager(ports: Ports, secret: str) -> str:
    return (
        f"[general](+)\nbindaddr = 127.0.0.1\nport = {ports.ami}\n\n"
        f"[ivr](engine)\nsecret = {secret}\n"
    )


def _globals(settings: Settings) -> str:
    return (
        "[globals]\n"
        f"IVR_AGI = {'&'.join(settings.engines)}\n"
        f"IVR_PATIENCE = {settings.patience}\n"
        f"IVR_LIMIT = {settings.limit}\n"
        f"IVR_LANGUAGE = {settings.language}\n"
        f"IVR_SOUNDS = {settings.sounds}\n"
    )

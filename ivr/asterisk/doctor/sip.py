"""pjsip.conf and rtp.conf: who may call in, how keys and sound arrive."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from ivr.asterisk.doctor.config import Config, Section, read_config
from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.logs import is_false, is_true
from ivr.asterisk.doctor.manager import is_loopback, place_of

KEYS = ("rfc4733", "auto", "auto_info", "info", "inband")
"""Ways in which keys can arrive. docs/trunk.md says when each is right."""

_WIDE = 8
"""A network of IPv4 that is wider than this is no provider's."""


def check_sip(files: Mapping[str, str]) -> list[Finding]:
    """All checks of pjsip.conf and rtp.conf."""
    config = read_config("pjsip.conf", files)
    return [
        *conclude("sip-anonymous", "nobody is let in without being known", _anonymous(config)),
        *conclude("sip-address", "callers are known by the trunk's addresses", _addresses(config)),
        *conclude("sip-keys", "keys can arrive on every endpoint", _keys(config)),
        *conclude(
            "sip-endpoint", "endpoints give the sound and the caller to no one", _ways(config)
        ),
        *_transports(config),
        *conclude("rtp-strict", "sound is taken from one address a call", _rtp(files)),
    ]


def _of(config: Config, kind: str) -> list[Section]:
    return [one for one in config.real() if one.get("type").lower() == kind]


def _anonymous(config: Config) -> Iterator[Finding]:
    for endpoint in _of(config, "endpoint"):
        if endpoint.name.lower().startswith("anonymous"):
            yield Finding(
                "sip-anonymous",
                "wrong",
                "there is an endpoint for anonymous callers",
                endpoint.place,
                "Delete it: calls come from the trunk's addresses only.",
            )
    settings = config.section("global")
    order = settings.get("endpoint_identifier_order", "ip,username,anonymous")
    if {word.strip() for word in order.split(",")} != {"ip"}:
        yield Finding(
            "sip-anonymous",
            "wrong",
            f"callers are known by {order}, not by address alone",
            place_of(settings, "endpoint_identifier_order"),
            "Set endpoint_identifier_order = ip under [global].",
        )


def _addresses(config: Config) -> Iterator[Finding]:
    matches = [match for one in _of(config, "identify") for match in one.all("match")]
    if not matches:
        place, remedy = config.name, "Add a section of type identify with the trunk's addresses."
        yield Finding("sip-address", "wrong", "no trunk address is known", place, remedy)
    for match in matches:
        for word in match.value.split(","):
            if _is_wide(word.strip()):
                yield Finding(
                    "sip-address",
                    "wrong",
                    f"{word.strip()} lets half the world call in",
                    match.place,
                    "Name the trunk's own addresses.",
                )


def _is_wide(written: str) -> bool:
    try:
        network = ipaddress.ip_network(written, strict=False)
    except ValueError:
        return False
    least = _WIDE if network.version == 4 else 32
    return network.prefixlen < least


def _keys(config: Config) -> Iterator[Finding]:
    for endpoint in _of(config, "endpoint"):
        mode = endpoint.get("dtmf_mode", "rfc4733").lower()
        if mode not in KEYS:
            yield Finding(
                "sip-keys",
                "wrong",
                f"no key arrives on {endpoint.name}: dtmf_mode is {mode}",
                place_of(endpoint, "dtmf_mode"),
                "Set dtmf_mode = rfc4733, or what docs/trunk.md says for old lines.",
            )


_WAYS = (
    ("direct_media", "yes", "its sound passes by Asterisk, which can neither play nor record"),
    ("allow_transfer", "yes", "the far end may send callers elsewhere"),
    ("allow_subscribe", "yes", "the far end may watch lines"),
)


def _ways(config: Config) -> Iterator[Finding]:
    for endpoint in _of(config, "endpoint"):
        for name, otherwise, sentence in _WAYS:
            if not is_false(endpoint.get(name, otherwise)):
                yield Finding(
                    "sip-endpoint",
                    "wrong",
                    f"{endpoint.name}: {sentence}",
                    place_of(endpoint, name),
                    f"Set {name} = no.",
                )


def _transports(config: Config) -> list[Finding]:
    plain = [one for one in _of(config, "transport") if not _is_private(one)]
    found = [
        Finding(
            "sip-tls",
            "note",
            f"the transport {one.name} carries numbers and keys unencrypted over a network",
            one.place,
            "Use TLS and SRTP as docs/trunk.md shows, or a line of your own to the provider.",
        )
        for one in plain
    ]
    return conclude("sip-tls", "no transport carries calls unencrypted over a network", found)


def _is_private(transport: Section) -> bool:
    if transport.get("protocol", "udp").lower() in ("tls", "wss"):
        return True
    host = transport.get("bind", "0.0.0.0").rpartition(":")[0] or transport.get("bind")
    return is_loopback(host)


def _rtp(files: Mapping[str, str]) -> Iterator[Finding]:
    general = read_config("rtp.conf", files).section("general")
    strict = general.get("strictrtp", "yes")
    if not is_true(strict) and strict.lower() != "seqno":
        yield Finding(
            "rtp-strict",
            "wrong",
            "anybody who sends to a sound port is heard in the call, and can press keys",
            place_of(general, "strictrtp"),
            "Set strictrtp = yes.",
        )

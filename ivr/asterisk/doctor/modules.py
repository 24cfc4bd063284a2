"""Which modules are loaded, and which must not be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.asterisk.doctor.config import Setting, read_config
from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.logs import is_false

UNWANTED = {
    "chan_unistim": "a channel driver with known holes that no trunk uses",
    "chan_ooh323": "a channel driver with known holes that no trunk uses",
    "chan_iax2": "a second way in, beside SIP",
    "chan_dahdi": "a second way in, beside SIP",
    "chan_mobile": "a second way in, beside SIP",
    "chan_websocket": "a second way in, beside SIP",
    "app_sms": "reads messages from the line; it has known holes",
    "res_xmpp": "a client of chat servers; it has known holes",
    "cdr_tds": "writes to databases; it has known holes",
    "cel_tds": "writes to databases; it has known holes",
    "cel_pgsql": "writes to databases; it has known holes",
    "res_config_ldap": "configuration from LDAP; it has known holes",
    "res_ari": "the REST interface: full control over HTTP",
    "res_phoneprov": "hands out telephones' passwords over HTTP",
    "res_prometheus": "opens a page over HTTP",
    "app_system": "runs programs from the dialplan",
    "func_shell": "runs programs from any expression",
    "func_curl": "fetches addresses from any expression",
    "func_env": "reads and writes files from any expression",
    "app_externalivr": "runs programs from the dialplan",
    "app_alarmreceiver": "answers calls by itself; writes what is keyed to files",
    "app_read": "writes what is keyed to the console (verbose 3)",
    "app_voicemail": "stores callers' voices beside the engine's recordings",
    "app_disa": "gives callers a dial tone",
    "pbx_dundi": "tells other exchanges what can be dialled here",
    "pbx_realtime": "a dialplan from a database",
    "res_pjsip_endpoint_identifier_anonymous": "lets callers in that no trunk sent",
    "res_pjsip_endpoint_identifier_user": "believes the name in a From header",
    "res_pjsip_registrar": "lets telephones register",
    "res_hep": "sends every SIP message, digits too, to another machine",
    "res_hep_pjsip": "sends every SIP message, digits too, to another machine",
    "res_pjsip_history": "keeps every SIP message, digits too",
}
"""By name without `.so`, each with its reason."""


def loaded_modules(files: Mapping[str, str]) -> list[Setting]:
    """The modules that modules.conf loads, named without `.so`, the `noload` ones left out."""
    section = read_config("modules.conf", files).section("modules")
    kept = {_name(one.value) for one in section.all("noload")}
    wanted = [one for word in ("preload", "load", "require") for one in section.all(word)]
    named = (Setting(_name(one.value), one.value, one.place) for one in wanted)
    return [one for one in named if one.name not in kept]


def check_modules(files: Mapping[str, str]) -> list[Finding]:
    """modules.conf: nothing by itself, and nothing of `UNWANTED`."""
    auto = read_config("modules.conf", files).section("modules").find("autoload")
    found = [
        Finding(
            "modules-autoload",
            "wrong",
            "Asterisk loads every module that it finds",
            auto.place if auto else "modules.conf",
            "Set autoload = no and load what is needed by name, as asterisk-conf does.",
        )
    ]
    return [
        *conclude(
            "modules-autoload",
            "only modules that are named are loaded",
            [] if auto is not None and is_false(auto.value) else found,
        ),
        *judge_modules(loaded_modules(files)),
    ]


def judge_modules(loaded: Iterable[Setting]) -> list[Finding]:
    """Whether modules that are loaded should not be; `place` says where that was seen."""
    return conclude(
        "modules-unwanted",
        "no module is loaded that should not be",
        (
            Finding(
                "modules-unwanted",
                "wrong",
                f"{one.name} is loaded: {UNWANTED[one.name]}",
                one.place,
                f"Take it out of modules.conf, or add noload = {one.name}.so; restart Asterisk.",
            )
            for one in loaded
            if one.name in UNWANTED
        ),
    )


def _name(written: str) -> str:
    return written.strip().removesuffix(".so")

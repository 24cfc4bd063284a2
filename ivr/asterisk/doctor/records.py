"""What Asterisk writes of each call by itself: call records (CDR) and channel events (CEL)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.asterisk.doctor.config import Setting, read_config
from ivr.asterisk.doctor.finding import Finding, conclude
from ivr.asterisk.doctor.logs import is_false, is_true
from ivr.asterisk.doctor.modules import loaded_modules

_PERSONAL = re.compile(
    r"CDR\((src|clid)\b|CALLERID|REDIRECTING|CONNECTEDLINE|IVR_KEYS|PJSIP_HEADER", re.IGNORECASE
)
"""What stands for the caller's number, or keys, in a template of cdr_custom.conf."""

_WHOLE = ("cdr_csv", "cdr_manager", "cdr_pgsql", "cdr_odbc", "cdr_adaptive_odbc", "cdr_radius",
          "cdr_tds", "cdr_syslog", "cdr_beanstalkd", "cdr_sqlite3_custom")  # fmt: skip
"""Writers of records whose columns include the caller's number, or that no check here reads."""


def check_cdr(files: Mapping[str, str]) -> list[Finding]:
    """cdr.conf, cdr_custom.conf: records without the caller's number and name."""
    general = read_config("cdr.conf", files).section("general")
    if is_false(general.get("enable", "yes")):
        return [Finding("cdr-number", "right", "Asterisk keeps no call records")]
    whole = [one for one in loaded_modules(files) if one.name in _WHOLE]
    mappings = read_config("cdr_custom.conf", files).section("mappings").settings
    found = [
        Finding(
            "cdr-number",
            "wrong",
            f"{one.name} writes call records with callers' numbers in clear",
            one.place,
            "Load cdr_custom.so instead, with the template of asterisk-conf/cdr_custom.conf.",
        )
        for one in whole
    ]
    found += [
        Finding(
            "cdr-number",
            "wrong",
            f"the call records of {one.name} name {told[0]}: the caller in clear",
            one.place,
            "Take it out of the template; the engine's journal has the number, encrypted.",
        )
        for one in mappings
        if (told := _PERSONAL.search(one.value))
    ]
    return conclude("cdr-number", "call records name no caller", found)


def check_cel(files: Mapping[str, str]) -> list[Finding]:
    """cel.conf: off, since each event holds the caller's number and name."""
    setting = read_config("cel.conf", files).section("general").find("enable")
    return conclude(
        "cel-off", "channel events, which hold callers' numbers, are off", _cel(setting)
    )


def _cel(setting: Setting | None) -> list[Finding]:
    if setting is None or not is_true(setting.value):
        return []
    return [
        Finding(
            "cel-off",
            "wrong",
            "channel events (CEL) are on: each holds the caller's number and name",
            setting.place,
            "Set enable = no; the engine's own events say more.",
        )
    ]

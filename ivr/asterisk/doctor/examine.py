"""All checks of a configuration directory, in order."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.asterisk.doctor.core import check_http, check_options, check_syntax
from ivr.asterisk.doctor.dialplan import check_dialplan
from ivr.asterisk.doctor.finding import Finding
from ivr.asterisk.doctor.logs import check_logs, check_queue_log, check_startup
from ivr.asterisk.doctor.manager import check_manager
from ivr.asterisk.doctor.modules import check_modules
from ivr.asterisk.doctor.records import check_cdr, check_cel
from ivr.asterisk.doctor.sip import check_sip

_CHECKS = (
    check_syntax,
    check_options,
    check_modules,
    check_http,
    check_logs,
    check_queue_log,
    check_startup,
    check_cdr,
    check_cel,
    check_manager,
    check_sip,
    check_dialplan,
)


def examine_conf(files: Mapping[str, str]) -> list[Finding]:
    """What is right and wrong in the files of a directory, given by their relative names."""
    return [finding for check in _CHECKS for finding in check(files)]

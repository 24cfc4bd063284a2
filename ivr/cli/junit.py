"""The results of call scripts in the JUnit format, which build servers read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as xml

from ivr.scripts.running import Result

_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


def write_junit(results: Sequence[Result]) -> bytes:
    """One suite for each file of scripts, one case for each call; times are those of the calls."""
    root = xml.Element("testsuites", _counts(results))
    for file in dict.fromkeys(one.script.file for one in results):
        own = [one for one in results if one.script.file == file]
        suite = xml.SubElement(root, "testsuite", {"name": file, **_counts(own)})
        for result in own:
            _add_case(suite, result)
    xml.indent(root)
    return bytes(xml.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(one.failure is not None for one in results)
    seconds = sum(one.milliseconds for one in results) / 1000
    return {"tests": str(len(results)), "failures": str(failed), "time": f"{seconds:.3f}"}


def _add_case(suite: xml.Element, result: Result) -> None:
    script, failure = result.script, result.failure
    about = {
        "name": _UNFIT.sub("�", script.title),
        "classname": script.file,
        "file": script.file,
        "line": str(script.line),
        "time": f"{result.milliseconds / 1000:.3f}",
    }
    case = xml.SubElement(suite, "testcase", about)
    if failure is not None:
        told = f"expected {failure.expected}, but {failure.got}"
        element = xml.SubElement(case, "failure", {"message": _UNFIT.sub("�", told)})
        place = f"{script.file}:{failure.placed.line}:{failure.placed.column} at {failure.node}"
        element.text = _UNFIT.sub("�", "\n".join((place, *failure.lines)))

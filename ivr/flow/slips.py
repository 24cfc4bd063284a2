"""Common slips in YAML, told from the parser's complaint and the line it points at.

The parser's own words never reach the user; they differ between its two implementations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

from ivr.flow.tree import Mark

Explanation: TypeAlias = tuple[str, Mark, Mapping[str, str]]
"""A fault code, its place, and the values of its sentence."""

INVISIBLE = re.compile("[\u00a0\u2000-\u200f\u2028\u2029\u202f\u2060\u3000\ufeff]")
"""Spaces and marks that look like a space or like nothing; YAML takes them for letters."""

_STAR = re.compile(r"\s*(- *)?(\*+\s*:|[\w.-]+\s*:\s+\*)")
_EXCLAMATION = re.compile(r"[^#]*:\s+!")
_QUOTED_START = re.compile(r"""[^"']*[:-]\s+(["']).*\1\s*\S""")
_BRACE_START = re.compile(r"[^{]*[:-]\s+\{[^{}]*\}\s*\S")
_CURLY_START = re.compile(r"[^:]+:\s+[“”„‘’]")
_TWO_COLONS = re.compile(r"[^:]+:\s.*:(\s|$)")

_BY_PROBLEM: Sequence[tuple[str, str]] = (
    (r"escape", "yaml-escape"),
    (r"mapping values are not allowed", "yaml-indentation"),
    (r"expected (key|<block end>|'-' indicator|<document start>)", "yaml-indentation"),
    (r"could not find expected ':'", "yaml-no-colon"),
    (r"sequence entries are not allowed", "yaml-dash"),
    (r"expected '<document start>'", "yaml-indentation"),
)


def explain(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> Explanation:
    """What went wrong and where, for an error of PyYAML."""
    mark = error.problem_mark or error.context_mark
    at_line, at_column = (mark.line, mark.column) if mark else (0, 0)
    context, problem = error.context or "", error.problem or ""
    if error.context_mark and re.search(r"flow (sequence|mapping)|quoted scalar", context):
        line, column = error.context_mark.line, error.context_mark.column
        if "expected ','" in problem or "end of stream" in problem:
            code = "yaml-quote" if "quoted" in context else "yaml-brackets"
            return code, Mark(line + 1, column + 1), {}
    if (opened := _find_open_quote(lines, at_line, at_column)) is not None:
        return "yaml-quote", opened, {}
    line_text = lines[at_line] if at_line < len(lines) else ""
    if (hidden := _find_invisible(lines, at_line)) is not None:
        return "invisible-space", hidden, {}
    if "mapping values" in problem and (lost := _find_lost_colon(lines, at_line)) is not None:
        return "yaml-no-colon", lost, {}
    code, values = _classify(context, problem, line_text, at_column)
    return code, Mark(at_line + 1, at_column + 1), values


def _find_open_quote(lines: Sequence[str], line: int, column: int) -> Mark | None:
    """The quote above that was closed only by the next opening one, just before the place."""
    sign = lines[line][column - 1 : column] if line < len(lines) else ""
    if sign not in ("'", '"') or not sign:
        return None
    for number in range(line - 1, -1, -1):
        if found := re.search(rf"[:-]\s+({sign})[^{sign}]*$", lines[number]):
            return Mark(number + 1, found.start(1) + 1)
    return None


def _find_invisible(lines: Sequence[str], line: int) -> Mark | None:
    """A space that is none for YAML, before the text of this line or the one above."""
    for number in (line, line - 1):
        if 0 <= number < len(lines) and (found := INVISIBLE.search(lines[number])):
            return Mark(number + 1, found.start() + 1)
    return None


def _find_lost_colon(lines: Sequence[str], line: int) -> Mark | None:
    """The line above, when it stands as deep as this one and says no `name: `."""
    here, above = lines[line], lines[line - 1] if line else ""
    depth = len(above) - len(above.lstrip())
    alike = depth == len(here) - len(here.lstrip()) and above.strip()
    return Mark(line, depth + 1) if alike and ":" not in above else None


def _classify(context: str, problem: str, line: str, column: int) -> tuple[str, Mapping[str, str]]:
    sign = line[column : column + 1]
    if "alphabetic or numeric" in problem:
        return ("yaml-star" if "alias" in context else "yaml-sign"), {"sign": _sign(line)}
    if "tab character" in problem:
        return "yaml-tab", {}
    if "node content" in problem and not sign:
        return "yaml-brackets", {}
    if "cannot start any token" in problem or "node content" in problem:
        return ("yaml-tab" if sign == "\t" else "yaml-sign"), {"sign": sign}
    hint = _hint(problem, line)
    if hint is not None:
        return hint, {}
    for pattern, code in _BY_PROBLEM:
        if re.search(pattern, problem):
            return code, {}
    return "not-yaml", {}


def _sign(line: str) -> str:
    return "!" if _EXCLAMATION.match(line) else "*" if _STAR.match(line) else "&"


def _hint(problem: str, line: str) -> str | None:
    if re.search(r"expected (key|<block end>)", problem):
        if _QUOTED_START.match(line):
            return "yaml-quoted-start"
        if _BRACE_START.match(line):
            return "yaml-brace-start"
    if "mapping values" in problem and _TWO_COLONS.match(line):
        return "curly-quotes" if _CURLY_START.match(line) else "yaml-colon"
    return None

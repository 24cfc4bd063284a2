"""From a declared request to the one that is sent: arguments into address and body.

Pure. An argument is percent-encoded (RFC 3986), so that it stays one segment of the path or one
value of the query, and can never change which host or page is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ivr.engine.answers import AnswerFault
from ivr.engine.values import Scalar
from ivr.flow.addresses import split_url
from ivr.flow.templates import Placeholder, parse_template, whole_placeholder


def fill_address(address: str, arguments: Mapping[str, Scalar]) -> str:
    """The address to ask, encoded.

    Raises AnswerFault `bad_argument` when an argument would make another path of it: an empty
    segment, `.` or `..` (RFC 3986 section 5.2.4).
    """
    url = split_url(address)
    filled = "/".join(_fill_segment(part, arguments) for part in url.path.split("/"))
    query = "?" + _encode(url.query, arguments) if url.query else ""
    return f"{url.scheme}://{url.host}{filled}{query}"


def _fill_segment(segment: str, arguments: Mapping[str, Scalar]) -> str:
    filled = _encode(segment, arguments)
    if segment and filled in ("", ".", ".."):
        raise AnswerFault("bad_argument")
    return filled


def _encode(text: str, arguments: Mapping[str, Scalar]) -> str:
    return "".join(
        quote(_write(arguments.get(part.name)), safe="", errors="replace")
        if isinstance(part, Placeholder)
        else part
        for part in parse_template(text)
    )


def _write(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def fill_body(template: Any, arguments: Mapping[str, Scalar]) -> Any:
    """The JSON body. A whole-value placeholder passes the value with its type."""
    if isinstance(template, Mapping):
        return {name: fill_body(part, arguments) for name, part in template.items()}
    if isinstance(template, list | tuple):
        return [fill_body(part, arguments) for part in template]
    whole = whole_placeholder(template)
    if whole is not None:
        return arguments.get(whole.name)
    parts = parse_template(template)
    return "".join(
        _write(arguments.get(part.name)) if isinstance(part, Placeholder) else part
        for part in parts
    )

"""What a flow directory may say of a web service: address, headers, secrets, JSON paths.

A flow never says a secret itself, and never decides which host is asked: an address has its scheme
and host written out, and the operator's allow-list has the last word. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import jsonpath
from pydantic import AfterValidator

from ivr.flow.scalars import Model, Name, refusal

_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?")
_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9a-f:.]+\]")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[::1\]")
_PORTS = {"https": ":443", "http": ":80"}
_OURS = (
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "accept",
    "accept-encoding",
    "content-encoding",
    "expect",
    "idempotency-key",
    "te",
    "upgrade",
)


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of an address as written, placeholders included. `host` has its port when it is
    not the usual one; `query` is empty when there is none.
    """

    scheme: str
    host: str
    path: str
    query: str

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host, with its port or without, is this machine."""
    return _LOOPBACK.fullmatch(re.sub(r":\d+$", "", host)) is not None


def split_url(url: str) -> Url:
    """The parts of an address that `Address` has accepted."""
    found = _URL.fullmatch(url)
    assert found is not None, "an Address is a URL"
    scheme, host, path, query = found.groups()
    return Url(scheme, host.lower().removesuffix(_PORTS[scheme]), path or "/", query or "")


def _check_address(url: str) -> str:
    found = _URL.fullmatch(url)
    if not found or not url.isascii() or not url.isprintable() or " " in url:
        raise refusal("address")
    if "{" in found[2]:
        raise refusal("address-placeholder")
    host, _, port = found[2].lower().rpartition(":") if ":" in found[2] else (found[2], "", "1")
    if found[2].startswith("[") and found[2].endswith("]"):
        host, port = found[2].lower(), "1"
    if not _HOST.fullmatch(host.lower()) or not re.fullmatch(r"\d{1,5}", port):
        raise refusal("address")
    if found[1] == "http" and not is_loopback(host.lower()):
        raise refusal("address-plain")
    return url


def _check_header(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,60}", name) or name.lower() in _OURS:
        raise refusal("header-name")
    return name


def _check_header_value(value: str) -> str:
    """What could end the header and begin another one would never be sent."""
    if not value.isascii() or not value.isprintable():
        raise refusal("header-name")
    return value


def _check_json_path(written: str) -> str:
    try:
        path = jsonpath.compile(written, strict=True)
    except jsonpath.JSONPathError:
        raise refusal("json-path") from None
    if not isinstance(path, jsonpath.JSONPath) or not path.singular_query():
        raise refusal("json-path")
    return written


Address: TypeAlias = Annotated[str, AfterValidator(_check_address)]
"""`https://HOST/PATH?QUERY`; placeholders in path segments and query values. `http` on loopback."""

HeaderName: TypeAlias = Annotated[str, AfterValidator(_check_header)]
"""A header of a request that the client does not set by itself (RFC 9110 section 5.1)."""

HeaderValue: TypeAlias = Annotated[str, AfterValidator(_check_header_value)]
"""What a header says: one line of ASCII."""

JsonPath: TypeAlias = Annotated[str, AfterValidator(_check_json_path)]
"""A singular query of RFC 9535, which selects one value at most: `$.data.train[0].name`."""


class SecretHeader(Model):
    """A header's value that only the operator knows: the name of a secret, and what stands before.

    `prefix` ends in a space when the value is to: `Bearer `.
    """

    secret: Name
    prefix: HeaderValue = ""


_NAMES_OF_SECRETS = re.compile(
    r"auth|api[-_]?key|token|secret|password|passwd|cookie|credential|signature", re.IGNORECASE
)
_BEGINNINGS = re.compile(
    r"(bearer|basic|token)\s+\S+|(sk|pk|rk)_(live|test)_|gh[pousr]_|github_pat_|xox[abps]-|AKIA|eyJ"
    r"|-----BEGIN",
    re.IGNORECASE,
)
_KEY_LIKE = re.compile(r"[A-Za-z0-9_\-+/=.]{24,}")


def names_a_secret(name: str) -> bool:
    """Whether a header or a query name is one that secrets are sent under."""
    return _NAMES_OF_SECRETS.search(name) is not None


def looks_like_a_secret(text: str) -> bool:
    """Whether a literal looks like a key: a known beginning, or long letters and digits mixed."""
    if _BEGINNINGS.match(text):
        return True
    return any(
        len(set(found[0])) >= 12 and re.search(r"\d", found[0]) and re.search("[A-Za-z]", found[0])
        for found in _KEY_LIKE.finditer(text)
    )

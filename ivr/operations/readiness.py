"""Which parts of an engine are ready for calls. Parts report; pages and metrics read."""

from __future__ import annotations

from collections.abc import Mapping


class Readiness:
    """The parts of one engine. A part that never reported is not asked for."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}

    def report(self, part: str, fault: str = "") -> None:
        """Say how a part is: empty for ready, else the reason why not.

        `part` is a word (`ami`, `spool`), `fault` a public phrase: both are shown on a page.
        """
        self._parts[part] = fault

    @property
    def faults(self) -> Mapping[str, str]:
        """The parts that are not ready, with their reasons."""
        return {part: fault for part, fault in self._parts.items() if fault}

    @property
    def parts(self) -> Mapping[str, bool]:
        """Every part that has reported, and whether it is ready."""
        return {part: not fault for part, fault in self._parts.items()}

"""Which parts of an engine are ready for calls. Parts report; pages and metrics read."""

from __future__ import annotations

from collections.abc import Mapping


class Readiness:
    """The parts of one engine. A part that never reported is not asked for."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}
        self._notes: dict[str, str] = {}

    def report(self, part: str, fault: str = "", note: str = "") -> None:
        """Say how a part is: no fault for ready, else the reason why not.

        `note` is what an operator should know of a part that is ready all the same. `part` is a
        word (`ami`, `store`), the others are public phrases: all are shown on a page.
        """
        self._parts[part] = fault
        self._notes[part] = note

    @property
    def faults(self) -> Mapping[str, str]:
        """The parts that are not ready, with their reasons."""
        return {part: fault for part, fault in self._parts.items() if fault}

    @property
    def notes(self) -> Mapping[str, str]:
        """What is to be known of parts that are ready."""
        return {part: note for part, note in self._notes.items() if note}

    @property
    def parts(self) -> Mapping[str, bool]:
        """Every part that has reported, and whether it is ready."""
        return {part: not fault for part, fault in self._parts.items()}

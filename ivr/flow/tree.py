"""A YAML value with marks: which line and column each key and value stands at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text, line and column counted from 1."""

    line: int
    column: int


Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"


@dataclass(slots=True)
class Tree:
    """A value and its marks. `keys` are the marks of a mapping's keys.

    `inline` is how many characters of a scalar stand before its text (a quote), None when its
    characters cannot be counted on the line. `broken` parts have a fault already: what else seems
    wrong with them is not reported. `absent` is a value of which nothing is written.
    `remark` is the comment behind it on its line.
    """

    value: str | list[Tree] | dict[str, Tree]
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict)
    inline: int | None = None
    broken: bool = False
    absent: bool = False
    remark: str = ""
    parts: int = 1

    def plain(self) -> Plain:
        """The value without marks."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return {key: item.plain() for key, item in self.value.items()}

    def child(self, step: str | int) -> Tree | None:
        """The part under a key or index, None when there is none."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None

"""A picture as Mermaid, which many wikis and forges draw. What a designer wrote is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.flow.diagram.picture import Box, Picture, shorten

_SHAPES: Mapping[str, tuple[str, str]] = {
    "say": ("(", ")"),
    "menu": ("{{", "}}"),
    "collect": ("[/", "/]"),
    "record": ("[\\", "\\]"),
    "choose": ("{", "}"),
    "lookup": ("[(", ")]"),
    "hours": ("[/", "\\]"),
    "subflow": ("[[", "]]"),
    "flow": ("[[", "]]"),
    "transfer": ("([", "])"),
    "hangup": ("(((", ")))"),
    "start": ("([", "])"),
    "language": (">", "]"),
}
_PLAIN = ("[", "]")
_STYLE = """\
  classDef fault fill:#f4cccc,stroke:#c00000,stroke-width:3px
  classDef word fill:none,stroke:none
"""


def write_mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart; arrows to the same place share a line."""
    lines = ["flowchart LR"]
    for index, group in enumerate(picture.groups):
        lines.append(f"  subgraph g{index}[{_text(group.title)}]")
        lines += [f"    {_write_box(box)}" for box in group.boxes]
        lines.append("  end")
    lines += [f"  {_write_box(box)}" for box in picture.outside]
    for box in picture.boxes():
        lines += _write_arrows(box)
    lines += [f"  class {box.id} fault" for box in picture.boxes() if box.faults]
    return "\n".join([*lines, _STYLE])


def _write_box(box: Box) -> str:
    left, right = _SHAPES.get(box.kind, _PLAIN)
    parts = [box.name, *([] if box.kind == "start" else [box.kind]), shorten(box.text, 80)]
    parts += [f"! {fault}" for fault in box.faults]
    return f"{box.id}{left}{_text(*filter(None, parts))}{right}"


def _write_arrows(box: Box) -> Iterator[str]:
    labels: dict[str, list[str]] = {}
    for row in box.rows:
        labels.setdefault(row.target or f"{box.id}{row.word}", []).append(shorten(row.label, 60))
    words = {f"{box.id}{row.word}": row.word for row in box.rows if row.word}
    for target, told in labels.items():
        if target in words:
            yield f"  {target}[{_text(words[target])}]:::word"
        label = _text(*filter(None, told)) if any(told) else ""
        yield f"  {box.id} -->{f'|{label}|' if label else ''} {target}"


def _text(*lines: str) -> str:
    """A quoted text of several lines: letters, digits and a few signs as they are, others coded."""
    return '"' + "<br>".join(re.sub(r"[^\w .,:;?!'()→…=/+-]", _code, line) for line in lines) + '"'


def _code(found: re.Match[str]) -> str:
    return " " if found[0].isspace() else f"#{ord(found[0])};"

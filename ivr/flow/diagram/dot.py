"""A picture as DOT, the language of Graphviz. Everything that a designer wrote is escaped."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from ivr.flow.diagram.picture import Box, Group, Picture, Row, shorten

_HEAD = """\
digraph flows {
graph [rankdir=LR, fontname="Helvetica", fontsize=14, nodesep=0.25, ranksep=0.7, pad=0.3]
node [shape=plain, fontname="Helvetica", fontsize=10]
edge [arrowsize=0.7, color="#444444"]
"""
_FAULT = "#c00000"
_ROOM = "&#160;" * 3

_LOOKS: Mapping[str, tuple[str, str]] = {
    "menu": ("#cfe2f3", 'BORDER="2"'),
    "collect": ("#cfe2f3", 'BORDER="2"'),
    "record": ("#cfe2f3", 'BORDER="2"'),
    "say": ("#f3f3f3", 'BORDER="1" STYLE="ROUNDED"'),
    "hangup": ("#d9d9d9", 'BORDER="1" STYLE="ROUNDED"'),
    "transfer": ("#d9ead3", 'BORDER="2"'),
    "subflow": ("#fff2cc", 'BORDER="1"'),
    "flow": ("#fff2cc", 'BORDER="1" STYLE="ROUNDED"'),
    "missing": ("#f4cccc", 'BORDER="1" STYLE="DASHED"'),
    "unread": ("#f4cccc", 'BORDER="1" STYLE="DASHED"'),
}
"""The colour of the head and the border: thick where the call waits for somebody."""
_QUIET = ("#ffffff", 'BORDER="1" STYLE="DASHED"')
"""What callers do not notice: choose, set, lookup, hours, language."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def write_dot(picture: Picture) -> str:
    """The picture as DOT; a box is a table whose rows the arrows leave from."""
    parts = [_HEAD]
    for index, group in enumerate(picture.groups):
        parts += _write_group(group, index)
    parts += [_write_box(box) for box in picture.outside]
    for box in picture.boxes():
        parts += _write_arrows(box)
    return "".join([*parts, "}\n"])


def _write_group(group: Group, index: int) -> Iterator[str]:
    colour = _FAULT if group.faults else "#999999"
    yield f"subgraph cluster_{index} {{\n"
    yield f'graph [label={_quote(group.title)}, labeljust=l, style=rounded, color="{colour}"'
    yield f", tooltip={_quote(chr(10).join(group.faults) or group.title)}]\n"
    yield from (_write_box(box) for box in group.boxes)
    yield "}\n"


def _write_box(box: Box) -> str:
    tooltip = "\n".join(box.faults) or box.text or box.name
    if box.kind == "start":
        label = _quote(box.name)
        return f'{box.id} [shape=cds, height=0.3, style=bold, label={label}, tooltip="start"]\n'
    return f"{box.id} [label=<{_table(box)}>, tooltip={_quote(tooltip)}]\n"


def _table(box: Box) -> str:
    colour, border = _LOOKS.get(box.kind, _QUIET)
    if box.faults:
        border = f'BORDER="3" COLOR="{_FAULT}"'
    rows = [_head(box, colour), *_body(box)]
    if _has_rows(box):
        rows += [_write_row(row, index) for index, row in enumerate(box.rows)]
    table = f'<TABLE CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" {border}>'
    return f"{table}{''.join(rows)}</TABLE>"


def _head(box: Box, colour: str) -> str:
    kind = "not found" if box.kind == "missing" else box.kind
    name = f"<B>{_escape(box.name)}</B>"
    word = f'<FONT POINT-SIZE="8"><I>{_escape(kind)}</I></FONT>'
    if box.faults:
        colour = _FAULT
        name, word = (f'<FONT COLOR="#ffffff">{text}</FONT>' for text in (f"! {name}", word))
    return (
        f'<TR><TD ALIGN="LEFT" BGCOLOR="{colour}">{name}</TD>'
        f'<TD ALIGN="RIGHT" BGCOLOR="{colour}">{word}</TD></TR>'
    )


def _body(box: Box) -> Iterator[str]:
    lines = [
        _escape(line)
        for part in box.text.split("\n")
        for line in textwrap.wrap(shorten(part, 90), 30)
    ]
    if lines:
        yield f'<TR><TD COLSPAN="2" ALIGN="LEFT" BALIGN="LEFT">{_join(lines)}</TD></TR>'


def _join(lines: Sequence[str]) -> str:
    """Lines with room to the right: who looks at it may have a wider letter."""
    return "".join(f'{line}{_ROOM}<BR ALIGN="LEFT"/>' for line in lines)


def _has_rows(box: Box) -> bool:
    """Whether the ways out need rows: a single `next` leaves from the box itself."""
    return any(row.label or row.word for row in box.rows)


def _write_row(row: Row, index: int) -> str:
    label = _join([_escape(line) for line in textwrap.wrap(shorten(row.label or "next", 64), 34)])
    word = f"<I>{_escape(row.word)}</I>" if row.word else " "
    return (
        f'<HR/><TR><TD ALIGN="LEFT" BALIGN="LEFT">{label}</TD>'
        f'<TD ALIGN="RIGHT" PORT="r{index}">{word}</TD></TR>'
    )


def _write_arrows(box: Box) -> Iterator[str]:
    rows = _has_rows(box)
    for index, row in enumerate(box.rows):
        if row.target:
            port = f":r{index}:e" if rows else ""
            yield f"{box.id}{port} -> {row.target}\n"


def _escape(text: str) -> str:
    return escape(_UNPRINTABLE.sub("\ufffd", text))


def _quote(text: str) -> str:
    """A quoted string; in it a backslash would begin an escape, and `&` an entity."""
    clean = (
        _UNPRINTABLE.sub("\ufffd", text)
        .replace("&", "&amp;")
        .replace("\\", "\\\\")
        .replace('"', '\\"')
    )
    return '"' + clean.replace("\n", "\\n") + '"'

"""docs/faults.md: what each code means is written there, its examples come from the bad cases.

`pytest --update` puts the examples in, and all of it into `ivr/flow/explanations.json`, which
`ivr explain` reads.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.flow.composer import UNREADABLE
from tests.flow_cases import DATA, find_faults, read_case

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs" / "faults.md"
EXPLANATIONS = ROOT / "ivr" / "flow" / "explanations.json"
_SECTION = re.compile(r"^### ([a-z0-9-]+)\n\n(.*?)\n*(?=^##|\Z)", re.M | re.S)
_WIDEST = 110


@dataclass(frozen=True)
class Example:
    """The fault of a case: how it is told, the lines that cause it, and better ones."""

    code: str
    told: Mapping[str, str]
    wrong: str
    right: str


def read_example(code: str) -> Example | None:
    """The example of a code, None when it has no case, or one that cannot be shown."""
    path = DATA / "bad" / f"{code}.case"
    if not path.exists():
        return None
    _, faults = find_faults(read_case(path).files)
    fault = next(fault for fault in faults if fault.code == code)
    lines = path.read_text("utf-8").splitlines()
    wrong, right = (_written(lines, word) for word in ("wrong ", "right "))
    if not right:
        wrong, right = next(iter(_changes(lines, fault.file)), ("", ""))
    if not right.strip() or UNREADABLE.search(wrong):
        return None
    return Example(code, {name: fault.tell(name) for name in ("en", "id")}, wrong, right)


def _written(lines: Sequence[str], word: str) -> str:
    return "\n".join(line.removeprefix(word) for line in lines if line.startswith(word))


def _changes(lines: Sequence[str], file: str) -> Iterator[tuple[str, str]]:
    """What the case puts into a file and takes out of it; of other files when it changes none."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    name = ""
    for line in lines:
        word, _, rest = line.partition(" ")
        if word in ("file", "new"):
            name = rest
        elif line[:1] in ("+", "-"):
            found.setdefault(name, ([], []))["+-".index(line[0])].append(line[1:])
    for put, taken in [found[file]] if file in found else found.values():
        yield (_dedent(put), _dedent(taken))


def _dedent(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines)).strip("\n")


def mend(files: Mapping[str, bytes], example: Example) -> dict[str, bytes] | None:
    """The files of a case with the right lines in place of the wrong ones, wherever they stand."""
    for name, data in files.items():
        text = f"\n{data.decode()}\n"
        for indent in range(14):
            wrong, right = (_indent(one, indent) for one in (example.wrong, example.right))
            if text.count(f"\n{wrong}\n") == 1:
                mended = text.replace(f"\n{wrong}\n", f"\n{right}\n")
                return {**files, name: mended[1:-1].encode()}
    return None


def _indent(text: str, by: int) -> str:
    return textwrap.indent(text, " " * by, lambda line: not line.startswith("\t"))


def read_sections(text: str) -> dict[str, str]:
    """What each code means, without its examples."""
    return {found[1]: found[2].partition("\n\n```")[0].strip() for found in _SECTION.finditer(text)}


def write_docs(text: str, examples: Mapping[str, Example]) -> str:
    """The document with the examples as they are now."""

    def write(found: re.Match[str]) -> str:
        code, meaning = found[1], found[2].partition("\n\n```")[0].strip()
        shown = _show(examples[code]) if code in examples else ""
        return f"### {code}\n\n{meaning}\n{shown}\n"

    return _SECTION.sub(write, text).rstrip("\n") + "\n"


def _show(example: Example) -> str:
    told = example.told["en"]
    sides = f"# wrong\n{cut(example.wrong)}\n\n# right\n{cut(example.right)}"
    return f"\n```text\n{told}\n```\n\n```yaml\n{sides}\n```\n"


def cut(text: str) -> str:
    """Lines that fit a page."""
    lines = (f"{one[:_WIDEST]}…" if len(one) > _WIDEST else one for one in text.split("\n"))
    return "\n".join(lines)


def write_explanations(text: str, examples: Mapping[str, Example]) -> dict[str, object]:
    """What `ivr explain` tells of each code."""
    made: dict[str, object] = {}
    for code, meaning in read_sections(text).items():
        example = examples.get(code)
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(meaning.split()))
        made[code] = {
            "meaning": plain,
            "told": example.told if example else {},
            "wrong": cut(example.wrong) if example else "",
            "right": cut(example.right) if example else "",
        }
    return made

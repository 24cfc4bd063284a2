"""The handbook is executed: every example loads, every kind and fault code has its heading."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from ivr.endings import OUTCOMES
from ivr.flow import nodes, sources
from ivr.flow.loader import check_directory
from tests.handbook import EXAMPLES, SECTIONS, TEXT

TINY = EXAMPLES["Quick start"]


@pytest.mark.parametrize("section", EXAMPLES)
def test_examples_load(section: str, tmp_path: Path) -> None:
    """Each section's files, with those of the quick start, are a directory without a fault."""
    own = EXAMPLES[section]
    assert len(own) == SECTIONS[section].count("```yaml")
    files = {**TINY, **own}
    first = next((name for name in own if name.startswith("example_")), "hello.yaml")
    files["hotline.yaml"] = files["hotline.yaml"].replace(": hello", f": {first[:-5]}")
    if first != "hello.yaml":
        del files["hello.yaml"]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    bundle, faults = check_directory(tmp_path)
    assert bundle is not None, "\n".join(map(str, faults))


def test_every_kind_has_its_section() -> None:
    """A node kind without a section in the handbook is not finished."""
    kinds = {str(kind.model_fields["type"].default) for kind in nodes.KINDS}
    assert kinds <= SECTIONS.keys()


def test_every_outcome_in_use_has_its_words() -> None:
    """What the handbook names is what `ivr calls` and `ivr simulate` can put into words."""
    in_use = SECTIONS["hangup"].partition("Outcomes in use:")[2].partition("stays")[0]
    assert set(re.findall(r"`([a-z_]+)`", in_use)) == OUTCOMES.keys()


def test_every_reason_stands_in_the_handbook() -> None:
    table = TEXT.partition("### When a source fails")[2].partition("\n### ")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", table, re.M)) == set(get_args(sources.Reason))

"""What an editor with the yaml-language-server shows of flow files (installed by `make editor`)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ivr.flow.schema import PLACES
from tests.handbook import EXAMPLES, kind_of
from tests.language_server import ROOT, Editor, start_editor

FLOW = """\
# yaml-language-server: $schema=.schema/flow.json
flow: draft
title: Konsep
start: main
nodes:
  main:
    type: menu
    optoins:
      - key: 1
    
  ask:
    type: collect
    say: Masukkan nomor Anda.
    digits: 4
    into: number
    first_key: 8 detik
    next: 
  last:
    type: 
"""
SCHEMAS = {name: f"# yaml-language-server: $schema=.schema/{name}.json" for name in PLACES}

DRAFT = ROOT / "flows" / "draft.yaml"
"""Not on disk: the editor sends the text."""


def place_of(line: str, nth: int = 0) -> int:
    """The number of a line, from 0."""
    return [number for number, text in enumerate(FLOW.split("\n")) if text == line][nth]


async def test_an_editor_completes_explains_and_warns() -> None:
    async with start_editor() as editor:
        await check_shipped_flows(editor)
        told = await editor.open(DRAFT, FLOW)
        assert f"{place_of('    optoins:') + 1}: Property optoins is not allowed." in told
        assert f'{place_of("  main:") + 1}: Missing property "options".' in told
        duration = f"{place_of('    first_key: 8 detik') + 1}: this is no duration; write a number"
        assert any(one.startswith(duration) for one in told), told
        await check_completion(editor)
        await check_hover(editor)
        await check_other_files(editor)
        await check_handbook(editor)


def read(files: list[Path]) -> list[str]:
    return [file.read_text("utf-8") for file in files]


async def check_shipped_flows(editor: Editor) -> None:
    files = sorted((ROOT / "flows").rglob("*.yaml"))
    assert len(files) > 40
    opened = [editor.open(file, content) for file, content in zip(files, read(files), strict=True)]
    for file, told in zip(files, await asyncio.gather(*opened), strict=True):
        assert told == [], file


async def check_handbook(editor: Editor) -> None:
    """The examples, which load, please the editor too."""
    shown = [
        (f"{SCHEMAS[kind_of(name)]}\n{text}", ROOT / "flows" / f"{number}_{name.replace('/', '_')}")
        for number, files in enumerate(EXAMPLES.values())
        for name, text in files.items()
    ]
    opened = await asyncio.gather(*(editor.open(file, text) for text, file in shown))
    assert {file.name: told for (_, file), told in zip(shown, opened, strict=True) if told} == {}


async def check_completion(editor: Editor) -> None:
    kinds = await editor.complete(DRAFT, place_of("    type: "), 10)
    assert {"say", "menu", "collect", "hangup"} <= kinds.keys()
    assert kinds["menu"].startswith("Offer options.")
    fields = await editor.complete(DRAFT, place_of("    "), 4)
    assert {"say", "options", "first_key", "otherwise", "visits"} <= fields.keys()
    assert "digits" not in fields
    assert fields["say"].startswith("Spoken before the options.")
    targets = await editor.complete(DRAFT, place_of("    next: "), 10)
    assert {"back", "return"} <= targets.keys()


async def check_hover(editor: Editor) -> None:
    assert "Gather digits into a variable" in await editor.hover(
        DRAFT, place_of("    type: collect"), 12
    )
    assert "How many" in await editor.hover(DRAFT, place_of("    digits: 4"), 6)
    assert "Where a call comes in" in await editor.hover(DRAFT, place_of("start: main"), 2)


async def check_other_files(editor: Editor) -> None:
    hotline = (
        "# yaml-language-server: $schema=.schema/hotline.json\nhotline: x\nnumber:\n  1500: a\n"
    )
    texts = "# yaml-language-server: $schema=../.schema/texts.json\nmain.ask.say: [a]\n"
    table = "# yaml-language-server: $schema=../.schema/table.json\nname: a\n"
    written: dict[Path, str] = {
        ROOT / "flows/hotline_draft.yaml": hotline,
        ROOT / "flows/texts/xx.yaml": texts,
        ROOT / "flows/data/xx.yaml": table,
    }
    told = await asyncio.gather(*(editor.open(file, text) for file, text in written.items()))
    assert "3: Property number is not allowed." in told[0]
    assert all(told)

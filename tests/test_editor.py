"""What an editor with the yaml-language-server shows of flows and scripts (see `make editor`)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ivr.schema import PLACES
from ivr.scripts.model import VERBS
from tests.handbook import EXAMPLES, SCRIPTS, kind_of, read_files
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

SCRIPT = """\
# yaml-language-server: $schema=../.schema/calls.json
calls:
  Warga bertanya:
    - dial: 1500
      at: besok
    - pres: 1
    - hear: buka
      languages: en
    - silents
    - press: satu
    - lookups:
        npwp_status: lost
    - hang_up
    - 
    - li
    - hear: tutup
      
    - officers: 
    - lookups:
        npwp_status: 
"""

DRAFT = ROOT / "flows" / "draft.yaml"
CALLS = ROOT / "flows" / "calls" / "draft.yaml"
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
        await check_scripts(editor)


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
        for number, files in enumerate([*EXAMPLES.values(), read_files(SCRIPTS)])
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


async def check_scripts(editor: Editor) -> None:
    lines = SCRIPT.split("\n")
    told = await editor.open(CALLS, SCRIPT)
    slips = {one for one in told if int(one.partition(":")[0]) <= lines.index("    - hang_up")}
    assert slips == {
        "5: this is no date and time; write it as 2026-03-31T09:30",
        "6: Property pres is not allowed.",
        "8: Property languages is not allowed.",
        '9: Value is not accepted. Valid values: "silence", "hang_up".',
        '10: this is not made of keys; write digits, "*" and "#"',
        '12: Value is not accepted. Valid values: "table", "not_found", "failed", "slow".',
    }
    await check_script_completion(editor, lines)
    hovered = await editor.hover(CALLS, lines.index("    - hear: buka"), 7)
    assert "Comes true when these words were said" in hovered


async def check_script_completion(editor: Editor, lines: list[str]) -> None:
    for begun in ("    - ", "    - li"):
        verbs = await editor.complete(CALLS, lines.index(begun), len(begun))
        assert verbs.keys() == VERBS.keys()
        assert verbs["listen"].startswith("Listens only so long")
    more = await editor.complete(CALLS, lines.index("      "), 6)
    assert more.keys() == {"language", "exactly"}
    officers = await editor.complete(CALLS, lines.index("    - officers: "), 16)
    assert {"answer", "busy"} <= officers.keys()
    answers = await editor.complete(CALLS, lines.index("        npwp_status: "), 21)
    assert answers.keys() == {"table", "not_found", "failed", "slow"}


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

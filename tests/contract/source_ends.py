"""Every adapter of the port `Source` with the same rows behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

from ivr.engine.answers import AnswerFault
from ivr.engine.values import Scalar
from ivr.flow.bundle import Bundle
from ivr.flow.sources import Example, Table
from ivr.ports import Source
from ivr.services.guard import Guard
from ivr.services.joined import JoinedSources
from ivr.services.python_sources import PythonSources
from ivr.services.tables import Tables
from ivr.services.web import WebClient, open_session
from ivr.services.web_sources import WebSources
from ivr.simulator.answers import FixedAnswers
from ivr.simulator.wishes import WishedAnswers
from tests.talk import load_texts, write_flow
from tests.web_peer import Asked, answer, serving

Rows: TypeAlias = Sequence[Mapping[str, str]]

FIELDS = """
    key: [nik, year]
    fields:
      name: {personal: true}
      age: {type: number, personal: true}
      fee: {type: number}
      since: {type: date, optional: true}
      status: {words: {active: aktif, closed: tutup}}
"""


def load_kind(kind: str, url: str = "http://127.0.0.1:1") -> Bundle:
    """A bundle whose source `people` is of a kind; a web service is at `url`."""
    head = {
        "table": "    table: people",
        "http": f"    type: http\n    url: {url}/people/{{nik}}?year={{year}}\n    timeout: 10s",
        "python": "    type: python\n    entry: people\n    timeout: 10s",
    }[kind]
    files = {
        "main.yaml": write_flow("main", "  end: {type: hangup}\n"),
        "sources.yaml": f"sources:\n  people:\n{head}{FIELDS}",
        "data/people.yaml": "[]",
    }
    return load_texts(files)


def find_row(rows: Rows, arguments: Mapping[str, object]) -> Mapping[str, str] | None:
    """The fields of the row that the arguments mean."""
    for row in rows:
        if all(str(arguments.get(name)) == row[name] for name in ("nik", "year")):
            return {name: cell for name, cell in row.items() if name not in ("nik", "year")}
    return None


@asynccontextmanager
async def tables(rows: Rows) -> AsyncIterator[Source]:
    bundle = load_kind("table")
    yield Tables(replace(bundle, tables={"people": Table(tuple(rows), "ab" * 32)}))


@asynccontextmanager
async def python(rows: Rows) -> AsyncIterator[Source]:
    async def find(arguments: Mapping[str, Scalar], key: str) -> Mapping[str, object] | None:
        return find_row(rows, arguments)

    yield PythonSources(load_kind("python").sources, {"people": find})


@asynccontextmanager
async def fixed(rows: Rows) -> AsyncIterator[Source]:
    written = [
        Example(
            arguments={"nik": row["nik"], "year": row["year"]},
            found={name: cell for name, cell in row.items() if name not in ("nik", "year")},
        )
        for row in rows
    ]
    yield FixedAnswers(load_kind("http"), {"people": written})


async def _wait_for_nothing(milliseconds: int) -> None:
    raise AssertionError("a source's own answer takes no time of ours")


@asynccontextmanager
async def wished(rows: Rows) -> AsyncIterator[Source]:
    """Nothing is wished, so every answer is that of the source behind."""
    async with fixed(rows) as inner:
        yield WishedAnswers(inner, _wait_for_nothing)


def no_secret(name: str) -> str:
    raise AnswerFault("no_secret")


@asynccontextmanager
async def web(rows: Rows) -> AsyncIterator[Source]:
    def says(asked: Asked) -> bytes:
        url = urlsplit(asked.target)
        nik = url.path.removeprefix("/people/")
        row = find_row(rows, {"nik": nik, "year": parse_qs(url.query).get("year", [""])[0]})
        return answer(status=404) if row is None else answer(row)

    async with serving(says) as peer, open_session() as session:
        client = WebClient(session, [peer.host], no_secret)
        sources = load_kind("http", f"http://{peer.host}").sources
        yield WebSources(sources, client, Guard(lambda: 0.0))


@asynccontextmanager
async def joined(rows: Rows) -> AsyncIterator[Source]:
    nobody = FixedAnswers(load_kind("http"), {})
    async with python(rows) as functions:
        sources = load_kind("python").sources
        yield JoinedSources(sources, tables=nobody, web=nobody, python=functions)


ENDS: Mapping[str, Callable[[Rows], AbstractAsyncContextManager[Source]]] = {
    "tables": tables,
    "web": web,
    "python": python,
    "fixed": fixed,
    "wished": wished,
    "joined": joined,
}

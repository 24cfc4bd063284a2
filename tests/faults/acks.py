"""What a writer in another process acknowledged, and whether the store has all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess

from ivr.ports import CallReader

Ack = tuple[str, str, int, int]
"""What was acknowledged (`turn`, `fact`), its call, its number there, and its sequence number."""


@contextmanager
def running(
    context: ForkServerContext, target: Callable[..., None], *arguments: object
) -> Iterator[tuple[BaseProcess, Connection]]:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, theirs))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def told_of(acks: Iterable[Ack]) -> list[Ack]:
    """The acknowledgements."""
    return [ack for ack in acks if ack[0] in ("turn", "fact")]


def hear(ours: Connection) -> Iterator[Ack]:
    """What is told until the process ends."""
    try:
        while True:
            yield ours.recv()
    except (EOFError, OSError):
        pass


def take_spooled(heard: Iterator[Ack], many: int) -> list[Ack]:
    """What is told until so many turns are in the spool."""
    acks: list[Ack] = []
    while many:
        acks.append(next(heard))
        many -= acks[-1][3] == -1
    return acks


async def compare(
    rows: Sequence[tuple[int, str | None, int | None]], reader: CallReader, acks: Iterable[Ack]
) -> int:
    """All that was acknowledged is in the rows (seq, call, n), once and in order.

    Returns how many records there are.
    """
    assert [seq for seq, _, _ in rows] == list(range(len(rows)))
    acks = list(acks)
    turns = {(call, n): seq for kind, call, n, seq in acks if kind == "turn"}
    noted = {f"{call}/{n}" for kind, call, n, _ in acks if kind == "fact"}
    stored: dict[str, list[int]] = {}
    for seq, call, n in rows:
        if call is not None and n is not None:
            stored.setdefault(call, []).append(n)
            assert turns.get((call, n), -1) in (-1, seq)
    assert all(own == list(range(1, len(own) + 1)) for own in stored.values())
    assert all(n <= len(stored[call]) for call, n in turns)
    names: list[str] = []
    for call in stored:
        facts = [fact.event for fact in await reader.facts(call)]
        names += [event["name"] for event in facts if event["type"] == "noted"]
    assert len(names) == len(set(names))
    assert noted <= set(names)
    return len(rows)

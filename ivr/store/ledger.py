"""What a record does to the store, statement by statement, inside the writer's transaction.

Belongs to the writer thread alone. It must not begin or end a transaction by itself: the committer
does, for many records at once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from ivr.audit.leaf import (
    ERASED,
    Header,
    as_recorded,
    encode_leaf,
    hash_leaf,
    open_disclosures,
    read_leaf,
    write_id,
)
from ivr.audit.vault import DataKey, Vault
from ivr.errors import JournalConflict, JournalError
from ivr.ports import Fact, LiveRow, NewCase, Turn
from ivr.store.database import Database
from ivr.store.plain import (
    CASE_TAKEN,
    LINE_TAKEN,
    Entry,
    from_micros,
    live_from_plain,
    live_to_plain,
    summarise_turn,
    to_micros,
    turn_data,
    turn_from_leaf,
)


class Ledger:
    """The statements of the store. `log` names the log, `source` whoever decides the turns."""

    def __init__(self, database: Database, vault: Vault, *, log: str, source: str) -> None:
        self.database = database
        self._vault = vault
        self._log = log
        self._source = source
        self._keys: dict[str, DataKey] = {}
        self._next: int | None = None
        self.fresh: list[Mapping[str, Any]] = []
        self.erased = False

    def forget(self, fresh: int = 0) -> None:
        """Drop what was remembered of work that was rolled back; `fresh` leaves stay."""
        self._keys.clear()
        self._next = None
        del self.fresh[fresh:]

    def append(
        self, turn: Turn, live: LiveRow | None, case: NewCase | None, *, late: bool = False
    ) -> int:
        """Store a turn as `Journal.append` says. `late`: any turn of the call may come again."""
        turns, ended = self._execute(
            "SELECT turns, ended_us IS NOT NULL FROM call WHERE id = ?", turn.call
        ) or (0, False)
        if turn.n != turns + 1 or ended:
            return self._repeat(turn, case, turns, late=late)
        key = self._key(turn.call)
        if key is None:
            raise JournalConflict(f"call {turn.call} was erased")
        seq = self._add("turn", turn.call, turn.n, turn.at, self._source, turn_data(turn))
        self._project(turn, key)
        self._replace_live(turn, live, key, late=late)
        if case is not None:
            self._open_case(turn, case, key, late=late)
        if turn.step is None:
            self._keys.pop(turn.call, None)
        return seq

    def note(self, fact: Fact) -> int:
        """Store a fact as `Journal.note` says."""
        if not fact.id:
            return self._add("fact", fact.call, None, fact.at, fact.source, fact.event)
        there = self._execute("SELECT seq FROM named_fact WHERE id = ?", fact.id)
        if there is not None:
            return int(there[0])
        seq = self._add("fact", fact.call, None, fact.at, fact.source, fact.event, fact.id)
        self._execute("INSERT INTO named_fact VALUES (?, ?)", fact.id, seq)
        return seq

    def catch_up(self, entries: Sequence[Entry]) -> Sequence[int | None]:
        """Store what was acknowledged elsewhere, as `Store.catch_up` says."""
        return [self._catch_up(entry) for entry in entries]

    def _catch_up(self, entry: Entry) -> int | None:
        fresh = len(self.fresh)
        self.database.mark("entry")
        try:
            if isinstance(entry, Fact):
                seq: int | None = self.note(entry)
            else:
                seq = self.append(entry.turn, entry.live, entry.case, late=True)
        except JournalError:
            self.database.rewind("entry")
            self.forget(fresh)
            seq = None
        self.database.release("entry")
        return seq

    def live(self, line: str) -> LiveRow | None:
        """The call in progress on a line."""
        row = self._execute("SELECT call, sealed FROM live WHERE line = ?", line)
        if row is None:
            return None
        call, sealed = row
        key = self._key(call)
        return live_from_plain(json.loads(key.unseal("live", sealed))) if key else None

    def lines(self) -> Sequence[tuple[str, datetime]]:
        """Every line with a call in progress."""
        rows = self.database.fetch("SELECT line, at_us FROM live ORDER BY at_us, line")
        return [(line, from_micros(at)) for line, at in rows]

    def case(self, call: str, n: int) -> str | None:
        """The number of the case that a turn opened."""
        row = self._execute("SELECT sealed FROM opened_case WHERE call = ? AND n = ?", call, n)
        if row is None:
            return None
        key = self._key(call)
        return key.unseal(f"case/{n}", row[0]).decode() if key else ERASED

    def erase(self, fact: Fact) -> int:
        """Destroy the key of a call and everything that it sealed; the fact says why.

        Raises JournalConflict when the call is unknown or still in progress.
        """
        call = fact.call
        if call is None or self._execute("SELECT 1 FROM record WHERE call = ?", call) is None:
            raise JournalConflict(f"there is no call {call} to erase")
        if self._execute("SELECT 1 FROM live WHERE call = ?", call) is not None:
            raise JournalConflict(f"call {call} is in progress and cannot be erased yet")
        self._keys.pop(call, None)
        self._execute(
            "INSERT INTO data_key VALUES (?, NULL) ON CONFLICT (subject) DO UPDATE"
            " SET wrapped = NULL",
            call,
        )
        self._execute("DELETE FROM disclosure WHERE subject = ?", call)
        self._execute("UPDATE call SET caller = ? WHERE id = ? AND caller IS NOT NULL", b"", call)
        self._forget_cases(call)
        self.erased = True
        return self.note(fact)

    def _forget_cases(self, call: str) -> None:
        """Another token for each case, so that nobody finds it by its number."""
        for (n,) in self.database.fetch("SELECT n FROM opened_case WHERE call = ?", call):
            self._execute(
                "UPDATE opened_case SET sealed = ?, token = ? WHERE call = ? AND n = ?",
                b"",
                os.urandom(32),
                call,
                n,
            )

    def _repeat(self, turn: Turn, case: NewCase | None, turns: int, *, late: bool) -> int:
        """A turn that is there already, word for word, was sent again by a writer in doubt."""
        row = self._execute(
            "SELECT seq, leaf, sealed FROM record LEFT JOIN disclosure USING (seq)"
            " WHERE call = ? AND n = ?",
            turn.call,
            turn.n,
        )
        if row is not None and (late or turn.n == turns):
            seq, leaf, sealed = row
            number = case.number if case else None
            there = turn_from_leaf(read_leaf(leaf), self._disclosed(turn.call, seq, sealed))
            same = there.at == turn.at and turn_data(there) == as_recorded(turn_data(turn))
            if same and number == self.case(turn.call, turn.n):
                return int(seq)
        raise JournalConflict(f"turn {turn.n} does not follow turn {turns} of call {turn.call}")

    def _add(
        self,
        kind: Literal["turn", "fact"],
        call: str | None,
        n: int | None,
        at: datetime,
        source: str,
        data: Mapping[str, Any],
        record: str = "",
    ) -> int:
        if self._next is None:
            (self._next,) = self._execute("SELECT coalesce(max(seq) + 1, 0) FROM record") or (0,)
        seq = self._next
        try:
            record = record or write_id(at, os.urandom(10))
            header = Header(self._log, seq, record, at, source, call, n, kind)
            leaf = encode_leaf(header, data, lambda: os.urandom(16))
        except (ValueError, TypeError) as error:
            raise JournalError(f"the record cannot be a leaf of the log: {error}") from None
        self._execute(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?)", seq, call, n, leaf.raw, hash_leaf(leaf.raw)
        )
        if leaf.disclosures:
            self._disclose(seq, call or f"day/{at:%Y-%m-%d}", leaf.disclosures)
        self.fresh.append(leaf.content)
        self._next = seq + 1
        return seq

    def _disclose(self, seq: int, subject: str, disclosures: Sequence[str]) -> None:
        """Keep what the digests stand for, unless the subject was erased before."""
        key = self._key(subject)
        if key is not None:
            sealed = key.seal(f"record/{seq}", json.dumps(disclosures).encode())
            self._execute("INSERT INTO disclosure VALUES (?, ?, ?)", seq, subject, sealed)

    def _disclosed(self, subject: str, seq: int, sealed: bytes | None) -> Mapping[str, str | int]:
        key = self._key(subject) if sealed else None
        if key is None or sealed is None:
            return {}
        return open_disclosures(json.loads(key.unseal(f"record/{seq}", sealed)))

    def _project(self, turn: Turn, key: DataKey) -> None:
        line = summarise_turn(None, turn)
        self._execute(
            "INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET ended_us = excluded.ended_us, turns = excluded.turns, outcome = excluded.outcome",
            line.call,
            to_micros(line.started),
            to_micros(line.ended) if line.ended else None,
            line.dialled,
            key.seal("caller", line.caller.encode()) if line.caller else None,
            line.turns,
            line.outcome,
        )

    def _replace_live(self, turn: Turn, live: LiveRow | None, key: DataKey, *, late: bool) -> None:
        if live is None:
            self._execute("DELETE FROM live WHERE call = ?", turn.call)
            return
        if live.call != turn.call:
            raise JournalConflict(f"the live row of call {live.call} came with call {turn.call}")
        held = self._execute(
            "SELECT call FROM live WHERE line = ? AND call <> ?", live.line, live.call
        )
        if held is not None and not late:
            raise JournalConflict(f"line {live.line} is held by call {held[0]}")
        if held is not None:
            self._execute("DELETE FROM live WHERE call = ?", held[0])
            self.note(Fact(held[0], turn.at, self._source, LINE_TAKEN))
        self._execute(
            "INSERT INTO live VALUES (?, ?, ?, ?) ON CONFLICT (call) DO UPDATE"
            " SET line = excluded.line, at_us = excluded.at_us, sealed = excluded.sealed",
            live.call,
            live.line,
            to_micros(live.at),
            key.seal("live", json.dumps(live_to_plain(live), allow_nan=False).encode()),
        )

    def _open_case(self, turn: Turn, case: NewCase, key: DataKey, *, late: bool) -> None:
        token = self._vault.token("case number", case.number)
        if self._execute("SELECT 1 FROM opened_case WHERE token = ?", token) is not None:
            if not late:
                raise JournalConflict("the number of the new case is taken")
            self.note(Fact(turn.call, turn.at, self._source, {**CASE_TAKEN, "turn": turn.n}))
            return
        sealed = key.seal(f"case/{turn.n}", case.number.encode())
        self._execute(
            "INSERT INTO opened_case VALUES (?, ?, ?, ?, ?, ?)",
            turn.call,
            turn.n,
            case.kind,
            case.recording,
            token,
            sealed,
        )

    def _key(self, subject: str) -> DataKey | None:
        """The data key of a subject, made when there is none; None when it was destroyed."""
        if subject in self._keys:
            return self._keys[subject]
        row = self._execute("SELECT wrapped FROM data_key WHERE subject = ?", subject)
        if row is None:
            key, wrapped = self._vault.make_key(subject)
            self._execute("INSERT INTO data_key VALUES (?, ?)", subject, wrapped)
        elif row[0] is None:
            return None
        else:
            key = self._vault.unwrap(subject, row[0])
        self._keys[subject] = key
        return key

    def _execute(self, statement: str, *values: object) -> Sequence[Any] | None:
        """The first row."""
        rows = self.database.fetch(statement, *values)
        return rows[0] if rows else None

"""What the writer knows of calls, for the time when the store cannot be asked."""

from __future__ import annotations

from ivr.store.mirror import Mirror
from ivr.store.plain import Append
from tests.journal_samples import make_case, make_live, make_turn


def test_the_cases_of_calls_that_ended_are_forgotten() -> None:
    mirror = Mirror()
    for call in ("C1", "C2"):
        for n in (1, 2):
            case = make_case(f"{call}-number") if n == 2 else None
            mirror.put(Append(make_turn(call, n), make_live(call, n), case), n)
            mirror.settle(call)
        assert mirror.case(call, 2) == f"{call}-number"
    mirror.put(Append(make_turn("C1", 3, last=True), None), 3)
    mirror.settle("C1")
    assert (mirror.case("C1", 2), mirror.case("C2", 2)) == (None, "C2-number")

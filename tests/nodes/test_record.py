from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr.engine.outcomes import CaseOpened, HungUp, Played, Recorded, Unable
from ivr.engine.steps import OpenCase, Record, Say
from ivr.engine.values import Personal
from tests.talk import Talk

Begin = Callable[..., Talk]

RECORD = """
  speak:
    type: record
    say: Silakan bicara.
    limit: 60s
    silence: 4s
    into: message
    case: pengaduan
    on_nothing: nothing
    on_hangup: kept
    next: tell
  tell: {type: say, say: "Nomor {message.number:digits}, {message.seconds} detik.", next: end}
  nothing: {type: say, say: Kami tidak mendengar., next: end}
  kept: {type: hangup, outcome: tersimpan}
  end: {type: hangup}
"""
PLAIN = RECORD.replace("    case: pengaduan\n", "").replace("{message.number:digits}", "satu")

SPOKEN = Recorded("call-1", 4600, 73600, "ab" * 32, "finish", 900)
OPENED = CaseOpened(Personal("100000009"))


def test_it_records_by_its_own_limits(talk: Begin) -> None:
    call = talk(RECORD)
    assert isinstance(call.step, Record)
    assert (call.step.limit, call.step.silence, call.step.finish) == (60_000, 4_000, "#")
    assert call.said == ["main.speak.say"]


def test_a_message_is_told_with_its_hash_and_asks_for_a_case(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(SPOKEN)
    told = call.event("message.recorded")
    assert (told.recording, told.length, told.size, told.sha256, told.ended) == (
        "call-1",
        4600,
        73600,
        "ab" * 32,
        "finish",
    )
    assert call.step == OpenCase("pengaduan", "call-1")
    assert call.run.stage == "case"


def test_the_case_number_and_the_seconds_are_values(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(SPOKEN)
    call.hear(OPENED)
    opened = call.event("case.opened")
    assert (opened.kind, opened.number) == ("pengaduan", Personal("100000009"))
    assert call.run.frame.variables == {"message": {"seconds": 5, "number": Personal("100000009")}}
    assert isinstance(call.step, Say)
    assert call.run.result == "tiket"
    assert call.run.pending == {}


def test_a_message_without_a_case_is_kept_all_the_same(talk: Begin) -> None:
    call = talk(PLAIN)
    call.hear(SPOKEN)
    assert call.run.frame.variables == {"message": {"seconds": 5}}
    assert call.said == ["main.tell.say"]


@pytest.mark.parametrize("length", [0, 999])
def test_less_than_a_second_is_nothing(talk: Begin, length: int) -> None:
    call = talk(RECORD)
    call.hear(replace(SPOKEN, length=length))
    assert call.said == ["main.nothing.say"]
    assert "message.recorded" not in call.told


def test_a_message_of_a_second_is_one(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(replace(SPOKEN, length=1000))
    assert isinstance(call.step, OpenCase)


def test_a_spoken_message_becomes_a_case_although_the_caller_hung_up(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(replace(SPOKEN, ended="hangup"))
    assert call.told == ["prompt.played", "caller.hung_up", "message.recorded"]
    assert call.step == OpenCase("pengaduan", "call-1")
    call.hear(OPENED)
    assert call.step is None
    assert call.told == ["case.opened", "node.entered", "call.ended"]
    assert call.event("call.ended").outcome == "tiket"


def test_a_hangup_before_a_word_opens_no_case_and_counts_as_none(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(replace(SPOKEN, length=0, ended="hangup"))
    assert call.step is None
    assert call.event("call.ended").outcome == "putus_ivr"


def test_a_hangup_in_the_prompt_ends_the_call(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(HungUp(300))
    assert call.step is None
    assert call.event("call.ended").outcome == "putus_ivr"


def test_a_message_without_a_case_ends_where_on_hangup_says(talk: Begin) -> None:
    call = talk(PLAIN)
    call.hear(replace(SPOKEN, ended="hangup"))
    assert call.step is None
    assert call.event("call.ended").outcome == "tersimpan"


def test_without_on_hangup_the_case_is_the_end(talk: Begin) -> None:
    kept = "  kept: {type: hangup, outcome: tersimpan}\n"
    call = talk(RECORD.replace("    on_hangup: kept\n", "").replace(kept, ""))
    call.hear(replace(SPOKEN, ended="hangup"))
    call.hear(OPENED)
    assert call.step is None
    assert call.event("call.ended").outcome == "tiket"


def test_after_a_crash_the_message_on_disk_counts(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(replace(SPOKEN, ended="unknown"))
    assert call.event("message.recorded").ended == "unknown"
    assert isinstance(call.step, OpenCase)


def test_a_recording_that_cannot_be_made_goes_the_way_of_nothing(talk: Begin) -> None:
    call = talk(RECORD)
    call.hear(Unable("SoundMissing"))
    assert call.said == ["engine.fault", "main.nothing.say"]


def test_a_message_that_outlasts_the_call_still_gets_its_number(talk: Begin) -> None:
    call = talk(RECORD)
    call.at = call.at.replace(hour=9)
    call.hear(SPOKEN)
    assert call.step == OpenCase("pengaduan", "call-1")
    call.hear(OPENED)
    assert call.event("limit.reached").limit == "call"
    assert call.said == ["engine.goodbye"]
    assert call.run.result == "tiket"


def test_an_outcome_that_no_record_has_is_a_fault_of_ours(talk: Begin) -> None:
    with pytest.raises(AssertionError, match="a recording does not end in played"):
        talk(RECORD).hear(Played(1))

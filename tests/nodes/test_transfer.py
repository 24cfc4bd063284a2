from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import pytest

from ivr.engine.outcomes import Digits, HungUp, Played, Resumed, Transferred, Unable
from ivr.engine.steps import Hangup, Say, Transfer
from ivr.engine.values import Personal, Secret
from tests.talk import HOTLINE, Talk

Begin = Callable[..., Talk]

OFFICERS = f"""{HOTLINE}
destinations:
  desk: {{dial: desk-1, ring: 20s}}
  line: {{queue: line-1, wait: 5m}}
  bare: {{queue: line-2}}
  phone: {{dial: desk-2}}
"""

TRANSFER = """
agency: djp
nodes:
  choose:
    type: menu
    options: [{key: 1, name: topic, label: topik, next: connect}]
  connect:
    type: transfer
    say: Kami sambungkan.
    to: line
    options:
      - {key: 1, name: message, label: meninggalkan pesan, next: message}
    context: {note: "hari {call.weekday}"}
    ended: rated
    queue_full: full
    otherwise: sorry
    on_hangup: gone
  rated: {type: say, say: Terima kasih., next: end}
  full: {type: say, say: Antrean penuh., next: end}
  sorry: {type: say, say: Belum tersambung., next: end}
  message: {type: say, say: Tinggalkan pesan., next: end}
  gone: {type: hangup, outcome: ditinggalkan}
  end: {type: hangup}
"""


@pytest.fixture
def call(talk: Begin) -> Talk:
    """A call that is being handed over."""
    begun = talk(TRANSFER, hotline=OFFICERS)
    begun.press("1")
    return begun


def test_it_asks_for_the_destination_of_the_hotline(call: Talk) -> None:
    assert isinstance(call.step, Transfer)
    assert (call.step.way, call.step.name, call.step.limit) == ("queue", "line-1", 300_000)
    assert call.step.keys == ("1",)
    assert call.said == ["main.connect.say", "main.connect.options.message"]
    assert [one.template for one in call.step.utterances][1] == (
        "Untuk meninggalkan pesan, tekan satu."
    )


@pytest.mark.parametrize(
    ("to", "way", "name", "limit"),
    [
        ("desk", "dial", "desk-1", 20_000),
        ("phone", "dial", "desk-2", 30_000),
        ("bare", "queue", "line-2", 600_000),
    ],
)
def test_each_destination_has_its_way_and_its_limit(
    talk: Begin, to: str, way: str, name: str, limit: int
) -> None:
    begun = talk(TRANSFER.replace("to: line", f"to: {to}"), hotline=OFFICERS)
    begun.press("1")
    assert isinstance(begun.step, Transfer)
    assert (begun.step.way, begun.step.name, begun.step.limit) == (way, name, limit)


def test_the_officer_is_told_of_the_call(call: Talk) -> None:
    told = {
        "call": "call",
        "language": "id",
        "agency": "djp",
        "path": "main.choose.topic",
        "note": "hari monday",
    }
    assert isinstance(call.step, Transfer)
    assert call.step.context == told
    begun = call.event("transfer.begun")
    assert (begun.destination, begun.told) == ("line", told)


SAID = """
  ask: {type: collect, say: Nomor., digits: 4, into: number, on_hangup: later_, next: connect}
  connect:
    type: transfer
    to: desk
    context: {number: "{number}", words: "nomor {number}", none: "{later}"}
    ended: end
    otherwise: end
  later_: {type: menu, into: later, options: [{key: 1, name: a, label: a}], next: end}
  end: {type: hangup}
"""


def test_what_is_about_a_person_stays_marked_and_what_is_unset_is_left_out(talk: Begin) -> None:
    begun = talk(SAID, hotline=OFFICERS)
    begun.type("1234")
    assert isinstance(begun.step, Transfer)
    told = begun.step.context
    assert (told["number"], told["words"]) == (Personal("1234"), Personal("nomor 1234"))
    assert "none" not in told


def test_a_secret_that_came_in_all_the_same_is_left_out(talk: Begin) -> None:
    """The checker refuses it; this is the second lock."""
    begun = talk(SAID.replace(', words: "nomor {number}"', ""), hotline=OFFICERS)
    begun.hear(Digits(Secret("ref", 4, True), 4, "finish", 0))
    assert isinstance(begun.step, Transfer)
    assert "number" not in begun.step.context


def test_after_the_talk_the_call_goes_on(call: Talk) -> None:
    call.hear(Transferred("ended", waited=4_000, talked=70_000, heard=1_500))
    told = call.event("transfer.ended")
    assert (told.destination, told.result, told.option) == ("line", "ended", "")
    assert (told.waited, told.talked) == (4_000, 70_000)
    assert call.event("prompt.played").heard == 1_500
    assert isinstance(call.step, Say)
    assert call.node == "main.rated"
    assert call.run.result == "petugas"


@pytest.mark.parametrize(
    ("result", "node"),
    [
        ("busy", "sorry"),
        ("no_answer", "sorry"),
        ("queue_full", "full"),
        ("queue_closed", "sorry"),
        ("failed", "sorry"),
    ],
)
def test_every_unhappy_end_has_its_own_way_out_or_the_common_one(
    call: Talk,
    result: Literal["busy", "no_answer", "queue_full", "queue_closed", "failed"],
    node: str,
) -> None:
    call.hear(Transferred(result, waited=1_000))
    assert call.event("transfer.ended").result == result
    assert call.node == f"main.{node}"
    assert call.run.result == ""


def test_a_key_ends_the_waiting(call: Talk) -> None:
    call.hear(Transferred("key", "1", waited=9_000))
    told = call.event("transfer.ended")
    assert (told.result, told.option, told.talked) == ("key", "message", 0)
    assert call.node == "main.message"


@pytest.mark.parametrize("talked", [0, 12_000])
def test_a_caller_who_hangs_up_leads_to_its_own_way_out(call: Talk, talked: int) -> None:
    call.hear(Transferred("left", waited=3_000, talked=talked))
    assert call.told[1:3] == ["transfer.ended", "caller.hung_up"]
    assert call.event("transfer.ended").talked == talked
    assert call.step is None
    assert call.event("call.ended").outcome == ("petugas" if talked else "ditinggalkan")


def test_without_a_way_out_a_hangup_ends_the_call(talk: Begin) -> None:
    begun = talk(
        TRANSFER.replace("    on_hangup: gone\n", "").replace(
            "tersambung., next: end", "tersambung., next: gone"
        ),
        hotline=OFFICERS,
    )
    begun.press("1")
    begun.hear(Transferred("left"))
    assert begun.step is None
    assert begun.event("call.ended").outcome == "putus_ivr"


def test_a_hangup_before_the_attempt_is_the_same(call: Talk) -> None:
    call.hear(HungUp(300))
    assert call.event("prompt.played").interrupted
    assert call.event("call.ended").outcome == "ditinggalkan"


def test_waiting_and_talking_do_not_count_towards_the_length_of_the_call(call: Talk) -> None:
    hour = timedelta(hours=1)
    call.hear(Transferred("ended", waited=600_000, talked=3_000_000), later=hour)
    assert isinstance(call.step, Say)
    call.hear(Played(900), later=timedelta(minutes=14))
    assert isinstance(call.step, Hangup)
    assert "limit.reached" not in [event.type for event in call.all]


def test_time_with_the_menus_still_counts(call: Talk) -> None:
    late = timedelta(minutes=76)
    call.hear(Transferred("ended", waited=600_000, talked=3_000_000), later=late)
    assert call.event("limit.reached").limit == "call"


def test_a_transfer_that_cannot_be_made_goes_the_way_of_a_failure(call: Talk) -> None:
    call.hear(Unable("sound_missing"))
    assert call.node == "main.sorry"
    assert call.said == ["engine.fault", "main.sorry.say"]


def test_after_a_crash_without_an_answer_it_is_offered_again(call: Talk) -> None:
    before = call.step
    call.hear(Resumed())
    assert isinstance(before, Transfer)
    assert isinstance(call.step, Transfer)
    assert call.said == ["engine.resumed", "main.connect.say", "main.connect.options.message"]
    assert call.step.context == before.context


def test_an_outcome_that_no_transfer_has_is_a_fault_of_ours(call: Talk) -> None:
    with pytest.raises(AssertionError, match="a transfer does not end in played"):
        call.hear(Played(1))

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.engine.outcomes import Digits, Escaped, HungUp, Keys, Played, Silence
from ivr.engine.steps import Collect, Hangup, Menu, Say, Timing
from ivr.engine.utterance import Spoken
from ivr.engine.values import Personal, Secret
from tests.talk import Talk

Begin = Callable[..., Talk]

COLLECT = """
  ask: {type: collect, say: Masukkan kode., digits: 4-6, into: code, next: tell}
  tell: {type: say, say: "Kode {code}.", next: end}
  end: {type: hangup}
"""

NPWP = """
  ask:
    type: collect
    say: Masukkan NPWP.
    as: npwp
    sensitive: true
    into: npwp
    confirm: last4
    on_invalid: {short: Kurang panjang.}
    next: end
  end: {type: hangup}
"""

RIGHT = Digits(Secret("s1", 15, True), 15, "finish", 0)
WRONG = Digits(Secret("s2", 15, False, "checksum"), 15, "finish", 0)
SHORT = Digits(Secret("s3", 3, False, "short"), 3, "silence", 0)


def test_it_asks_for_digits_with_its_lengths_timers_and_escapes(talk: Begin) -> None:
    call = talk(COLLECT)
    assert call.said == ["main.ask.say"]
    assert isinstance(call.step, Collect)
    assert (call.step.min, call.step.max, call.step.finish) == (4, 6, "#")
    assert call.step.escapes == ("**", "*7", "*0", "*")
    assert call.step.timing == Timing(8000, 4000, 60000)
    assert (call.step.secret, call.step.personal, call.step.flush) == (False, True, False)


def test_an_identifier_brings_its_lengths(talk: Begin) -> None:
    call = talk(NPWP)
    assert isinstance(call.step, Collect)
    assert (call.step.min, call.step.max, call.step.kind, call.step.secret) == (
        15,
        16,
        "npwp",
        True,
    )


def test_digits_become_a_personal_value(talk: Begin) -> None:
    call = talk(COLLECT)
    call.type("1234")
    assert call.run.frame.variables == {"code": Personal("1234")}
    accepted = call.event("input.accepted")
    assert (accepted.name, accepted.value, accepted.length) == ("code", Personal("1234"), 4)
    assert call.said == ["main.tell.say"]


def test_public_digits_become_a_plain_value(talk: Begin) -> None:
    call = talk(COLLECT.replace("digits: 4-6", "digits: 4-6, public: true"))
    assert isinstance(call.step, Collect)
    assert call.step.personal is False
    call.hear(Digits("1234", 4, "finish", 0))
    assert call.run.frame.variables == {"code": "1234"}


@pytest.mark.parametrize(
    ("digits", "reason"), [("123", "short"), ("", "short"), ("1234567", "long")]
)
def test_digits_of_the_wrong_length_are_refused_with_the_engines_words(
    talk: Begin, digits: str, reason: str
) -> None:
    call = talk(COLLECT)
    call.type(digits)
    rejected = call.event("input.rejected")
    assert (rejected.reason, rejected.length, rejected.count) == (reason, len(digits), 1)
    assert call.said == ["engine.invalid", "main.ask.say"]
    assert call.run.frame.variables == {}


def test_a_reason_may_have_its_own_words(talk: Begin) -> None:
    call = talk(NPWP)
    call.hear(SHORT)
    assert call.said == ["main.ask.on_invalid.short", "main.ask.say"]
    call.hear(WRONG)
    assert call.said == ["engine.invalid", "main.ask.say"]
    assert call.event("input.rejected").reason == "checksum"


def test_a_number_that_nobody_hides_is_checked_by_the_engine(talk: Begin) -> None:
    call = talk(COLLECT.replace("digits: 4-6", "as: case"))
    call.type("123456789")
    assert call.event("input.rejected").reason == "checksum"
    call.type("123456782")
    assert call.event("input.accepted").length == 9


def test_refusals_and_wrong_keys_use_up_the_same_tries(talk: Begin) -> None:
    call = talk(COLLECT)
    call.type("1")
    call.hear(Keys("*5", 0))
    assert call.said == ["hotline.on_wrong_key.1", "main.ask.say"]
    assert call.event("input.wrong").count == 2
    call.type("1")
    assert call.event("tries.exhausted").reason == "wrong_key"
    assert call.node == "person.person"


def test_silence_counts_by_itself(talk: Begin) -> None:
    call = talk(COLLECT)
    call.type("1")
    call.type("1")
    for count in (1, 2):
        call.hear(Silence(0))
        assert call.event("input.silent").count == count
        assert call.said == ["hotline.on_silence.1", "main.ask.say"]
    call.hear(Silence(0))
    assert call.event("tries.exhausted").reason == "silence"


@pytest.mark.parametrize(
    ("keys", "action", "node"),
    [
        ("*0", "flow person", "person.person"),
        ("**", "repeat", "main.ask"),
        ("*7", "back", "main.ask"),
    ],
)
def test_an_escape_is_a_universal_key_after_a_star(
    talk: Begin, keys: str, action: str, node: str
) -> None:
    call = talk(COLLECT)
    call.hear(Escaped(keys, 200))
    used = call.event("universal.used")
    assert (used.keys, used.action, call.node) == (keys, action, node)


def test_a_confirmation_reads_back_what_may_be_heard(talk: Begin) -> None:
    call = talk(NPWP)
    call.hear(RIGHT)
    assert isinstance(call.step, Menu)
    assert call.step.keys == ("1", "2", "*", "7", "0")
    assert call.said == ["engine.confirm_last4"]
    assert call.step.utterances[0].values == {"value": Spoken(Secret("s1", 15, True), "last4")}
    assert call.run.frame.variables == {}


def test_a_confirmed_number_is_taken(talk: Begin) -> None:
    call = talk(NPWP)
    call.hear(RIGHT)
    call.press("1")
    assert call.event("input.confirmed").right is True
    assert call.run.frame.variables == {"npwp": Secret("s1", 15, True)}
    assert isinstance(call.step, Hangup)


def test_a_number_that_is_not_confirmed_is_asked_for_again(talk: Begin) -> None:
    call = talk(NPWP)
    call.hear(RIGHT)
    call.press("2")
    assert call.event("input.confirmed").right is False
    assert isinstance(call.step, Collect)
    assert call.said == ["main.ask.say"]
    assert call.run.pending == {}


def test_refusing_the_confirmation_again_and_again_leads_to_a_person(talk: Begin) -> None:
    call = talk(NPWP)
    for _ in range(3):
        call.hear(RIGHT)
        call.press("2")
    assert call.event("tries.exhausted").reason == "wrong_key"
    assert call.node == "person.person"


def test_a_confirmation_repeats_itself_after_silence_and_wrong_keys(talk: Begin) -> None:
    call = talk(NPWP)
    call.hear(RIGHT)
    call.hear(Silence(0))
    assert call.said == ["hotline.on_silence.1", "engine.confirm_last4"]
    call.press("5")
    assert call.said == ["hotline.on_wrong_key.1", "engine.confirm_last4"]
    call.press("*")
    assert call.said == ["engine.confirm_last4"]
    call.press("1")
    assert call.run.frame.variables == {"npwp": Secret("s1", 15, True)}


def test_silence_in_asking_and_in_confirming_is_one_count(talk: Begin) -> None:
    call = talk(NPWP)
    call.hear(Silence(0))
    call.hear(RIGHT)
    call.hear(Silence(0))
    assert call.event("input.silent").count == 2
    call.hear(Silence(0))
    assert call.node == "person.person"


def test_going_back_from_a_confirmation_forgets_the_number(talk: Begin) -> None:
    call = talk(NPWP)
    call.hear(RIGHT)
    call.press("7")
    assert isinstance(call.step, Collect)
    assert (call.run.stage, call.run.pending) == ("ask", {})


def test_all_digits_are_read_back_as_their_kind(talk: Begin) -> None:
    call = talk(COLLECT.replace("digits: 4-6", "digits: 4-6, confirm: all"))
    call.type("1234")
    assert isinstance(call.step, Menu)
    assert call.said == ["engine.confirm_all"]
    assert call.step.utterances[0].values == {"value": Spoken(Personal("1234"), "digits")}


def test_a_flow_can_ask_whether_a_secret_was_right(talk: Begin) -> None:
    call = talk("""
  ask: {type: collect, say: Masukkan NIK., as: nik, sensitive: true, into: nik, next: see}
  see:
    type: choose
    cases:
      - {if: {nik.valid: "true", nik.length: "16"}, next: good}
    else: end
  good: {type: say, say: Baik., next: end}
  end: {type: hangup}
""")
    call.hear(Digits(Secret("s1", 16, True), 16, "length", 0))
    assert call.said == ["main.good.say"]


@pytest.mark.parametrize("digits", [None, RIGHT], ids=["asking", "confirming"])
def test_a_hangup_goes_where_the_node_says(talk: Begin, digits: Digits | None) -> None:
    call = talk(
        NPWP.replace("    as: npwp", "    as: npwp\n    on_hangup: gone")
        + "  gone: {type: hangup, outcome: informasi}\n"
    )
    if digits is not None:
        call.hear(digits)
    call.hear(HungUp(0))
    assert call.step is None
    assert call.event("call.ended").outcome == "informasi"


@pytest.mark.parametrize(("before", "name"), [(None, "collect"), (RIGHT, "confirmation")])
def test_an_outcome_that_no_collect_has_is_a_fault_of_ours(
    talk: Begin, before: Digits | None, name: str
) -> None:
    call = talk(NPWP)
    if before is not None:
        call.hear(before)
    with pytest.raises(AssertionError, match=f"a {name} does not end in played"):
        call.hear(Played(1))


KEYED = """
  ask: {type: collect, say: Masukkan pelat., as: plate, into: plate, confirm: all, next: tell}
  tell: {type: say, say: "Pelat {plate}.", next: end}
  end: {type: hangup}
"""


def test_letters_are_kept_and_read_back_as_they_are_written(talk: Begin) -> None:
    call = talk(KEYED)
    assert isinstance(call.step, Collect)
    assert (call.step.min, call.step.max) == (6, 18)
    call.type("2201020304929394")
    assert isinstance(call.step, Menu)
    spoken = {"value": Spoken(Personal("B 1234 XYZ"), "plate")}
    assert call.step.utterances[0].values == spoken
    call.press("1")
    assert call.event("input.accepted").value == Personal("B 1234 XYZ")
    assert isinstance(call.step, Say)
    assert call.step.utterances[0].values == {"plate": Spoken(Personal("B 1234 XYZ"), "plate")}


def test_the_reason_of_a_keyed_identifier_is_told(talk: Begin) -> None:
    call = talk(KEYED)
    call.type("2301020304929394")
    assert call.event("input.rejected").reason == "region"


def test_a_telephone_number_gets_its_zero(talk: Begin) -> None:
    call = talk(KEYED.replace("as: plate", "as: phone").replace(", confirm: all", ""))
    call.type("6281234567890")
    assert call.run.frame.variables == {"plate": Personal("081234567890")}

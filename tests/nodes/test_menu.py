from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.engine.outcomes import Found, HungUp, Passed, Played, Silence, Unable
from ivr.engine.steps import Hangup, Menu, Say, Timing
from tests.talk import Talk

Begin = Callable[..., Talk]

MENU = """
  main:
    type: menu
    say: Silakan.
    options:
      - {key: 1, name: first, label: pertama, next: one}
      - {key: 2, name: second, label: kedua, next: two}
      - {key: 3, name: third, spoken: false, next: two}
  one: {type: say, say: Satu., next: end}
  two: {type: say, say: Dua., next: end}
  end: {type: hangup}
"""


def test_it_speaks_its_text_and_each_spoken_option(talk: Begin) -> None:
    call = talk(MENU)
    assert call.said == ["main.main.say", "main.main.options.first", "main.main.options.second"]
    assert isinstance(call.step, Menu)
    assert call.step.utterances[1].template == "Untuk pertama, tekan satu."


def test_it_takes_its_own_keys_before_the_universal_ones(talk: Begin) -> None:
    call = talk(MENU)
    assert isinstance(call.step, Menu)
    assert call.step.keys == ("1", "2", "3", "*", "7", "0")
    assert call.step.timing == Timing(8000, 4000, 60000)
    assert not call.step.pass_on
    assert not call.step.flush


def test_an_own_key_hides_the_universal_one(talk: Begin) -> None:
    call = talk(MENU.replace("key: 3", "key: 7"))
    assert isinstance(call.step, Menu)
    assert call.step.keys == ("1", "2", "7", "*", "0")
    call.press("7")
    assert call.event("menu.chosen").option == "third"


def test_a_key_chooses_its_option(talk: Begin) -> None:
    call = talk(MENU)
    call.press("2", heard=400, waited=250)
    assert call.said == ["main.two.say"]
    chosen = call.event("menu.chosen")
    assert (chosen.option, chosen.keys, chosen.waited) == ("second", "2", 250)
    played = call.event("prompt.played")
    assert (played.heard, played.interrupted) == (400, False)


def test_a_key_in_the_prompt_interrupts_it(talk: Begin) -> None:
    call = talk(MENU)
    call.press("1", heard=400)
    assert call.event("prompt.played").interrupted


VALUE = """
  main:
    type: menu
    options:
      - {key: 1, name: car, label: mobil, value: "4"}
      - {key: 2, name: bike, label: motor}
    into: wheels
    next: tell
  tell: {type: say, say: "{wheels}", next: end}
  end: {type: hangup}
"""


@pytest.mark.parametrize(("key", "value"), [("1", "4"), ("2", "bike")])
def test_an_option_gives_its_value_or_its_name(talk: Begin, key: str, value: str) -> None:
    call = talk(VALUE.replace("{wheels}", "Baik {wheels:spell}."))
    call.press(key)
    assert call.run.frame.variables == {"wheels": value}
    assert isinstance(call.step, Say)


def test_silence_and_wrong_keys_count_apart(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Silence(0))
    assert call.said[0] == "hotline.on_silence.1"
    call.press("5")
    assert call.said[0] == "hotline.on_wrong_key.1"
    assert call.event("input.wrong").count == 1
    call.hear(Silence(0))
    assert call.event("input.silent").count == 2
    call.press("5")
    assert call.event("input.wrong").count == 2
    assert isinstance(call.step, Menu)


@pytest.mark.parametrize(
    ("outcome", "reason"), [(Silence(0), "silence"), (None, "wrong_key")], ids=["silence", "wrong"]
)
def test_the_last_try_leads_to_a_person(talk: Begin, outcome: Silence | None, reason: str) -> None:
    call = talk(MENU)
    for _ in range(3):
        assert isinstance(call.step, Menu)
        if outcome is None:
            call.press("5")
        else:
            call.hear(outcome)
    assert call.event("tries.exhausted").reason == reason
    assert isinstance(call.step, Hangup)
    assert call.node == "person.person"
    assert call.said == ["hotline.on_give_up"]


def test_what_is_said_on_silence_escalates_and_the_last_one_repeats(talk: Begin) -> None:
    call = talk(
        MENU.replace(
            "    say: Silakan.\n",
            """    say: Silakan.
    tries: 4
    on_silence:
      - say: Halo.
      - say: Halo, halo.
""",
        )
    )
    said = []
    for _ in range(3):
        call.hear(Silence(0))
        said.append(call.said[0])
    assert said == ["main.main.on_silence.1", "main.main.on_silence.2", "main.main.on_silence.2"]
    call.hear(Silence(0))
    assert call.node == "person.person"


def test_silence_may_lead_elsewhere_at_once(talk: Begin) -> None:
    call = talk(
        MENU.replace("    say: Silakan.\n", "    say: Silakan.\n    on_silence: [{next: two}]\n")
    )
    call.hear(Silence(0))
    assert call.said == ["main.two.say"]


def test_the_flow_speaks_before_the_hotline_and_the_node_before_the_flow(talk: Begin) -> None:
    call = talk(
        "defaults:\n  tries: 2\n  first_key: 3s\n  on_silence: [{say: Flow.}]\nnodes:\n" + MENU
    )
    assert isinstance(call.step, Menu)
    assert call.step.timing == Timing(3000, 4000, 60000)
    call.hear(Silence(0))
    assert call.said[0] == "main.defaults.on_silence.1"
    call.hear(Silence(0))
    assert call.node == "person.person"


PASS = """
  notice:
    type: menu
    say: Percakapan direkam.
    options: [{key: 8, name: refuse, spoken: false, next: no_recording}]
    otherwise: main
  no_recording: {type: say, say: Baik., next: main}
  main:
    type: menu
    options: [{key: 1, name: first, label: pertama, next: end}]
  end: {type: hangup}
"""


def test_a_notice_passes_on_and_is_no_fault(talk: Begin) -> None:
    call = talk(PASS)
    assert isinstance(call.step, Menu)
    assert call.step.pass_on
    call.hear(Passed(1200))
    assert call.node == "main.main"
    assert call.told == ["prompt.played", "node.entered"]


def test_a_notice_has_its_own_key(talk: Begin) -> None:
    call = talk(PASS)
    call.press("8")
    assert call.node == "main.no_recording"


def test_type_ahead_can_be_thrown_away(talk: Begin) -> None:
    call = talk(MENU.replace("    say: Silakan.\n", "    say: Silakan.\n    type_ahead: flush\n"))
    assert isinstance(call.step, Menu)
    assert call.step.flush


def test_a_sequence_of_keys_is_one_choice(talk: Begin) -> None:
    call = talk(MENU.replace("key: 3", 'key: "88"'))
    assert isinstance(call.step, Menu)
    assert "88" in call.step.keys
    call.press("88")
    assert call.event("menu.chosen").option == "third"


def test_a_hangup_ends_the_call_or_goes_where_the_node_says(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(HungUp(300))
    assert call.step is None
    assert call.event("call.ended").outcome == "putus_ivr"
    other = talk(
        MENU.replace("    say: Silakan.\n", "    say: Silakan.\n    on_hangup: told\n")
        + "  told: {type: hangup, outcome: informasi}\n"
    )
    other.hear(HungUp(300))
    assert other.step is None
    assert other.event("caller.hung_up").heard == 300
    assert other.event("call.ended").outcome == "informasi"


def test_a_menu_whose_sound_is_gone_gives_up(talk: Begin) -> None:
    call = talk(MENU)
    call.hear(Unable("SoundMissing"))
    assert call.event("tries.exhausted").reason == "fault"
    assert call.said == ["engine.fault", "hotline.on_give_up"]


@pytest.mark.parametrize("outcome", [Played(1), Found({}, "x"), Passed(1)])
def test_an_outcome_that_no_menu_has_is_a_fault_of_ours(
    talk: Begin, outcome: Played | Found | Passed
) -> None:
    call = talk(MENU)
    with pytest.raises(AssertionError, match="a menu does not end in"):
        call.hear(outcome)

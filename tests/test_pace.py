"""The slow pace: its key, its time, its sound, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile

from ivr.audit.leaf import as_recorded
from ivr.engine.events import PromptPlayed
from ivr.engine.keys import TWICE, Match, expire, match, pause
from ivr.engine.outcomes import Escaped, Resumed
from ivr.engine.plain import event_to_plain
from ivr.engine.steps import Collect, Menu, Timing
from ivr.engine.utterance import Spoken, Utterance
from ivr.flow.bundle import Bundle
from ivr.simulator import Press, Quiet
from ivr.speech import audio
from ivr.speech.casting import Casting
from ivr.speech.catalogue import list_bundle_clips, list_slow_clips
from ivr.speech.compose import Clip, compose
from ivr.speech.library import PromptLibrary
from ivr.speech.render import Voice
from ivr.speech.studio import Studio, import_recording
from ivr.speech.tones import Tones
from ivr.speech.voices import Pronunciation
from tests.service import Service
from tests.talk import HOTLINE, Talk

Begin = Callable[..., Talk]

SLOWER = HOTLINE.replace('  "*": repeat\n', '  "*": repeat\n  "**": slower\n')
MAIN = """
  main:
    type: menu
    options: [{key: 1, name: code, label: kode, next: ask}]
  ask: {type: collect, say: Kode., digits: 4, into: code, confirm: all, next: main}
"""
USUAL = Timing(8_000, 4_000, 60_000)
LONGER = Timing(12_000, 6_000, 90_000)
MENU = Menu((), ("1", "*", "**"), USUAL)
COLLECT = Collect((), 3, 5, "#", ("*0", "**", "*"), USUAL)


def paces(call: Talk) -> set[str]:
    """How fast the prompts of the present step are spoken."""
    assert isinstance(call.step, Menu | Collect)
    return {one.pace for one in call.step.utterances}


def test_the_key_changes_pace_and_timers_and_asks_again(talk: Begin) -> None:
    call = talk(MAIN, hotline=SLOWER)
    assert isinstance(call.step, Menu)
    assert (call.step.timing, paces(call)) == (USUAL, {"normal"})
    call.press("**")
    assert call.told == ["prompt.played", "universal.used", "pace.changed"]
    assert call.event("pace.changed").pace == "slow"
    assert call.said == ["engine.pace_slow", "main.main.options.code"]
    assert isinstance(call.step, Menu)
    assert (call.step.timing, paces(call)) == (LONGER, {"slow"})


def test_the_pace_holds_and_the_key_takes_it_back(talk: Begin) -> None:
    call = talk(MAIN, hotline=SLOWER)
    call.press("**")
    call.press("1")
    assert isinstance(call.step, Collect)
    assert (call.step.timing, paces(call)) == (LONGER, {"slow"})
    call.type("1234")
    assert (call.said, paces(call)) == (["engine.confirm_all"], {"slow"})
    call.press("**")
    assert call.event("pace.changed").pace == "normal"
    assert call.said == ["engine.pace_normal", "engine.confirm_all"]
    assert isinstance(call.step, Menu)
    assert (call.step.timing, paces(call)) == (USUAL, {"normal"})


def test_in_a_collect_the_stars_are_what_they_are_everywhere(talk: Begin) -> None:
    call = talk(MAIN, hotline=SLOWER)
    call.press("1")
    assert isinstance(call.step, Collect)
    assert set(call.step.escapes) == {"*", "**", "*7", "*0"}
    call.hear(Escaped("**", 0))
    assert call.said == ["engine.pace_slow", "main.ask.say"]
    call.hear(Escaped("*", 0))
    assert call.event("universal.used").action == "repeat"
    assert (call.said, call.run.pace) == (["main.ask.say"], "slow")


def test_without_slower_a_second_star_in_a_collect_is_repeat(talk: Begin) -> None:
    call = talk(MAIN)
    call.press("1")
    call.hear(Escaped("**", 0))
    assert (call.event("universal.used").action, call.run.pace) == ("repeat", "normal")


def test_an_engine_that_takes_over_speaks_at_the_same_pace(talk: Begin) -> None:
    call = talk(MAIN, hotline=SLOWER)
    call.press("**")
    call.hear(Resumed())
    assert call.said == ["engine.resumed", "engine.pace_slow", "main.main.options.code"]
    assert isinstance(call.step, Menu)
    assert (call.step.timing, paces(call)) == (LONGER, {"slow"})


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("*", None),
        ("**", Match("keys", 2, "**")),
        ("*1", Match("keys", 1, "*")),
        ("***", Match("keys", 2, "**")),
        ("1*", Match("keys", 1, "1")),
        ("8*", Match("keys", 1, "8")),
    ],
)
def test_star_and_star_twice_in_a_menu(typed: str, found: Match | None) -> None:
    assert match(MENU, typed) == found


def test_a_star_alone_is_told_after_a_moment() -> None:
    assert [pause(MENU, typed) for typed in ("", "*")] == [8_000, TWICE]
    assert expire(MENU, "*") == Match("keys", 1, "*")
    assert [pause(COLLECT, typed) for typed in ("", "12", "12*")] == [8_000, 4_000, TWICE]
    assert expire(COLLECT, "12*") == Match("escape", 3, "*")
    assert match(COLLECT, "12**") == Match("escape", 4, "**")
    assert match(COLLECT, "*5") == Match("keys", 2, "*5")


def test_keys_that_begin_nothing_longer_wait_as_ever() -> None:
    assert pause(replace(MENU, keys=("12", "*")), "1") == 4_000


def test_a_slow_utterance_is_made_of_slow_clips() -> None:
    due = Utterance("a.b.say", "id", "Bayar {n}.", {"n": Spoken("2", "number")}, "slow")
    clips = [piece for piece in compose(due) if isinstance(piece, Clip)]
    assert [clip.text for clip in clips] == ["Bayar", "dua"]
    assert all(clip.slow for clip in clips)
    assert repr(clips[0]) == "Clip('id', 'Bayar', slow)"


def test_both_paces_are_rendered_where_a_key_asks_for_it(load: Callable[..., Bundle]) -> None:
    bundle = load(MAIN, hotline=SLOWER)
    usual, slow = list_bundle_clips(bundle), list_slow_clips(bundle)
    assert list_slow_clips(load(MAIN)) == frozenset()
    assert {replace(clip, slow=False) for clip in slow} == usual
    assert not any(clip.slow for clip in usual)


def make_library(root: Path) -> PromptLibrary:
    voices = {"id": Voice("id", "id")}
    casting = Casting(Tones(), voices, Pronunciation(), Studio(root / "prompts"))
    return PromptLibrary(root / "cache", casting)


HELLO = Utterance("a.b.say", "id", "Selamat datang.")
SLOWLY = replace(HELLO, pace="slow")


def test_a_voice_speaks_slowly_by_itself(tmp_path: Path) -> None:
    casting = Casting(Tones(), {"id": Voice("id", "id", 150)}, Pronunciation(), Studio(tmp_path))
    slow, usual = Clip("id", "Halo.", slow=True), Clip("id", "Halo.")
    assert casting.key(slow) != casting.key(usual)
    at_pace = replace(casting, voices={"id": Voice("id", "id", 128)})  # 85 % of 150
    assert casting.key(slow) == at_pace.key(usual)


def test_the_paces_have_sounds_of_their_own(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    library.prepare({Clip("id", "Selamat datang."), Clip("id", "Selamat datang.", slow=True)})
    assert library.join([HELLO]).path != library.join([SLOWLY]).path
    assert library.recall([SLOWLY]) == library.join([SLOWLY])


def test_what_has_no_slow_rendition_is_spoken_as_ever(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    """But only until it has one."""
    library = make_library(tmp_path)
    library.prepare({Clip("id", "Selamat datang.")})
    assert library.join([SLOWLY]).sha256 == library.join([HELLO]).sha256
    assert library.recall([SLOWLY]) is None
    make_library(tmp_path).prepare({Clip("id", "Selamat datang.", slow=True)})  # another process
    assert library.join([SLOWLY]).sha256 != library.join([HELLO]).sha256


def test_a_studio_recording_is_played_as_it_is(tmp_path: Path) -> None:
    clip = Clip("id", "Selamat datang.")
    voice = audio.beep(300, 440, 48_000)
    soundfile.write(tmp_path / "a.wav", voice.samples, voice.rate)
    import_recording(tmp_path / "prompts", clip, "hello", tmp_path / "a.wav")
    casting = Casting(Tones(), {}, Pronunciation(), Studio(tmp_path / "prompts"))
    assert casting.key(replace(clip, slow=True)) == casting.key(clip)


@pytest.mark.parametrize("pace", ["normal", "slow"])
def test_the_leaf_tells_of_the_slow_pace_only(pace: Any) -> None:
    leaf = as_recorded({"one": plain(replace(HELLO, pace=pace))})
    assert leaf == {"one": {**plain(replace(HELLO, pace=pace)), "template": ""}}
    old = {name: value for name, value in plain(HELLO).items() if name != "pace"}
    assert as_recorded({"one": old})["one"]["prompt"] == HELLO.prompt


def plain(utterance: Utterance) -> Mapping[str, Any]:
    played: Mapping[str, Any] = event_to_plain(PromptPlayed("a", "b", (utterance,), 1, False))
    one: Mapping[str, Any] = played["utterances"][0]
    return one


async def test_the_simulator_shows_it(load: Callable[..., Bundle]) -> None:
    service = Service(load(MAIN, hotline=SLOWER), [Quiet(), Press("**"), Quiet(), Press("0")])
    await service.run()
    assert "<< (slowly) Baik, kami bicara lebih lambat." in service.shown
    assert "<< (slowly) Untuk kode, tekan satu." in service.shown

"""The prompts that exist: rendering, finding, joining, damage, privacy, several processes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from ivr.engine.utterance import Spoken, Utterance
from ivr.engine.values import Personal
from ivr.errors import SpeechError
from ivr.speech import audio
from ivr.speech.cache import FORMATS, Sounds
from ivr.speech.casting import Casting
from ivr.speech.compose import SENTENCE_MS, TAIL_MS, Clip, Silence, list_clips
from ivr.speech.library import PromptLibrary
from ivr.speech.render import Voice
from ivr.speech.studio import Studio, import_recording
from ivr.speech.tones import Tones
from ivr.speech.voices import Pronunciation

VOICES = {"id": Voice("id", "id"), "en": Voice("en", "en-us")}
WELCOME = Utterance("tax.welcome.say", "id", "Selamat datang.")
DUE = Utterance("tax.due.say", "id", "Bayar {n:rupiah} segera.", {"n": Spoken("21000", "rupiah")})
OWN = Utterance("tax.own.say", "id", "Nomor {n}.", {"n": Spoken(Personal("120"), "digits")})
CLIPS = {
    Clip("id", "Selamat datang."),
    *list_clips("id", DUE.template, {"n": "rupiah"}),
    *list_clips("id", OWN.template, {"n": "digits"}),
}


def make_library(
    tmp_path: Path,
    voices: dict[str, Voice] = VOICES,
    words: dict[str, dict[str, str]] | None = None,
) -> PromptLibrary:
    casting = Casting(Tones(), voices, Pronunciation(words or {}), Studio(tmp_path / "prompts"))
    return PromptLibrary(tmp_path / "cache", casting)


@pytest.fixture
def library(tmp_path: Path) -> PromptLibrary:
    library = make_library(tmp_path)
    library.prepare(CLIPS)
    return library


def load(stem: Path) -> Sounds:
    return {name: stem.with_name(f"{stem.name}.{name}").read_bytes() for name in FORMATS}


def test_only_what_is_missing_is_rendered(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    seen: list[tuple[int, int]] = []
    pauses = 4
    assert len(library.list_missing(CLIPS)) == len(CLIPS)
    assert library.prepare(CLIPS, lambda done, of: seen.append((done, of))) == len(CLIPS) + pauses
    assert seen == [(n, len(CLIPS) + pauses) for n in range(1, len(CLIPS) + pauses + 1)]
    assert make_library(tmp_path).prepare([*CLIPS, Clip("id", "Halo.")]) == 1
    assert make_library(tmp_path).list_missing(CLIPS) == []


def test_voice_rate_and_pronunciation_are_part_of_the_key(tmp_path: Path) -> None:
    clip = [Clip("id", "pukul delapan WIB")]
    make_library(tmp_path).prepare(clip)
    others = [
        make_library(tmp_path, {"id": Voice("id", "id", rate=120)}),
        make_library(tmp_path, {"id": Voice("id", "jv")}),
        make_library(tmp_path, words={"id": {"WIB": "Waktu Indonesia Barat"}}),
    ]
    assert [other.list_missing(clip) for other in others] == [clip] * 3
    assert make_library(tmp_path, words={"id": {"SPT": "es pe te"}}).list_missing(clip) == []


def test_an_utterance_resolves_to_files_in_order(library: PromptLibrary) -> None:
    rendering = library.resolve(DUE)
    sounds = [load(stem) for stem in rendering.files]
    assert len(sounds) == 7  # Bayar, dua, puluh, satu, ribu, rupiah, segera
    assert rendering.duration_ms == sum(len(sound["ulaw"]) for sound in sounds) // 8
    hashes = tuple(hashlib.sha256(sound["sln16"]).hexdigest() for sound in sounds)
    assert rendering.sha256 == hashes


def test_utterances_join_to_one_sound_with_a_pause_between(library: PromptLibrary) -> None:
    sound = library.join([WELCOME, DUE])
    joined = load(sound.path)
    pause = audio.encode(audio.silence(SENTENCE_MS, audio.WIDE))
    for name in FORMATS:
        parts = [
            b"".join(load(stem)[name] for stem in library.resolve(u).files) for u in (WELCOME, DUE)
        ]
        assert joined[name] == pause[name].join(parts)
    assert sound.duration_ms == len(joined["alaw"]) // 8
    assert sound.sha256 == hashlib.sha256(joined["sln16"]).hexdigest()
    first, second = sound.spans
    assert (first.prompt, first.start_ms) == ("tax.welcome.say", 0)
    assert (second.prompt, second.end_ms) == ("tax.due.say", sound.duration_ms)
    assert second.start_ms == first.end_ms + SENTENCE_MS


def test_what_is_about_nobody_is_joined_once(tmp_path: Path, library: PromptLibrary) -> None:
    sound = library.join([WELCOME, DUE], tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()
    assert not sound.personal
    assert make_library(tmp_path).join([WELCOME, DUE]) == sound


def test_silence_to_think_in_may_follow_what_is_about_nobody(
    tmp_path: Path, library: PromptLibrary
) -> None:
    plain, thinking = (library.join([WELCOME], tail=tail) for tail in (False, True))
    silence = audio.encode(audio.silence(TAIL_MS, audio.WIDE))
    for name in FORMATS:
        assert load(thinking.path)[name] == load(plain.path)[name] + silence[name]
    assert (thinking.duration_ms, thinking.tail_ms) == (plain.duration_ms, TAIL_MS)
    assert library.join([OWN], tmp_path / "scratch", tail=True).tail_ms == 0


def test_what_was_joined_is_recalled_without_the_disk(
    tmp_path: Path, library: PromptLibrary
) -> None:
    assert library.recall([WELCOME]) is None
    sound = library.join([WELCOME])
    shutil.rmtree(tmp_path / "cache")
    assert library.recall([WELCOME]) == sound
    assert library.recall([WELCOME], tail=True) is None


def test_an_utterance_with_a_value_is_not_remembered(
    tmp_path: Path, library: PromptLibrary
) -> None:
    library.join([DUE])
    library.join([OWN], tmp_path / "scratch")
    assert library.recall([DUE]) is library.recall([OWN]) is None


def test_what_is_personal_stays_in_the_directory_of_the_call(
    tmp_path: Path, library: PromptLibrary
) -> None:
    before = sorted((tmp_path / "cache").rglob("*"))
    scratch = tmp_path / "scratch"
    sound = library.join([WELCOME, OWN], scratch)
    assert sound.personal
    assert sound.path.parent == scratch
    assert sorted((tmp_path / "cache").rglob("*")) == before
    assert {path.suffix for path in scratch.iterdir()} == {f".{name}" for name in FORMATS}
    assert library.join([WELCOME, OWN], scratch) == sound


def test_the_name_of_a_personal_sound_cannot_be_guessed(tmp_path: Path) -> None:
    names = set()
    for _ in range(2):
        library = make_library(tmp_path)
        library.prepare(CLIPS)
        names.add(library.join([OWN], tmp_path / "scratch").path.name)
    assert len(names) == 2


def test_a_personal_sound_without_a_place_is_refused(library: PromptLibrary) -> None:
    with pytest.raises(SpeechError, match="scratch"):
        library.join([OWN])


def test_a_missing_clip_is_an_error_and_never_another_language(library: PromptLibrary) -> None:
    absent = Utterance("tax.welcome.say", "en", "Selamat datang.")
    for use in (library.resolve, lambda utterance: library.join([utterance])):
        with pytest.raises(SpeechError, match=r"Selamat datang.*\n.*ivr serve"):
            use(absent)
    with pytest.raises(SpeechError, match="'jv' has no voice"):
        library.resolve(Utterance("tax.welcome.say", "jv", "Sugeng rawuh."))


def test_a_missing_personal_text_is_not_quoted(library: PromptLibrary) -> None:
    utterance = Utterance("x.say", "id", "{n}", {"n": Spoken(Personal("Budi"), "text")})
    with pytest.raises(SpeechError) as caught:
        library.resolve(utterance)
    assert "Budi" not in str(caught.value)


def test_nothing_to_play_is_refused(library: PromptLibrary) -> None:
    with pytest.raises(SpeechError, match="nothing to play"):
        library.join([])


def test_a_truncated_clip_is_made_again(tmp_path: Path, library: PromptLibrary) -> None:
    (stem,) = library.resolve(WELCOME).files
    good = load(stem)
    stem.with_name(f"{stem.name}.alaw").write_bytes(good["alaw"][:-1])
    assert make_library(tmp_path).prepare(CLIPS) == 1
    assert load(stem) == good


def test_a_changed_clip_is_noticed_and_made_again(tmp_path: Path, library: PromptLibrary) -> None:
    stem = library.resolve(DUE).files[0]
    good = load(stem)
    changed = bytes([good["ulaw"][0] ^ 1]) + good["ulaw"][1:]
    stem.with_name(f"{stem.name}.ulaw").write_bytes(changed)
    with pytest.raises(SpeechError, match=r"damaged \(ulaw\)"):
        library.join([DUE])
    assert library.prepare(CLIPS) == 0
    assert library.prepare(CLIPS, deep=True) == 1
    assert load(stem) == good
    assert library.join([DUE]).duration_ms > 0


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"ms": 5}', '{"ms": 5, "sha256": {}}'])
def test_a_broken_manifest_is_a_missing_clip(
    tmp_path: Path, library: PromptLibrary, manifest: str
) -> None:
    (stem,) = library.resolve(WELCOME).files
    stem.with_name(f"{stem.name}.json").write_text(manifest)
    assert make_library(tmp_path).list_missing(CLIPS) == [Clip("id", "Selamat datang.")]


def test_a_failed_synthesis_never_enters_the_cache(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    with pytest.raises(SpeechError, match="nothing to say"):
        library.prepare([Clip("id", "…")])
    assert library.list_missing([Clip("id", "…")]) == [Clip("id", "…")]


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, where a directory should be")
    with pytest.raises(SpeechError, match="cannot be kept") as caught:
        make_library(tmp_path).prepare(CLIPS)
    assert caught.value.place == str(tmp_path / "cache")


def test_a_recording_goes_before_synthesis_until_its_text_changes(
    tmp_path: Path, library: PromptLibrary
) -> None:
    take = tmp_path / "take.wav"
    soundfile.write(take, audio.beep(700, 440, 44100).samples, 44100)
    import_recording(tmp_path / "prompts", Clip("id", WELCOME.template), WELCOME.prompt, take)
    recorded = make_library(tmp_path)
    assert recorded.prepare(CLIPS) == 1
    assert recorded.resolve(WELCOME).duration_ms == pytest.approx(700, abs=15)
    assert recorded.resolve(DUE) == library.resolve(DUE)
    changed = Utterance(WELCOME.prompt, "id", "Selamat siang.")
    with pytest.raises(SpeechError, match="no sound"):
        recorded.resolve(changed)


def test_a_pause_is_silence(library: PromptLibrary) -> None:
    group = Utterance("x.say", "id", "{n}", {"n": Spoken("12 1", "digits")})
    sound = load(library.resolve(group).files[2])
    assert sound["sln16"] == bytes(32 * 250)


def test_the_beep_is_there_without_preparation(tmp_path: Path) -> None:
    library = make_library(tmp_path)
    assert library.beep() == library.beep()
    assert len(load(library.beep())["ulaw"]) == 8 * 250


def test_several_processes_prepare_the_same_prompts(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from ivr.speech.casting import Casting\n"
        "from ivr.speech.compose import Clip\n"
        "from ivr.speech.library import PromptLibrary\n"
        "from ivr.speech.render import Voice\n"
        "from ivr.speech.studio import Studio\n"
        "from ivr.speech.tones import Tones\n"
        "from ivr.speech.voices import Pronunciation\n"
        "root = Path(sys.argv[1])\n"
        "casting = Casting(Tones(), {'id': Voice('id', 'id')}, Pronunciation(), Studio(root))\n"
        "clips = [Clip('id', f'teks {n}') for n in range(60)]\n"
        "sys.stdout.write(str(PromptLibrary(root / 'cache', casting).prepare(clips)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    rendered = [int(process.communicate(timeout=30)[0]) for process in started]
    assert sum(rendered) == 60 + 4
    clips = [Clip("id", f"teks {n}") for n in range(60)]
    assert make_library(tmp_path).list_missing([*clips, Silence(SENTENCE_MS)], deep=True) == []
    assert not list(tmp_path.rglob("*.part"))

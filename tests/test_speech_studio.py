"""Recordings by a human voice: import, precedence over synthesis, staleness."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.errors import SpeechError
from ivr.speech import audio
from ivr.speech.compose import Clip
from ivr.speech.studio import Reason, Studio, Unused, hash_text, import_recording, import_studio

CLIP = Clip("id", "Selamat datang.")


@pytest.fixture
def take(tmp_path: Path) -> Path:
    """What a studio delivers: half a second at 44.1 kHz, 24 bit."""
    path = tmp_path / "take 1.wav"
    soundfile.write(path, audio.beep(500, 440, 44100).samples, 44100, subtype="PCM_24")
    return path


def test_an_imported_recording_is_found_by_its_text(tmp_path: Path, take: Path) -> None:
    prompts = tmp_path / "prompts"
    import_recording(prompts, CLIP, "tax.welcome.say", take)
    found = Studio(prompts).find(Clip("id", "Selamat datang."))
    assert found is not None
    assert found.path == prompts / "id/tax.welcome.say.wav"
    assert found.read().ms == 500
    assert Studio(prompts).find(Clip("id", "Selamat datang!")) is None
    assert Studio(prompts).find(Clip("en", "Selamat datang.")) is None
    assert found.text == hash_text(" Selamat\n datang. ")


def test_importing_again_replaces(tmp_path: Path, take: Path) -> None:
    import_recording(tmp_path, CLIP, "tax.welcome.say", take)
    import_recording(tmp_path, Clip("id", "Halo."), "tax.welcome.say", take)
    import_recording(tmp_path, Clip("id", "Satu"), "words.satu", take)
    studio = Studio(tmp_path)
    assert studio.find(CLIP) is None
    assert studio.find(Clip("id", "Halo.")) is not None
    assert studio.find(Clip("id", "Satu")) is not None


def test_what_is_not_played_is_reported(tmp_path: Path, take: Path) -> None:
    prompts = tmp_path / "prompts"
    for name in ("a.say", "b.say", "c.say"):
        import_recording(prompts, Clip("id", f"Teks {name}"), name, take)
    (prompts / "id/b.say.wav").unlink()
    shutil.copy(take, prompts / "id/z.wav")
    assert Studio(prompts).list_unused({Clip("id", "Teks a.say"), Clip("id", "Teks baru")}) == [
        Unused(prompts / "id/b.say.wav", Reason.LOST),
        Unused(prompts / "id/c.say.wav", Reason.STALE),
        Unused(prompts / "id/z.wav", Reason.UNLISTED),
    ]


def test_a_file_that_was_changed_behind_the_manifest_is_refused(tmp_path: Path, take: Path) -> None:
    recording = import_recording(tmp_path / "prompts", CLIP, "a.say", take)
    shutil.copy(take, recording.path)
    with pytest.raises(SpeechError, match="not the one that was imported"):
        recording.read()


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".hidden", "a b"])
def test_a_name_stays_in_its_directory(tmp_path: Path, take: Path, name: str) -> None:
    with pytest.raises(SpeechError, match="cannot be named"):
        import_recording(tmp_path, CLIP, name, take)


def test_silence_and_noise_are_refused_when_imported(tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(44100), 44100)
    with pytest.raises(SpeechError, match="nothing is heard"):
        import_recording(tmp_path / "prompts", CLIP, "a.say", silent)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(SpeechError, match="not a sound file"):
        import_recording(tmp_path / "prompts", CLIP, "a.say", tmp_path / "text.wav")
    assert not (tmp_path / "prompts").exists()


def test_a_broken_manifest_is_named(tmp_path: Path, take: Path) -> None:
    import_recording(tmp_path, CLIP, "a.say", take)
    (tmp_path / "id/recordings.json").write_text('{"a.say": 1}')
    with pytest.raises(SpeechError, match=r"recordings\.json"):
        Studio(tmp_path)


def test_m4a_comes_through_ffmpeg(tmp_path: Path, take: Path) -> None:
    source = tmp_path / "take.m4a"
    encode = ["ffmpeg", "-loglevel", "error", "-i", str(take), "-c:a", "aac", str(source)]
    subprocess.run(encode, check=True, timeout=30)
    pcm = import_studio(source)
    assert pcm.rate == 44100
    assert pcm.ms == pytest.approx(500, abs=50)
    assert audio.measure_speech(pcm) == pytest.approx(audio.TARGET_DBFS, abs=1)


def test_what_ffmpeg_cannot_read_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "take.m4a"
    source.write_text("no sound")
    with pytest.raises(SpeechError, match="not a sound file"):
        import_studio(source)
    with pytest.raises(SpeechError, match="cannot be read"):
        import_studio(tmp_path / "none.m4a")


def test_without_ffmpeg_the_remedy_is_named(tmp_path: Path) -> None:
    source = tmp_path / "take.m4a"
    source.write_text("no sound")
    script = (
        "from pathlib import Path\n"
        "from ivr.errors import SetupError\n"
        "from ivr.speech.studio import import_studio\n"
        "try:\n    import_studio(Path('take.m4a'))\n"
        "except SetupError as error:\n    raise SystemExit(str(error))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "take.m4a" in answer.stderr
    assert "apt-get install ffmpeg" in answer.stderr

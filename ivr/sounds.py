"""The sounds of a hotline, made before the first call: its prompts, and Asterisk's last words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ivr.config import Settings
from ivr.engine.utterance import Spoken, Utterance
from ivr.flow.bundle import Bundle
from ivr.speech.cache import write_file
from ivr.speech.casting import load_casting
from ivr.speech.catalogue import list_bundle_clips, list_slow_clips
from ivr.speech.espeak import Espeak
from ivr.speech.library import PromptLibrary

FULL = "full"
"""The file of the apology of an engine that has as many calls as it may."""

DRAFT_FAULTY = "draft-faulty"
"""The file that a designer hears who dials flows with faults."""

LAST_WORDS = {
    "apology": "engine.unreachable",
    "time-over": "engine.time_over",
    FULL: "engine.full",
    DRAFT_FAULTY: "engine.draft_faulty",
}
"""Files that are played where no flow can speak: their names there, and their prompts."""


ANNOUNCEMENTS = {
    f"queue-{name.replace('_', '-')}": f"engine.queue_{name}"
    for name in ("first", "place", "place_end", "wait", "minutes", "still")
}
"""Files that a queue of Asterisk plays: their names in queues.conf, and their prompts."""


def open_library(settings: Settings) -> PromptLibrary:
    """The library of this hotline, spoken by espeak-ng where no studio recording fits."""
    return PromptLibrary(settings.sounds, load_casting(settings.prompts, Espeak()))


def prepare_sounds(
    settings: Settings,
    bundle: Bundle,
    progress: Callable[[int, int], None] | None = None,
    *,
    deep: bool = True,
) -> PromptLibrary:
    """Render what the bundle needs and has not, and put up what Asterisk plays by itself.

    Raises as `render_prompts` does.
    """
    library = render_prompts(settings, bundle, progress, deep=deep)
    place_last_words(settings, bundle, library)
    return library


def render_prompts(
    settings: Settings,
    bundle: Bundle,
    progress: Callable[[int, int], None] | None = None,
    *,
    deep: bool = True,
) -> PromptLibrary:
    """Render what the bundle needs and has not; `progress` gets (done, all).

    `deep` compares every byte that is there with its hash, and makes damaged sounds anew.

    Raises SpeechError for a text that cannot be spoken, SetupError without the speech engine.
    """
    library = open_library(settings)
    library.prepare(list_bundle_clips(bundle), progress, deep=deep)
    library.silence()
    library.beep()
    return library


def place_last_words(settings: Settings, bundle: Bundle, library: PromptLibrary) -> None:
    """Put up what the dialplan plays by itself, in the words of this bundle.

    Each file appears whole: Asterisk may be playing the one before.
    """
    for language in bundle.hotline.languages:
        for name, prompt in LAST_WORDS.items():
            words = Utterance(prompt, language, bundle.texts[language][prompt])
            _copy(library.join([words]).path, last_words(settings) / language / name)
    if bundle.hotline.destinations:
        _prepare_announcements(settings, bundle, library)


def lacks_slow_sounds(settings: Settings, bundle: Bundle) -> bool:
    """Whether anything has no sound at the slow pace yet. Raises as `prepare_sounds`."""
    return bool(open_library(settings).list_missing(list_slow_clips(bundle)))


def prepare_slow_sounds(settings: Settings, bundle: Bundle) -> None:
    """Render what the slow pace needs and has not. Until then all is spoken at the usual pace.

    Raises as `prepare_sounds`.
    """
    open_library(settings).prepare(list_slow_clips(bundle))


def _prepare_announcements(settings: Settings, bundle: Bundle, library: PromptLibrary) -> None:
    """What Asterisk says to those who wait, with every number that it puts in between."""
    for language in bundle.hotline.languages:
        place = last_words(settings) / language
        for name, prompt in ANNOUNCEMENTS.items():
            words = Utterance(prompt, language, bundle.texts[language][prompt])
            _copy(library.join([words]).path, place / name)
        for number in (*range(21), *range(30, 100, 10)):
            value = {"value": Spoken(str(number), "number")}
            spoken = Utterance("engine.number", language, "{value}", value)
            _copy(library.join([spoken]).path, place / "digits" / str(number))


def last_words(settings: Settings) -> Path:
    """The directory of the sounds that the dialplan plays by itself."""
    return settings.state / "last-words"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    for extension in (".ulaw", ".alaw", ".sln16"):
        sound = Path(f"{source}{extension}").read_bytes()
        place = Path(f"{target}{extension}")
        if not place.exists() or place.read_bytes() != sound:
            write_file(place, sound)

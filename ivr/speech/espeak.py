"""espeak-ng as a separate program: small, free, with an Indonesian voice; robotic but clear.

The text goes in by standard input, the sound comes back by standard output; no shell is used.
Must not treat or keep sound.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cached_property

from ivr.errors import SetupError, SpeechError
from ivr.speech import audio
from ivr.speech.render import Voice, require_text

TIMEOUT = 30  # seconds for one text; it needs about 0.02


class Espeak:
    """The adapter of the port `Speech` for espeak-ng; `program` is a name or a path."""

    def __init__(self, program: str = "espeak-ng") -> None:
        self._program = program

    @cached_property
    def name(self) -> str:
        """Program and version, such as "espeak-ng 1.51". Raises SetupError when it is missing."""
        answer = self._run("--version").stdout.decode(errors="replace")
        version = re.search(r"\d+(?:\.\d+)+\S*", answer)
        if version is None:
            raise SetupError(
                "this program does not say its version as espeak-ng does",
                place=self._program,
                remedy="Install espeak-ng: apt-get install espeak-ng",
            )
        return f"espeak-ng {version[0]}"

    def synthesise(self, text: str, voice: Voice) -> audio.Pcm:
        """Return the text spoken; see `Speech`."""
        words = require_text(text)
        if not voice.name:
            raise _refuse_voice(voice)  # the program would take an English one
        answer = self._run(
            *("-v", voice.name, "-s", str(voice.rate), "-b", "1", "--stdin", "--stdout"),
            text=words,
        )
        complaint = answer.stderr.decode(errors="replace").strip()
        if "voice does not exist" in complaint:
            raise _refuse_voice(voice)
        if answer.returncode != 0 or not answer.stdout:
            raise SpeechError(
                f"espeak-ng failed: {complaint.splitlines()[-1] if complaint else 'no sound'}",
                remedy="Say it in other words, or record it.",
            )
        return audio.decode(answer.stdout, "espeak-ng")

    def _run(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
        program = shutil.which(self._program)
        if program is None:
            raise SetupError(
                f"the speech program {self._program!r} is not installed",
                remedy="Install it: apt-get install espeak-ng",
            )
        try:
            return subprocess.run(
                (program, *arguments),
                input=text.encode(),
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SpeechError(
                f"espeak-ng did not answer in {TIMEOUT} s", remedy="Try again with a shorter text."
            ) from error
        except OSError as error:
            raise SetupError(
                f"the speech program cannot be started ({error.strerror})",
                place=program,
                remedy="Install espeak-ng: apt-get install espeak-ng",
            ) from error


def _refuse_voice(voice: Voice) -> SetupError:
    return SetupError(
        f"espeak-ng has no voice {voice.name!r} for the language {voice.language!r}",
        remedy="Name one that `espeak-ng --voices` lists, in prompts/voices.yaml.",
    )

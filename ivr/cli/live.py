"""A person at the keyboard as the caller of a simulated call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from ivr.cli.keyboard import Keyboard
from ivr.engine.steps import Record, Step
from ivr.scripts import model, world
from ivr.scripts.model import AnyStep
from ivr.scripts.player import to_officer
from ivr.simulator import Act, Leave, Line, Press, Quiet, Speak, Wait

ASK = "Enter: say nothing · h: hang up · :help lists the rest"
ASK_RECORD = "Enter: speak for two seconds · #: end the message · h: hang up · :help lists the rest"

HELP = """\
  0-9 * #                press the key
  Enter, :silence        say nothing; while a message is recorded, Enter speaks
  h, :hangup             hang up
  :speak 5s   :wait 10s  speak, or do nothing, for so long
  :lookup failed         every source fails from now on; also not_found, slow, table (as usual)
  :lookup NAME slow      the same for one source
  :officers answer       what officers do: answer, busy, no_answer, full, closed, unreachable
  :at 2026-12-25T10:00   the same call, but at that date and time
  :events                show the events of the journal, or no longer
  :help                  this"""

SPOKEN = 2_000
_STEP: TypeAdapter[AnyStep] = TypeAdapter(model.Step)


class Again(Exception):
    """The call is to be had again, so that it is `at` now on the hotline's clock."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at


class LiveCaller:
    """Asks what the caller does whenever the call waits. `steps` are what was done, as a script.

    `answer` is told what sources are to answer, `toggle` that events are wanted, or no longer.
    """

    def __init__(
        self,
        keyboard: Keyboard,
        sources: Collection[str],
        show: Callable[[str], None],
        toggle: Callable[[], None],
    ) -> None:
        self._keyboard = keyboard
        self._sources = sources
        self._show = show
        self._toggle = toggle
        self._hint = ""
        self._heard = -1
        self.steps: list[AnyStep] = []
        self.line = Line()
        self.answer: Callable[[world.SetLookups], None] = lambda wanted: None

    def act(self, step: Step, *, playing: bool) -> Act | None:
        """One entry as an act; the end of the input hangs up."""
        if playing:
            return Quiet()
        recording = isinstance(step, Record)
        self._tell(ASK_RECORD if recording else f"{self._keyboard.hint} · {ASK}")
        while True:
            done = self._read(recording=recording)
            if isinstance(done, world.SetLookups):
                self.steps.append(done)
                self.answer(done)
            elif done is not None:
                return self._do(done)

    def _tell(self, hint: str) -> None:
        if hint != self._hint:
            self._hint = hint
            self._show(f"[{hint}]")

    def _do(self, step: AnyStep) -> Act | None:
        self._note(step)
        match step:
            case model.Press(press=keys):
                return Press(keys)
            case model.Speak(speak=length):
                return Speak(length)
            case model.Wait(wait=length):
                return Wait(length)
            case model.HangUp():
                return Leave()
            case world.SetOfficers(officers=officers):
                return to_officer(officers)
            case _:
                return None

    def _note(self, step: AnyStep) -> None:
        """Keys that nothing was said between are one step of a script."""
        before = self.steps[-1] if self.steps else None
        heard, self._heard = self._heard, len(self.line.prompts)
        joins = isinstance(step, model.Press) and isinstance(before, model.Press)
        if joins and heard == self._heard:
            assert isinstance(step, model.Press)
            assert isinstance(before, model.Press)
            step = model.Press(press=before.press + step.press)
            self.steps.pop()
        self.steps.append(step)

    def _read(self, *, recording: bool) -> AnyStep | None:
        """The next entry as a step; None when it was none, or is done already."""
        entry = self._keyboard.read()
        if entry is None or entry == "h":
            return model.HangUp()
        if entry.startswith(":"):
            return self._follow(entry[1:].split())
        if not entry:
            return model.Speak(speak=SPOKEN) if recording else model.Silence(silence=1)
        keys = "".join(key for key in entry if key in "0123456789*#")
        return model.Press(press=keys) if keys else None

    def _follow(self, words: Sequence[str]) -> AnyStep | None:
        """A command."""
        match words:
            case ["help"] | []:
                self._show(HELP)
            case ["events"]:
                self._toggle()
            case ["at", *rest] if rest:
                self._again(" ".join(rest))
            case ["lookup", answer]:
                return self._take({"lookups": answer})
            case ["lookup", source, answer]:
                if source in self._sources:
                    return self._take({"lookups": {source: answer}})
                self._show(f"-- there is no source {source}; there are {', '.join(self._sources)}")
            case ["silence"]:
                return model.Silence(silence=1)
            case ["hangup"]:
                return model.HangUp()
            case ["speak" | "wait" | "officers" as verb, value]:
                return self._take({verb: value})
            case _:
                self._show(f"-- :{' '.join(words)} is no command; :help lists them")
        return None

    def _take(self, written: Mapping[str, object]) -> AnyStep | None:
        try:
            return _STEP.validate_python(dict(written))
        except ValidationError:
            self._show("-- that cannot stand here; :help shows what can")
            return None

    def _again(self, written: str) -> None:
        dial = self._take({"dial": "", "at": written})
        if isinstance(dial, model.Dial):
            raise Again(dial.at)

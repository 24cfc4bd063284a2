"""A simulated call with a person or a key script as its caller, and that call as a call script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.cli.keyboard import Keyboard
from ivr.cli.live import Again, LiveCaller
from ivr.cli.sentences import write_sentence
from ivr.engine.steps import Step
from ivr.errors import UsageError
from ivr.flow.bundle import Bundle
from ivr.ports import Notifier, Source
from ivr.scripts.model import AnyStep, Dial
from ivr.scripts.player import Player
from ivr.scripts.playing import Notebook, Stage, play
from ivr.scripts.reading import Placed, Script
from ivr.scripts.writing import expect, write_file
from ivr.simulator import Act, Caller, ScriptedCaller
from ivr.speech.wording import write_out

if TYPE_CHECKING:
    from ivr.lookups import Outside


class Session:
    """Has the call, as often as the person wants it again. `show` gets what is said and done."""

    def __init__(
        self, bundle: Bundle, dial: Dial, show: Callable[[str], None], *, events: bool = False
    ) -> None:
        self.bundle = bundle
        self.dial = dial
        self.steps: list[AnyStep] = []
        self._show = show
        self._events = events
        self._hidden: list[str] | None = None
        self._real: tuple[Source, Notifier] | None = None
        self.stage = self._set_up()

    @property
    def ending(self) -> str:
        """How the call ended, in a line."""
        [event] = [one for one in self.stage.journal.events if one["type"] == "call.ended"]
        return f"-- {write_sentence(event, {})}"

    async def run(
        self,
        player: Keyboard | str,
        outside: AbstractAsyncContextManager[Outside] | None = None,
    ) -> None:
        """The call of a person at a keyboard, or of a key script.

        `outside` are the real services, None: examples and kept messages in their place.
        """
        async with outside or nullcontext() as real:
            if real is not None:
                self._real = real.source(self.bundle), real.notifier(self.bundle)
                self.stage = self._set_up()
            if isinstance(player, str):
                await self._run_keys(player)
            else:
                await self._run_live(player)

    async def _run_keys(self, keys: str) -> None:
        # It brings numpy with it, which the other ways of having a call need not wait for.
        from ivr.cli.acts import to_acts

        await self.stage.run(ScriptedCaller(to_acts(keys)))

    async def _run_live(self, keyboard: Keyboard) -> None:
        self._show(f"-- dialling {self.dial.dial}, {self.dial.at:%A %Y-%m-%d %H:%M}")
        caller = LiveCaller(keyboard, tuple(self.bundle.sources), self._tell, self._toggle)
        while True:
            caller.line, caller.answer = self.stage.line, self.stage.answer
            done, self.steps = list(caller.steps), caller.steps
            try:
                await self.stage.run(self._rehearse(done, caller))
            except Again as again:
                self._begin_again(again.at)
            else:
                self._reveal()
                return

    def _set_up(self) -> Stage:
        return Stage(self.bundle, self.dial, self._tell, Notebook(self._see), self._real)

    def _begin_again(self, at: datetime) -> None:
        """So that it is `at` now: what was done so far is done again, unseen."""
        passed = timedelta(milliseconds=self.stage.line.clock)
        self.dial = self.dial.model_copy(update={"at": at - passed})
        self._show(f"-- it is {at:%Y-%m-%d %H:%M} now; what you did so far led to this:")
        self._hidden = []
        self.stage = self._set_up()

    def _rehearse(self, done: list[AnyStep], live: LiveCaller) -> Caller:
        """The steps that were done, and then the person again."""
        then = _Unveiling(live, self._reveal)
        return Player(done, self.stage.line, self.stage.answer, self._forget, then)

    def _tell(self, line: str) -> None:
        if self._hidden is None:
            self._show(line)
        else:
            self._hidden.append(line)

    def _forget(self, index: int | None) -> None:
        if self._hidden is not None:
            self._hidden.clear()

    def _reveal(self) -> None:
        hidden, self._hidden = self._hidden or [], None
        for line in hidden:
            self._show(line)

    def _see(self, event: Mapping[str, Any]) -> None:
        if self._events and event["type"] != "prompt.played":
            texts = self.bundle.texts[self.bundle.hotline.languages[0]]
            named = "node" in event and event["type"] != "node.entered"
            place = f"{event['flow']}.{event['node']}: " if named else ""
            self._tell(f"   · {place}{write_sentence(event, texts)}")

    def _toggle(self) -> None:
        self._events = not self._events
        self._show(f"-- events are {'shown from now on' if self._events else 'hidden again'}")


class _Unveiling:
    """A caller in front of another one; `reveal` is called when it is first asked."""

    def __init__(self, caller: Caller, reveal: Callable[[], None]) -> None:
        self._caller = caller
        self._reveal = reveal

    def act(self, step: Step, *, playing: bool) -> Act | None:
        """See `ivr.simulator.Caller`."""
        self._reveal()
        return self._caller.act(step, playing=playing)


async def save(session: Session, path: Path) -> str:
    """Write the call as a script; returns a sentence about it.

    Raises UsageError when the file cannot be written.
    """
    title = path.stem.replace("_", " ").capitalize()
    steps = [session.dial, *session.steps]
    placed = tuple(Placed(step, (), 1, 1) for step in steps)
    played = await play(Script(str(path), title, placed, (), 1, 1), session.bundle)
    _write(path, write_file(title, expect(steps, played)))
    heard = [write_out(one.utterance) for one in session.stage.line.prompts]
    if heard != [prompt.text for prompt in played.prompts if prompt.whole]:
        return f"saved as {path}, but on its own clock the call goes another way: look at it"
    return f"saved as {path}; give it a title that says what the caller wants"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(
            f"the call script cannot be written: {error.strerror}", place=str(path)
        ) from error

"""The digits behind the references of secrets, and the few places that may see them.

The engine and the journal's leaves know a secret by its reference. A lookup gets the digits, a
prompt the last four, the encrypted live row all that the run still refers to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, cast

from ivr.engine.outcomes import Digits
from ivr.engine.plain import run_to_plain
from ivr.engine.run import Run
from ivr.engine.steps import Collect, Lookup, Notify, OpenCase, PlayBack, SetRecording, Step
from ivr.engine.utterance import Spoken, Utterance
from ivr.engine.values import Field, Personal, Scalar, Secret, reveal
from ivr.flow.identifiers import judge, read
from ivr.ports import Input, Secrets


class SecretDigits:
    """The digits of one call's secrets. `new_id` draws references."""

    def __init__(self, digits: Mapping[str, str], new_id: Callable[[], str]) -> None:
        self._digits = dict(digits)
        self._new_id = new_id

    def keep(self, run: Run) -> Secrets:
        """Forget what the run does not refer to any more; the rest, for the live row."""
        kept = json.dumps(run_to_plain(run)) if self._digits else ""
        self._digits = {ref: digits for ref, digits in self._digits.items() if ref in kept}
        return Secrets(self._digits)

    def take(self, step: Collect, got: Input) -> Digits:
        """What was keyed, by the step's class of data."""
        value: Secret | Personal | str = got.digits
        if step.secret:
            value = self._hide(step, got.digits)
        elif step.personal:
            value = Personal(got.digits)
        ended = cast("Literal['finish', 'length', 'silence', 'total']", got.ended)
        return Digits(value, len(got.digits), ended, got.heard, got.waited)

    def _hide(self, step: Collect, digits: str) -> Secret:
        reason = judge(digits, step.min, step.max, step.kind)
        ref = self._new_id()
        self._digits[ref] = read(step.kind, digits) if reason is None else digits
        return Secret(ref, len(digits), reason is None, reason)

    def clear(self, value: Field) -> Scalar:
        """The value in clear, for a lookup."""
        return self._digits[value.ref] if isinstance(value, Secret) else reveal(value)

    def resolved(self, step: Step) -> Step:
        """The step with what its prompts may say of secrets."""
        if isinstance(step, Lookup | Notify | PlayBack | OpenCase | SetRecording):
            return step
        return replace(step, utterances=tuple(map(self.resolve, step.utterances)))

    def resolve(self, utterance: Utterance) -> Utterance:
        """The prompt with what it may say of secrets."""
        values = {name: self._resolve_value(one) for name, one in utterance.values.items()}
        return replace(utterance, values=values)

    def _resolve_value(self, spoken: Spoken) -> Spoken:
        """Of a secret, the last four signs are all that may be read back."""
        if not isinstance(spoken.value, Secret):
            return spoken
        whole = self._digits[spoken.value.ref].replace(" ", "")
        return Spoken(Personal(whole[-4:]), spoken.kind)

"""Every event of a journal as a sentence. Pure; times, prompts and files are the transcript's.

A plain text is filled with the event's fields. What depends on more than one field has a function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ivr.cli import messages
from ivr.cli.counting import count
from ivr.cli.times import rewrite_time, write_seconds
from ivr.endings import UNHAPPY, tell_outcome
from ivr.engine.values import PERSONAL_KEY, SECRET_KEY

Event: TypeAlias = Mapping[str, Any]

SECRET: Final = "(secret)"
"""Stands for digits that the journal does not have."""

CAUSES: Final = {
    0: "not told",
    16: "normal clearing",
    17: "busy",
    18: "no answer",
    19: "no answer",
    31: "normal",
}
"""Causes of Q.850 in words, where a line of ours can end so."""

EXITS: Final = {
    "open": "open now",
    "closed": "closed now",
    "holiday": "closed for the whole day",
    "unknown": "nobody can say whether open",
}

LIMITS: Final = {
    "turns": "the call met its limit of turns",
    "call": "the call met its limit of time",
    "moves": "the flow went round in a circle and was stopped",
}


def write_sentence(event: Event, words: Mapping[str, str]) -> str:
    """The sentence of an event. `words` are the texts that it may name, by their id.

    An event that this release does not know is told with its fields.
    """
    kind = event["type"]
    fields = {name: write_value(value) for name, value in event.items()}
    if kind in SENTENCES:
        return SENTENCES[kind].format_map(fields)
    if kind in FUNCTIONS:
        return FUNCTIONS[kind](event)
    if kind == "hours.checked":
        label = words.get(event["label"], event["label"])
        return f"calendar {event['calendar']}: {EXITS[event['exit']]}, {label}"
    told = _list({name: one for name, one in event.items() if name not in ("type", "flow", "node")})
    return f"{kind}: {told}" if told else kind


def write_value(value: Any) -> str:
    """A value of any class as a person reads it."""
    if value is None:
        return "none"
    if not isinstance(value, Mapping):
        return str(value)
    if set(value) == {PERSONAL_KEY}:
        return str(value[PERSONAL_KEY])
    if set(value) == {SECRET_KEY}:
        return SECRET
    return f"({_list(value)})"


def _list(fields: Event) -> str:
    return ", ".join(f"{name} {write_value(value)}" for name, value in fields.items())


def _chosen(event: Event) -> str:
    waited = f", {write_seconds(event['waited'])} after the prompt" if event["waited"] else ""
    return f"pressed {event['keys']}: option {event['option']}{waited}"


def _universal(event: Event) -> str:
    does = {"repeat": "the prompt again", "back": "back", "slower": "at another pace"}
    action = event["action"]
    return f"pressed {event['keys']}: {does.get(action, f'on to {action}')}"


def _confirmed(event: Event) -> str:
    return "the caller confirmed it" if event["right"] else "the caller wants to enter it again"


def _exhausted(event: Event) -> str:
    why = {"silence": "no key came", "wrong_key": "wrong keys came", "visits": "the call came here"}
    return f"gave up: {why.get(event['reason'], event['reason'])} too often"


def _case_taken(event: Event) -> str:
    return f"condition {event['case']} holds" if event["case"] else "no condition holds"


def _set(event: Event) -> str:
    told = ", ".join(f"{name} is {write_value(one)}" for name, one in event["values"].items())
    return f"set: {told}"


def _answered(event: Event) -> str:
    source = f"source {event['source']}"
    match event["result"]:
        case "found":
            fields = event.get("fields")
            told = _list(fields) if isinstance(fields, Mapping) else write_value(fields)
            return f"{source} answered: {told}"
        case "not_found":
            return f"{source} has no such entry"
        case _:
            return f"{source} could not answer ({event.get('reason')})"


def _told(event: Event) -> str:
    webhook = f"webhook {event['webhook']}"
    if event["result"] == "accepted":
        return f"{webhook} took the message"
    return f"{webhook} could not be told ({event.get('reason')})"


def _switched(event: Event) -> str:
    if not event["on"]:
        return "the call is not recorded from here on"
    return f"the call is recorded from here on: {write_value(event['recording'])}"


def _handed(event: Event) -> str:
    return f"handed to {event['destination']}, who are told: {_list(event['told'])}"


def _back(event: Event) -> str:
    waited = write_seconds(event["waited"])
    record = event.get("recording")
    kept = f"; the talk is recorded: {record}" if record else ""
    talked = (
        f"an officer answered after {waited} and they talked for {write_seconds(event['talked'])}"
    )
    match event["result"]:
        case "ended":
            return f"{talked}, then the officer hung up{kept}"
        case "left" if event["talked"]:
            return f"{talked}, then the caller hung up{kept}"
        case "left":
            return f"the caller hung up after waiting for {waited}"
        case "key":
            return f"the caller waited for {waited} and chose the option {event['option']} instead"
        case result:
            return f"came back after {waited}: {UNHAPPY.get(result, result)}"


def _ended_line(event: Event) -> str:
    return f"the line ended, cause {event['cause']} ({CAUSES.get(event['cause'], 'other')})"


def _abandoned(event: Event) -> str:
    why = {"bundle": "its flows are gone", "line": "another call began on its line"}
    return f"the call was given up: {why.get(event['reason'], event['reason'])}"


CONTINUED_LATER = "the recording ended; a new one begins once a secret is over"


def _continued(event: Event) -> str:
    recording = event["outcome"].get("recording")
    return f"a new recording began: {recording}" if recording else CONTINUED_LATER


def _lost(event: Event) -> str:
    return f"the recording could not be taken up again ({event['outcome'].get('reason', 'gone')})"


def _sealed(event: Event) -> str:
    what = {
        "recording.sealed": "is whole",
        "recording.short": "is shorter than it must be",
        "recording.missing": "is missing, or a part of it",
    }
    told = f"recording {event['recording']} {what[event['type']]}"
    muted: Sequence[Sequence[int | None]] = event.get("muted", ())
    spans = ", ".join(
        f"{write_seconds(since or 0)} to {'its end' if until is None else write_seconds(until)}"
        for since, until in muted
    )
    return f"{told}; silent on purpose from {spans}" if spans else told


def _ended(event: Event) -> str:
    return f"the call ended after {count(event['turns'], 'turn')}: {tell_outcome(event['outcome'])}"


def _returned(event: Event) -> str:
    since, until = rewrite_time(event["since"]), rewrite_time(event["until"])
    return f"Asterisk's manager is back, away from {since} to {until}, {event['dropped']} lost"


def write_difference(file: Event) -> str:
    """A file of a recording that is no longer what was sealed."""
    sealed, size = file["sealed"], file["size"]
    match file["state"]:
        case "short":
            how = f"has shrunk from {sealed} to {size} bytes"
        case "grown":
            how = f"has grown from {sealed} to {size} bytes"
        case "changed":
            how = "has other content of the same length"
        case "unreadable":
            how = "cannot be read"
        case state:
            how = f"is {state}"
    return f"{file['path']} {how}"


def _altered(event: Event) -> str:
    told = "; ".join(write_difference(file) for file in event["files"])
    return f"recording {event['recording']} is no longer what was sealed: {told}"


def _stepped(event: Event) -> str:
    return f"the machine's clock was set by {event['milliseconds'] / 1000:+.1f} s"


SENTENCES: Final[Mapping[str, str]] = {
    "call.started": "call to {dialled}, flow {flow}, language {language}",
    "node.entered": "at {flow}.{node} ({kind})",
    "input.silent": "no key came, {count} times here so far",
    "input.wrong": "pressed {keys}, which is no choice here, {count} times so far",
    "input.rejected": "{length} digits refused ({reason}), {count} times so far",
    "input.accepted": "{length} digits taken as {name}: {value}",
    "case.opened": "case {number} opened: {kind}",
    "language.chosen": "the call goes on in the language {language}",
    "pace.changed": "the caller is spoken to at the pace {pace} from here on",
    "message.rejected": "the caller spoke again: {recording} is not the message",
    "consent.given": "consent to {purpose}: given with {keys}, asked as {prompt} [{language}]",
    "consent.refused": "consent to {purpose}: not given ({how}), asked as {prompt} [{language}]",
    "flows.served": "new calls have the flows {bundle} ({reason})",
    "flows.published": "the flows {bundle} were published by {by}, from {since} on {note}",
    "flows.rolled_back": "the flows {bundle} were put in force again by {by} {note}",
    "flows.withdrawn": "the publication of {bundle} was taken back by {by} {note}",
    "test.refused": "a test call was refused: the flow directory has {faults} faults",
    "call.resumed": "taken up at {flow}.{node} ({step}), after an apology",
    "step.failed": "a fault of ours in the step {step}: {reason}",
    "call.taken_over": "another engine took the call up in the step {step}",
    "case.number_taken": "the case number of turn {turn} belongs to another case",
    "journal.gap": "nothing could be recorded from turn {turn} on",
    "journal.gap_ended": "{turns} turns of the call are not recorded",
    "recording.restored": "recording {recording} is again what was sealed",
    "store.refused": "the store refuses the record of turn {turn}; it is kept as {file}",
    "store.lost": "the store is lost ({reason}), records go into the spool",
    "store.back": "the store is back: {records} records had to wait, {unrecorded} are lost",
}

FUNCTIONS: Final[Mapping[str, Callable[[Event], str]]] = {
    "menu.chosen": _chosen,
    "universal.used": _universal,
    "input.confirmed": _confirmed,
    "tries.exhausted": _exhausted,
    "case.taken": _case_taken,
    "variables.set": _set,
    "source.answered": _answered,
    "webhook.answered": _told,
    "message.recorded": messages.tell_recorded,
    "message.played": messages.tell_played,
    "message.kept": messages.tell_kept,
    "recording.switched": _switched,
    "transfer.begun": _handed,
    "transfer.ended": _back,
    "caller.hung_up": lambda event: f"caller hung up after {write_seconds(event['heard'])}",
    "limit.reached": lambda event: LIMITS.get(event["limit"], f"limit {event['limit']} reached"),
    "line.ended": _ended_line,
    "call.abandoned": _abandoned,
    "recording.continued": _continued,
    "recording.lost": _lost,
    "recording.sealed": _sealed,
    "recording.short": _sealed,
    "recording.missing": _sealed,
    "call.ended": _ended,
    "manager.returned": _returned,
    "recording.altered": _altered,
    "clock.stepped": _stepped,
}

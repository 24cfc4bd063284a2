"""What holds for every call: random callers over the shipped flows and over random small ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ivr.errors import JournalBroken
from ivr.flow.bundle import Bundle
from ivr.flow.loader import load_directory
from ivr.simulator import Act, Leave, Press, Quiet, Speak, Wait
from tests.service import Service, Stopping, Taken, execute_again
from tests.talk import load_texts, write_flow

SHIPPED = Path(__file__).parent.parent / "flows"


@cache
def shipped() -> Bundle:
    return load_directory(SHIPPED)


KEYS = st.text("0123456789*#", min_size=1, max_size=3)
NUMBERS = st.sampled_from(["021832415000000#", "0021832415000000", "123#", "999999999999999#"])
TYPING = st.one_of(KEYS, KEYS, NUMBERS).map(Press)
PATIENT = st.one_of(TYPING, st.just(Quiet()), st.integers(500, 5000).map(Speak))
RESTLESS = st.one_of(PATIENT, st.integers(1, 9000).map(Wait), st.just(Leave()))


def callers(act: st.SearchStrategy[Act], size: int = 25) -> st.SearchStrategy[list[Act]]:
    return st.lists(act, max_size=size)


@st.composite
def flows(draw: st.DrawFn) -> str:
    """A valid flow of a few menus, each with a random node behind its first key."""
    count = draw(st.integers(1, 3))
    names = [f"m{number}" for number in range(count)]
    lines = []
    for number in range(count):
        after = names[(number + 1) % count]
        anywhere = draw(st.sampled_from([*names, "back", "end"]))
        flush = draw(st.sampled_from(["keep", "flush"]))
        tries = draw(st.integers(1, 3))
        lines.append(
            f"""
  m{number}:
    type: menu
    say: Menu {number}.
    tries: {tries}
    type_ahead: {flush}
    options:
      - {{key: 1, name: on, label: lanjut, next: n{number}}}
      - {{key: 2, name: away, label: lain, next: {anywhere}}}
      - {{key: 3, name: out, label: selesai, next: end}}
  n{number}: {draw(st.sampled_from(NODES)).format(n=number, next=after)}"""
        )
    return "".join([*lines, "\n  end: {type: hangup, say: Selesai.}\n"])


NODES = (
    "{{type: say, say: Halo., next: {next}}}",
    "{{type: say, say: Halo., barge_in: false, next: {next}}}",
    "{{type: say, say: Halo., visits: {{at_most: 2, else: end}}, next: {next}}}",
    "{{type: collect, say: Kode., digits: 2-4, into: a{n}, next: {next}}}",
    "{{type: collect, say: Kode., digits: '3', sensitive: true, into: a{n}, confirm: last4, "
    "next: {next}}}",
    "{{type: collect, say: Kode., as: case, into: a{n}, confirm: all, next: {next}}}",
    "{{type: record, say: Bicara., into: a{n}, case: pesan, on_nothing: end, on_hangup: end, "
    "next: {next}}}",
    "{{type: record, say: Bicara., into: a{n}, case: pesan, review: true, tries: 2, "
    "on_nothing: end, on_hangup: end, next: {next}}}",
    "{{type: record, say: Bicara., into: a{n}, review: true, review_keys: {{keep: 4}}, "
    "on_nothing: end, next: {next}}}",
    "{{type: consent, say: Setuju., purpose: test, into: c{n}, granted: {next}, refused: end}}",
    "{{type: consent, say: Setuju., purpose: test, agree: 3, on_give_up: {{next: end}}, "
    "granted: {next}, refused: {next}}}",
    "{{type: collect, say: Kode., as: plate, into: a{n}, confirm: all, next: {next}}}",
    "{{type: set, recording: 'on', next: {next}}}",
    "{{type: set, values: {{a{n}: x}}, compute: {{b{n}: call.minute * 2}}, next: {next}}}",
    "{{type: choose, cases: [{{when: call.minute > 5, next: end}}], else: {next}}}",
    "{{type: subflow, flow: more, into: a{n}, next: {next}}}",
    "{{type: menu, say: Direkam., options: [{{key: 8, name: no, spoken: false, next: {next}}}], "
    "first_key: 2s, otherwise: end}}",
)
MORE = """
results: [choice]
nodes:
  ask:
    type: menu
    into: choice
    options: [{key: 1, name: again, label: lagi}, {key: 2, name: stop, label: cukup}]
    next: return
"""


def lead(bundle: Bundle, acts: list[Act]) -> tuple[Service, Taken]:
    service = Service(bundle, acts, dialled="1500")
    journal = Stopping(service.journal, JournalBroken("never"))
    service.change(journal=journal)
    asyncio.run(service.run())
    return service, journal.taken


def check_messages(taken: Taken) -> None:
    """Every message that was reviewed is kept once or spoken over, and no leave without a key."""
    fate: dict[str, str] = {}
    for turn, _, case in taken:
        for event in turn.events:
            if event["type"] == "consent.given":
                assert turn.outcome["type"] == "keys"
                assert turn.outcome["keys"] == event["keys"]
            if event["type"] in ("message.recorded", "message.rejected", "message.kept"):
                fate[event["recording"]] = event["type"]
        if case is not None:
            assert fate[case.recording] in ("message.kept", "message.recorded")
            fate[case.recording] = "case.opened"
    assert "message.recorded" not in fate.values()


def check_all(bundle: Bundle, acts: list[Act]) -> None:
    service, taken = lead(bundle, acts)
    check_end(bundle, service, taken)
    execute_again(bundle, taken)
    check_keys(service.line.received, taken)
    check_messages(taken)


def check_end(bundle: Bundle, service: Service, taken: Taken) -> None:
    """Every call ends within its limits, in order, once."""
    limits = bundle.hotline.limits
    assert [turn.n for turn, _, _ in taken] == list(range(1, len(taken) + 1))
    assert len(taken) <= limits.turns + 4
    begun, ended = taken[0][0].at, taken[-1][0].at
    longest = limits.call + 5 * 60_000  # the step that was going on when the time was over
    assert (ended - begun).total_seconds() * 1000 <= longest
    events = [event["type"] for turn, _, _ in taken for event in turn.events]
    assert events.count("call.ended") == 1
    assert events[-1] == "call.ended"
    assert service.channels[0].done is True


def check_keys(received: str, taken: Taken) -> None:
    """Each key is used by one step, in order: the cursor goes over what the outcome tells."""
    cursor, step = 0, None
    for turn, live, _ in taken:
        if live is None:
            break
        used = received[cursor : live.position["cursor"]]
        outcome = turn.outcome
        flushed = step is not None and step.get("flush", False)
        if outcome["type"] in ("keys", "escaped"):
            assert used.endswith(outcome["keys"])
            before = used.removesuffix(outcome["keys"])
            assert before in ("", "#") or flushed or (step and step["type"] == "collect")
        elif outcome["type"] == "digits":
            assert outcome["length"] <= len(used)
            assert flushed or len(used) <= outcome["length"] + 2
        elif outcome["type"] not in ("recorded", "transferred", "hung_up") and not flushed:
            assert used in ("", "#")
        cursor, step = live.position["cursor"], turn.step
    assert cursor <= len(received)


@settings(max_examples=40)
@given(acts=callers(RESTLESS))
def test_every_call_over_the_shipped_flows_keeps_its_promises(acts: list[Act]) -> None:
    check_all(shipped(), acts)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(flow=flows(), acts=callers(RESTLESS))
def test_every_call_over_a_random_flow_keeps_its_promises(flow: str, acts: list[Act]) -> None:
    bundle = load_texts({"main.yaml": write_flow("main", flow), **_more(flow)})
    check_all(bundle, acts)


def _more(flow: str) -> Mapping[str, str]:
    return {"more.yaml": write_flow("more", MORE)} if "flow: more" in flow else {}


CONCLUDED = (
    "node.entered",
    "menu.chosen",
    "universal.used",
    "input.wrong",
    "input.rejected",
    "input.accepted",
    "input.confirmed",
    "tries.exhausted",
    "source.answered",
    "case.opened",
    "language.chosen",
    "caller.hung_up",
)
COUNTED_ANEW = ("waited", "heard", "number", "value")


def conclude(events: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        {name: value for name, value in event.items() if name not in COUNTED_ANEW}
        for event in events
    ]


async def both(acts: list[Act], turn: int, stored: bool) -> tuple[Service, Service]:
    alone = Service(shipped(), list(acts), dialled="1500")
    await alone.run()
    service = Service(shipped(), list(acts), dialled="1500")
    await service.die(turn, stored=stored)
    await service.run()
    return alone, service


async def test_keys_before_the_tone_are_no_answer_after_a_death() -> None:
    """A number typed into the prompt of a message, with its hash, and another one that ends it."""
    number = "021832415000000#"
    acts: list[Act] = [*map(Press, ("0", "0", "0", "#0", number)), Speak(1000), Press(number)]
    alone, service = await both([*acts, Press("0")], 8, False)
    assert conclude(await service.events(*CONCLUDED)) == conclude(await alone.events(*CONCLUDED))


@settings(max_examples=50)
@given(acts=callers(PATIENT), data=st.data())
def test_an_engine_that_dies_at_any_turn_changes_nothing_but_that_turn(
    acts: list[Act], data: st.DataObject
) -> None:
    """A caller who acts by what is heard, not by the clock, goes the same way.

    Left out are turns whose outcome is gone with the engine, so that the caller is asked again: a
    silence (a notice passes on it), a message in which nothing was said, a fresh key where
    type-ahead does not count.
    """
    _, taken = lead(shipped(), list(acts))
    stored = data.draw(st.booleans())
    turn = data.draw(st.integers(2, len(taken) - (1 if stored else 0)))
    outcome, step = taken[turn - 1][0].outcome, taken[turn - 2][0].step
    lost = outcome["type"] in ("silence", "passed") or (
        outcome["type"] == "recorded" and not outcome["length"]
    )
    lost = lost or (step is not None and step.get("flush", False))
    assume(stored or not lost)
    alone, service = asyncio.run(both(acts, turn, stored))
    assert conclude(asyncio.run(service.events(*CONCLUDED))) == conclude(
        asyncio.run(alone.events(*CONCLUDED))
    )
    assert service.line.received == alone.line.received
    assert len(asyncio.run(service.events("call.resumed"))) <= 1

"""An engine dies; another takes the call over. Every kind of step, before it and after it."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from ivr.engine.steps import RECOVERY, Recovery, Step
from ivr.flow.bundle import Bundle
from ivr.simulator import Act, Leave, Officer, Press, Quiet, Simulator, Speak
from tests.service import LINE, Service
from tests.talk import HOTLINE, load_texts, write_flow

FLOW = """
  hello: {type: say, say: Selamat pagi., next: switch}
  switch: {type: set, recording: "on", next: main}
  main: {type: menu, say: Silakan., options: [{key: 1, name: on, label: lanjut, next: ask}]}
  ask:
    type: collect
    say: Masukkan NIK.
    as: nik
    sensitive: true
    into: nik
    confirm: last4
    next: find
  find:
    type: lookup
    source: people
    with: {nik: "{nik}"}
    into: person
    found: tell
    not_found: end
    failed: end
  tell: {type: say, say: "Status {person.status}.", next: speak}
  speak:
    type: record
    say: Silakan bicara.
    into: message
    case: pengaduan
    review: true
    on_nothing: end
    on_hangup: end
    next: receipt
  receipt: {type: say, say: "Nomor {message.number:digits}.", next: told}
  told:
    type: notify
    webhook: office
    with: {number: "{message.number}"}
    next: connect
    failed: connect
  connect:
    type: transfer
    say: Kami sambungkan.
    to: desk
    context: {number: "{message.number}"}
    ended: end
    otherwise: end
  end: {type: hangup, say: Terima kasih.}
"""
SOURCES = """
sources:
  people:
    table: people
    key: [nik]
    fields:
      status: {personal: true, words: {active: aktif}}
webhooks:
  office:
    url: https://office.example.go.id/told
    timeout: 3s
    personal: true
    fields: [number]
"""
TABLE = "- {nik: '3171010101900001', status: active}\n"

DESK = """
destinations:
  desk: {dial: desk-1}
"""

ACTS: list[Act] = [
    Officer("answers", 2000, 30_000),
    Quiet(),
    Press("1"),
    Quiet(),
    Press("3171010101900001#"),
    Quiet(),
    Press("1"),
    Quiet(),
    Speak(4000),
    Press("#"),
    Quiet(),
    Press("2"),
    Quiet(),
    Press("1"),
]
STEPS = [
    "say",
    "set_recording",
    "menu",
    "collect",
    "menu",
    "lookup",
    "say",
    "record",
    "menu",
    "play_back",
    "menu",
    "open_case",
    "say",
    "notify",
    "transfer",
    "hangup",
]
"""The steps of an undisturbed call; step k is asked for by turn k + 1."""

CONCLUDED = (
    "recording.switched",
    "menu.chosen",
    "input.accepted",
    "input.confirmed",
    "source.answered",
    "message.kept",
    "case.opened",
    "webhook.answered",
    "transfer.ended",
    "call.ended",
)


@pytest.fixture
def bundle() -> Bundle:
    return load_texts(
        {
            "main.yaml": write_flow("main", FLOW),
            "sources.yaml": SOURCES,
            "data/people.yaml": TABLE,
        },
        HOTLINE + DESK,
    )


def test_every_step_has_its_recovery() -> None:
    steps = {step.__dataclass_fields__["type"].default for step in get_args(get_args(Step)[0])}
    assert set(RECOVERY) == steps
    assert set(STEPS) == steps
    assert set(RECOVERY.values()) == set(Recovery)


async def test_an_undisturbed_call_has_these_steps(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    await service.run()
    turns = await service.turns()
    assert [turn.step["type"] for turn in turns if turn.step] == STEPS
    assert service.caller.acts == []
    assert service.channels[0].done is True
    assert service.source.asked == [("people", {"nik": "3171010101900001"}, "id-1-6")]
    (opened,) = await service.events("case.opened")
    assert opened["number"] == {"$personal": "100000009"}


async def conclusions(service: Service) -> list[object]:
    """What was concluded, without the times and numbers that another engine counts anew."""
    shifting = ("waited", "turns", "recording", "number", "sha256")
    return [
        {name: value for name, value in event.items() if name not in shifting}
        for event in await service.events(*CONCLUDED)
    ]


LAST = len(STEPS) + 1
DEATHS = [(turn, stored) for turn in range(2, LAST + 1) for stored in (False, True)][:-1]
"""Turn, and whether it was stored. After the last turn there is nothing to take up."""


@pytest.mark.parametrize(("turn", "stored"), DEATHS)
async def test_whatever_step_an_engine_dies_in_the_next_one_goes_on(
    bundle: Bundle, turn: int, stored: bool
) -> None:
    alone = Service(bundle, ACTS)
    await alone.run()

    service = Service(bundle, ACTS)
    await service.die(turn, stored=stored)
    assert service.channels[0].done is False
    pending = STEPS[turn - 1] if stored else STEPS[turn - 2]
    await service.run()

    assert await conclusions(service) == await conclusions(alone)
    assert service.caller.acts == []
    turns = await service.turns()
    assert [one.n for one in turns] == list(range(1, len(turns) + 1))
    assert [one.step is None for one in turns] == [False] * (len(turns) - 1) + [True]
    assert await service.journal.live(LINE) is None
    assert service.channels[-1].done is True
    (opened,) = await service.events("case.opened")
    cases = [await service.journal.case("id-1", n) for n in range(1, len(turns) + 1)]
    assert list(filter(None, cases)) == [opened["number"]["$personal"]]

    (call,) = await service.journal.calls()
    facts = [fact.event["type"] for fact in await service.journal.facts(call.call)]
    assert facts[0] == "call.taken_over"
    queried = pending in ("record", "transfer")
    repeated = RECOVERY[pending] is Recovery.REPEAT or (queried and stored)
    resumed = await service.events("call.resumed")
    assert [event["step"] for event in resumed] == ([pending] if repeated else [])
    apologies = sum("sambungan sempat terganggu" in line for line in service.shown)
    typed_ahead = pending in ("menu", "collect") and not stored
    assert apologies == (1 if repeated and not typed_ahead else 0)


@pytest.mark.parametrize("stored", [False, True])
async def test_a_case_has_one_number_however_often_an_engine_dies(
    bundle: Bundle, stored: bool
) -> None:
    service = Service(bundle, ACTS)
    turn = 2 + STEPS.index("open_case")
    await service.die(turn - 1, stored=True)
    assert await service.journal.case("id-1", turn - 1) == "100000009"
    for _ in range(3):
        await service.die(turn, stored=False)
    if stored:
        await service.die(turn, stored=True)
    await service.run()
    (opened,) = await service.events("case.opened")
    assert opened["number"] == {"$personal": "100000009"}
    assert "<< Nomor satu nol nol, nol nol nol, nol nol sembilan." in service.shown


async def test_a_message_is_sent_again_with_the_same_key(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    turn = 2 + STEPS.index("notify")
    await service.die(turn, stored=False)
    await service.die(turn, stored=False)
    await service.run()
    first, *more = service.messages.sent
    assert (first.webhook, first.fields) == ("office", {"number": "100000009"})
    assert first.key == f"id-1-{turn - 1}"
    assert more == [first, first]
    taken = {"type": "call.taken_over", "step": "notify"}
    assert [fact.event for fact in await service.journal.facts("id-1")].count(taken) == 2


async def test_a_lookup_is_asked_again_with_the_same_key(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    turn = 2 + STEPS.index("lookup")
    for _ in range(3):
        await service.die(turn, stored=False)
    await service.run()
    assert service.source.asked == [("people", {"nik": "3171010101900001"}, "id-1-6")] * 4


async def test_a_message_that_was_spoken_is_not_asked_for_again(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    turn = 2 + STEPS.index("record")
    await service.die(turn, stored=False)
    await service.run()
    (recorded,) = await service.events("message.recorded")
    assert (recorded["recording"], recorded["ended"]) == ("id-1-8", "unknown")
    assert service.shown.count("<< Silakan bicara.") == 1


async def test_a_message_that_was_never_begun_is_asked_for_again(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    await service.die(1 + STEPS.index("record"), stored=True)
    await service.run()
    (recorded,) = await service.events("message.recorded")
    assert (recorded["recording"], recorded["ended"]) == ("id-1-9", "finish")


async def test_the_recording_of_the_call_goes_on_in_a_segment_of_its_own(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    for _ in range(2):
        await service.die(2 + STEPS.index("lookup"), stored=False)
    await service.run()
    facts = [fact.event for fact in await service.journal.facts("id-1")]
    assert [fact["type"] for fact in facts] == ["call.taken_over", "recording.continued"] * 2
    names = [fact["outcome"]["recording"] for fact in facts if "outcome" in fact]
    assert names == ["id-1-6-id-3", "id-1-6-id-4"]


class Withholding(Simulator):
    """A line whose recording was stopped for a secret, to go on after it."""

    def position(self) -> dict[str, Any]:
        return {**super().position(), "recording": None, "withheld": True}


class WithheldService(Service):
    def channel(self) -> Simulator:
        self.channels.append(Withholding(self.caller, self.line, show=self.shown.append))
        return self.channels[-1]


async def test_a_recording_that_was_to_go_on_after_a_secret_is_begun_anew(bundle: Bundle) -> None:
    """The dead engine may have begun it: nobody knows, so it is stopped, and begins again."""
    service = WithheldService(bundle, ACTS)
    await service.die(2 + STEPS.index("lookup"), stored=False)
    await service.run()
    facts = [fact.event["type"] for fact in await service.journal.facts("id-1")]
    assert facts == ["call.taken_over", "recording.continued"]


async def test_no_recording_begins_when_the_next_step_is_to_end_it() -> None:
    bundle = load_texts(
        {
            "main.yaml": write_flow(
                "main",
                """
  on: {type: set, recording: "on", next: hello}
  hello: {type: say, say: Halo., next: off}
  off: {type: set, recording: "off", next: main}
  main: {type: menu, options: [{key: 1, name: a, label: ya, next: end}]}
  end: {type: hangup}
""",
            )
        }
    )
    service = Service(bundle, [Quiet(), Press("1")])
    await service.die(3, stored=True)
    await service.run()
    facts = [fact.event["type"] for fact in await service.journal.facts("id-1")]
    assert facts == ["call.taken_over"]
    assert service.shown.count("-- recording on") == 1
    assert service.channels[-1].position()["recording"] is None


async def test_a_caller_who_left_while_no_engine_was_there_still_gets_a_case(
    bundle: Bundle,
) -> None:
    service = Service(bundle, [*ACTS[: ACTS.index(Press("#"))], Leave()])
    await service.die(2 + STEPS.index("record"), stored=False)
    assert service.line.gone
    run = await service.run()
    assert run.result == "tiket"
    assert len(await service.events("case.opened")) == 1


async def test_digits_typed_before_the_crash_are_still_there_after_it(bundle: Bundle) -> None:
    """The whole call is typed in one burst; every engine lives for one turn."""
    service = Service(bundle, [Press("13171010101900001#1"), Quiet(), Speak(4000), Press("#")])
    for turn in range(2, 9):
        await service.die(turn, stored=True)
    await service.run()
    assert len(await service.events("menu.chosen")) == 1
    (accepted,) = await service.events("input.accepted")
    assert accepted["length"] == 16
    assert len(await service.events("case.opened")) == 1


async def test_the_live_row_is_all_that_the_next_engine_needs(bundle: Bundle) -> None:
    service = Service(bundle, ACTS)
    await service.die(6, stored=True)
    row = await service.journal.live(LINE)
    assert row is not None
    assert (row.call, row.run.turn, row.position["cursor"]) == ("id-1", 6, 19)
    assert list(row.secrets.digits.values()) == ["3171010101900001"]
    assert json.dumps(row.position)

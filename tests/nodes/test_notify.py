"""The node kind `notify`: a webhook is told something, but never what it must not know."""

from __future__ import annotations

import pytest

from ivr.engine.asking import WebhookAnswered
from ivr.engine.outcomes import Digits, Failed, HungUp, Notified, Played
from ivr.engine.steps import RECOVERY, Notify, Recovery
from ivr.engine.values import Personal, Secret
from tests.talk import Talk, load_texts, write_flow

SOURCES = """
webhooks:
  office:
    url: https://office.example.go.id/told
    timeout: 3s
    fields: [topic, note]
  registry:
    url: https://office.example.go.id/people
    timeout: 3s
    personal: true
    fields: [who]
"""
FLOW = """
  ask:
    type: collect
    say: Nomor telepon Anda.
    digits: 4
    into: phone
    next: pass_on
    on_hangup: register
  pass_on: {type: set, values: {topic: air}, next: tell}
  tell:
    type: notify
    webhook: office
    with: {topic: "{topic}", note: "tentang {topic}"}
    meanwhile: Mohon tunggu.
    next: register
    failed: sorry
  register:
    type: notify
    webhook: registry
    with: {who: "{phone}"}
    next: thanks
    failed: sorry
  thanks: {type: hangup, say: Terima kasih.}
  sorry: {type: hangup, say: Maaf.}
"""


@pytest.fixture
def call() -> Talk:
    files = {"main.yaml": write_flow("main", FLOW), "sources.yaml": SOURCES}
    return Talk(load_texts(files))


def test_it_tells_with_values_and_says_what_to_play_meanwhile(call: Talk) -> None:
    call.type("4711")
    assert isinstance(call.step, Notify)
    assert call.step.webhook == "office"
    assert call.step.fields == {"topic": "air", "note": "tentang air"}
    assert call.said == ["main.tell.meanwhile"]


def test_a_message_that_was_taken_leads_on(call: Talk) -> None:
    call.type("4711")
    call.hear(Notified())
    answered = call.event("webhook.answered")
    assert (answered.webhook, answered.result, answered.reason) == ("office", "accepted", None)
    assert isinstance(call.step, Notify)
    assert call.step.fields == {"who": Personal("4711")}
    call.hear(Notified())
    assert call.said == ["main.thanks.say"]


def test_a_message_that_failed_has_its_own_way(call: Talk) -> None:
    call.type("4711")
    call.hear(Failed("timeout"))
    answered = call.event("webhook.answered")
    assert (answered.result, answered.reason) == ("failed", "timeout")
    assert call.said == ["main.sorry.say"]


def test_it_is_sent_after_a_hangup_where_the_flow_says_so(call: Talk) -> None:
    call.hear(HungUp(1))
    assert isinstance(call.step, Notify)
    assert call.step.fields == {"who": None}
    call.hear(Notified())
    assert call.step is None


def test_nothing_is_sent_for_a_caller_who_left_elsewhere() -> None:
    nodes = FLOW.replace("    on_hangup: register\n", "")
    files = {"main.yaml": write_flow("main", nodes), "sources.yaml": SOURCES}
    gone = Talk(load_texts(files))
    gone.hear(HungUp(1))
    assert gone.step is None


ARGUMENT = """
  ask:
    type: collect
    say: Silakan.
    as: nik
    sensitive: true
    into: nik
    next: pass_on
  pass_on: {type: subflow, flow: telling, with: {what: "{nik}"}, next: end}
  end: {type: hangup}
"""
TELLING = """
inputs: [what]
nodes:
  tell:
    type: notify
    webhook: office
    with: {topic: "{what}", note: x}
    next: return
    failed: return
"""


@pytest.mark.parametrize("digits", [Personal("3171010101900001"), "3171010101900001"])
def test_what_only_the_call_knows_to_be_personal_is_not_sent(digits: Personal | str) -> None:
    """The checker sees an input of any sort; the engine sees the value."""
    main = ARGUMENT.replace("    sensitive: true\n", "")
    files = {
        "main.yaml": write_flow("main", main),
        "telling.yaml": write_flow("telling", TELLING),
        "sources.yaml": SOURCES,
    }
    call = Talk(load_texts(files))
    call.hear(Digits(digits, 16, "length", 0))
    if isinstance(digits, str):
        assert isinstance(call.step, Notify)
        return
    answered = call.event("webhook.answered")
    assert (answered.result, answered.reason) == ("failed", "not_personal")
    assert not isinstance(call.step, Notify)


def test_a_secret_is_never_sent(call: Talk) -> None:
    """Not even when a channel hands one over that nobody declared."""
    call.hear(Digits(Secret("s1", 4, True), 4, "length", 0))
    call.hear(Notified())
    refused = [one for one in call.all if isinstance(one, WebhookAnswered)][-1]
    assert (refused.webhook, refused.result) == ("registry", "failed")
    assert call.said == ["main.sorry.say"]


def test_after_a_crash_it_is_sent_again_under_the_same_key() -> None:
    assert RECOVERY["notify"] is Recovery.KEYED


def test_an_outcome_that_no_notify_has_is_a_fault_of_ours(call: Talk) -> None:
    call.type("4711")
    with pytest.raises(AssertionError, match="a notify does not end in played"):
        call.hear(Played(1))

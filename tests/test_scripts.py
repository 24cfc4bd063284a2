"""Call scripts: how words are compared, how a caller acts, what a failure says, what is a fault."""

from __future__ import annotations

import asyncio
import re
from textwrap import indent

import pytest

from ivr.flow.bundle import Bundle
from ivr.scripts.checks import check_scripts
from ivr.scripts.coverage import measure
from ivr.scripts.hearing import Prompt, find_prompt, find_words, spell_out
from ivr.scripts.playing import Played, play
from ivr.scripts.reading import read_scripts
from ivr.scripts.verdict import Failure, judge
from ivr.scripts.ways import ways_of
from tests.talk import HOTLINE, load_texts, write_flow

HEARD = [Prompt("Untuk Kereta, tekan satu.", "id"), Prompt("For trains, press one.", "en")]


@pytest.mark.parametrize(
    ("text", "language", "end"),
    [
        ("untuk kereta tekan SATU", None, 4),
        ("kereta … press", None, 7),
        ("satu. For", None, 5),
        ("satu. For", "id", None),
        ("trains ... trains", None, None),
        ("ereta", None, None),
        ("press one", "en", 8),
    ],
)
def test_words_are_found_whatever_the_signs(text: str, language: str | None, end: int) -> None:
    assert find_words(spell_out(HEARD), text, 0, language) == end


def test_words_are_looked_for_behind_those_found_before() -> None:
    assert find_words(spell_out(HEARD), "untuk", 1) is None


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [("for trains: press one", 0, 8), ("for trains", 0, None), ("for trains press one", 5, None)],
)
def test_a_whole_prompt_is_more_than_some_of_its_words(text: str, begin: int, end: int) -> None:
    assert find_prompt(HEARD, text, begin) == end


def test_a_prompt_that_was_cut_short_was_not_heard_whole() -> None:
    assert find_prompt([Prompt("Halo", "id", whole=False)], "halo", 0) is None


MAIN = """
nodes:
  ask:
    type: menu
    say: Halo semua.
    options:
      - {key: 1, name: train, label: kereta, next: digits}
      - {key: 2, name: message, label: pesan, next: message}
      - {key: 3, name: officer, label: petugas, next: connect}
  digits:
    type: collect
    say: Nomor kereta.
    digits: 1-3
    public: true
    into: train
    next: tell
  tell:
    type: say
    say: Kereta {train:digits}.
    next: bye
  message:
    type: record
    say: Silakan bicara.
    into: message
    case: pesan
    on_nothing: bye
    on_hangup: bye
    next: told
  told:
    type: say
    say: Nomor {message.number:digits}.
    next: bye
  connect:
    type: transfer
    say: Kami sambungkan.
    to: desk
    ended: bye
    otherwise: nobody
  nobody:
    type: say
    say: Tidak ada petugas.
    next: bye
  bye:
    type: hangup
    say: Sampai jumpa.
"""
DESK = HOTLINE + "destinations: {desk: {queue: desk}}\n"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_texts({"main.yaml": write_flow("main", MAIN)}, DESK)


def written(bundle: Bundle, steps: str) -> Played:
    """The only call of a script of these steps, after the dialling."""
    body = "".join(f"    {line.strip(' ')}\n" for line in steps.strip().splitlines())
    body = re.sub(r"^    (?!- )", "      ", body, flags=re.M)
    text = f"calls:\n  Uji:\n    - dial: 1\n{body}"
    read, faults = read_scripts("calls/test.yaml", text.encode())
    assert [*faults, *check_scripts(read, bundle)] == []
    (script,) = read.scripts
    return asyncio.run(play(script, bundle))


def failure(bundle: Bundle, steps: str) -> Failure:
    found = judge(written(bundle, steps))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "steps",
    [
        "- hear: Halo semua\n- press: 1\n- hear: Nomor\n- press: 12\n- hear: Kereta satu dua",
        "- press: 112\n- hear: Kereta satu dua\n- reach: main.bye",
        "- listen: 0s\n- press: 1\n- press: 7#\n- hear: Kereta tujuh\nexactly: true",
        "- silence\n- hear: Belum ada pilihan. Halo\n- silence: 2\n- hear: Baik",
        "- press: 2\n- speak: 3s\n- press: '#'\n- hear: Nomor satu\n- outcome: tiket",
        "- press: 2\n- speak: 3s\n- silence\n- hear: Nomor satu",
        "- press: 2\n- speak: 3s\n- hang_up\n- outcome: tiket",
        "- press: 2\n- silence\n- hear: Sampai jumpa\n- outcome: informasi",
        "- press: 3\n- hear: Tidak ada petugas\n- outcome: informasi",
        "- officers: answer\n- press: 3\n- hear: Sampai jumpa\n- outcome: petugas",
        "- officers: answer\n- press: 3\n- listen: 20s\n- hang_up\n- outcome: petugas",
        "- officers: no_answer\n- press: 3\n- silence\n- hear: Tidak ada petugas",
        "- press: 1\n- press: 5\n- silence\n- value: {train: 5}\n- hear: Kereta lima",
        "- press: 1\n- reach: main\n- reach: main.digits\n- press: '5#'\n- hear: kereta … jumpa",
        "- listen: 400ms\n- hear: Halo\n- press: 1\n- hear: Nomor kereta",
    ],
)
def test_what_comes_true(bundle: Bundle, steps: str) -> None:
    assert judge(written(bundle, steps)) is None


@pytest.mark.parametrize(
    ("steps", "expected", "got"),
    [
        ("- hear: Hallo", "to hear “Hallo”", "[id] “Halo semua.”"),
        ("- hear: kereta\n- hear: Halo", "to hear “Halo”",
         "[id] “Halo semua.” (but before what the script heard last)"),
        ("- hear: Halo\nexactly: true", "a prompt, word for word, “Halo”", "[id] “Halo semua.”"),
        ("- hang_up\n- hear: Halo", "to hear “Halo”", "nothing was said"),
        ("- listen: 400ms\n- hear: semua\n- hang_up", "to hear “semua”",
         "[id] “Halo s … (cut short)”"),
        ("- press: 1\n- reach: main.message", "to reach main.message", "came to main.digits"),
        ("- press: 112\n- reach: main.tell\n- reach: main.digits", "to reach main.digits",
         "came to main.tell, main.bye"),
        ("- press: 1\n- hang_up\n- reach: main.tell", "to reach main.tell",
         "came to no node since the last act"),
        ("- press: 1\n- press: '5#'\n- value: {train: 6}", "train is 6", "train is 5"),
        ("- press: 2\n- value: {message.number: 1}", "message.number is 1",
         "message.number is (nothing)"),
        ("- press: 1\n- outcome: tiket", "the call counts as tiket", "it counts as putus_ivr"),
        ("- press: 3\n- press: 1\n- outcome: informasi", "the caller can still do this",
         "the call was over before: informasi"),
    ],
)  # fmt: skip
def test_what_a_failure_says(bundle: Bundle, steps: str, expected: str, got: str) -> None:
    found = failure(bundle, steps)
    assert (found.expected, found.got) == (expected, got)


def test_a_failure_names_its_place_and_the_end_of_the_call(bundle: Bundle) -> None:
    found = failure(bundle, "- press: 1\n- hear: Kereta lima")
    assert (found.placed.line, found.placed.column, found.node) == (5, 7, "main.digits")
    assert list(found.lines)[-2:] == [">> 1", "<< Nomor kereta."]


def test_what_follows_the_last_step_counts_for_nothing(bundle: Bundle) -> None:
    played = written(bundle, "- press: 2\n- speak: 2s\n- reach: main.message")
    assert ("main.message", "hangup") in ways_of(bundle, played.events)
    assert ("main.message", "hangup") not in ways_of(bundle, played.own_events)


def test_coverage_counts_what_is_written_and_what_is_inherited(bundle: Bundle) -> None:
    played = written(bundle, "- silence\n- press: 1\n- press: '*0'\n- outcome: petugas")
    coverage = measure(bundle, ways_of(bundle, played.own_events))
    missing = {(one.place, one.name) for one in coverage.missing}
    assert (coverage.own_taken, coverage.inherited_taken) == (2, 2)
    assert {("main.ask", "option officer"), ("main.connect", "otherwise"),
            ("main.message", "on_hangup"), ("any menu", "key 7"), ("any menu", "key 0"),
            ("any collect", "on_silence"), ("any menu", "on_give_up")} <= missing  # fmt: skip
    assert not {("any menu", "on_silence"), ("any collect", "key 0")} & missing


TOLD = """
  ask: {type: menu, options: [{key: 1, name: tell, label: lapor, next: tell}]}
  tell:
    type: notify
    webhook: office
    with: {topic: air}
    next: thanks
    failed: sorry
  thanks: {type: hangup, say: Terima kasih.}
  sorry: {type: hangup, say: Maaf.}
"""
WEBHOOK = """
webhooks:
  office: {url: "https://office.example.go.id/told", timeout: 3s, fields: [topic]}
"""


@pytest.mark.parametrize(
    ("steps", "taken"),
    [
        ("- press: 1\n- hear: Terima kasih", {("main.tell", "next")}),
        ("- lookups:\n    office: failed\n- press: 1\n- hear: Maaf", {("main.tell", "failed")}),
    ],
)
def test_coverage_knows_both_ends_of_a_message(steps: str, taken: set[tuple[str, str]]) -> None:
    files = {"main.yaml": write_flow("main", TOLD), "sources.yaml": WEBHOOK}
    told = load_texts(files)
    text = f"calls:\n  Uji:\n    - dial: 1\n{indent(steps, '    ')}\n"
    read, faults = read_scripts("calls/test.yaml", text.encode())
    assert not faults
    played = asyncio.run(play(read.scripts[0], told))
    assert judge(played) is None
    assert taken <= ways_of(told, played.own_events)


FAULTS = {
    "- hears: x": "3:7: this is nothing that happens in a call; a step begins with press, silence,"
    " speak, wait, listen, hang_up, officers, lookups, hear, reach, value or outcome;"
    " did you mean 'hear'?",
    "- hangup": "3:7: this is nothing that happens … did you mean 'hang_up'?",
    "- press: 1\n      hear: x":
        "3:7: two things at once; begin each with `- ` on a line of its own",
    "- dial: 1\n      langage: x":
        "4:7: there is no field 'langage' here; did you mean 'language'?",
    "- press: satu": "3:7: 'satu' is not made of keys; write digits, \"*\" and \"#\"",
    "- dial: 1\n      at: besok": "4:7: 'besok' is no date and time; write it as 2026-03-31T09:30",
    "- dial: 1\n      at: 2026-02-30T10:00": "4:7: '2026-02-30T10:00' is no date and time …",
    "- wait: 5": "3:7: '5' is no duration …",
    "- silence: 99": "3:7: the most possible here is 10",
    "- officers: sick": "3:7: 'sick' cannot stand here; it is one of: answer, busy, …",
    "- lookups: gone": "3:7: 'gone' cannot stand here; it is one of: table, not_found, failed",
    "- dial: 1": "2:3: this call would pass whatever callers hear; add a `hear`",
    "- hear: x": "2:3: nobody dials; begin with `- dial:` here or under `begin`",
    "- dial: 9\n    - hear: x": "3:7: 'numbers' has no '9'",
    "- dial: 1\n    - dial: 1\n    - hear: x": "4:7: the call has begun already …",
    "- dial: 1\n    - hang_up\n    - press: 1\n    - hear: x":
        "5:7: the caller has hung up above …",
    "- dial: 1\n    - hear: '!'": "4:7: the text has no word",
    "- dial: 1\n    - hear: x\n      language: en": "5:7: the hotline does not speak 'en' …",
    "- dial: 1\n    - reach: mian": "4:7: there is no flow 'mian'; did you mean 'main'?",
    "- dial: 1\n    - reach: main.tel": "4:7: there is no node 'tel'; did you mean 'tell'?",
    "- dial: 1\n    - outcome: ticket":
        "4:7: no call is counted as 'ticket'; did you mean 'tiket'?",
    "- dial: 1\n    - lookups:\n        x: failed\n    - hear: x":
        "5:9: sources.yaml has no source 'x'",
    "- dial: 1\n    - lookups:\n        '*':\n          found: {a: b}\n    - hear: x":
        "4:7: `found` belongs to …",
}  # fmt: skip


@pytest.mark.parametrize("steps", FAULTS)
def test_faults_of_scripts(bundle: Bundle, steps: str) -> None:
    text = f"calls:\n  Uji:\n    {steps}\n"
    read, faults = read_scripts("f", text.encode())
    first = [*faults, *check_scripts(read, bundle)][0]
    told = f"{first.line}:{first.column}: {first.sentence()}"
    begin, _, end = FAULTS[steps].partition("…")
    assert told.startswith(begin.strip())
    assert told.endswith(end.strip())


def test_a_fault_of_the_common_beginning_is_told_once(bundle: Bundle) -> None:
    text = b"begin:\n  - dial: 9\ncalls:\n  A:\n    - hear: x\n  B:\n    - hear: y\n"
    read, faults = read_scripts("f", text)
    assert [fault.code for fault in (*faults, *check_scripts(read, bundle))] == ["unknown-number"]

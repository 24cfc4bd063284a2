"""Every command explains itself; a user's mistake gets a sentence, never a traceback."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from ivr.cli import cli, main
from ivr.speech.kinds import KINDS

FLOWS = Path(__file__).parent.parent / "flows"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int


Run = Callable[..., Said]


@contextmanager
def own_log() -> Iterator[None]:
    """What a command sets up for its process is undone, since this process goes on."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `ivr` on a state directory of its own and the shipped flows."""
    monkeypatch.setenv("IVR_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("IVR_FLOWS", str(FLOWS))

    def command(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as left, own_log():
            main(arguments)
        told = capsys.readouterr()
        return Said(told.out, told.err, int(left.value.code or 0))

    return command


def list_commands(
    command: click.Command = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from list_commands(below, (*path, name))
    else:
        yield path, command


COMMANDS = dict(list_commands())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(run: Run, path: tuple[str, ...]) -> None:
    said = run(*path, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"Example: ivr {' '.join(path)}" in " ".join(said.out.split())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    silent = [
        one.name
        for one in COMMANDS[path].params
        if isinstance(one, click.Option)
        and not one.help
        and not one.show_default
        and not isinstance(one.type, click.Choice)
    ]
    assert silent == []


def test_the_version_is_told(run: Run) -> None:
    assert re.fullmatch(r"ivr, version \d+\.\d+\.\d+\n", run("--version").out)


# A user's mistakes

MISTAKES = [
    (("check", "nowhere"), 2, "there is no flow directory nowhere"),
    (("check", "flows", "--language", "jv"), 2, "'jv' is not one of"),
    (("simulate", "1500", "--keys", "x"), 2, "x"),
    (("simulate", "1500", "--keys", "w"), 2, "w"),
    (("simulate", "--nothing"), 2, "No such option"),
    (("simulate", "--at", "christmas"), 2, "Give both in this form: 2026-12-25T10:00\n"),
    (("simulate", "--at", "2026-02-30T10:00"), 2, "is not in the calendar"),
    (("simulate", "front_door"), 2, "'front_door' is no telephone number"),
    (("say", "jv", "rupiah", "1"), 2, "jv"),
    (("say", "id", "money", "1"), 2, "'money' is not one of"),
    (("say", "id", "rupiah", "satu"), 2, "this value cannot be spoken as a number"),
    (("say", "id", "date", "2026-02-30"), 2, "date"),
    (("say", "id"), 2, "Missing argument"),
    (("calls", "list"), 2, "journal.db: there is no journal yet\n"),
    (("calls", "list", "--limit", "0"), 2, "--limit"),
    (("calls", "list", "--limit", "9" * 20), 2, "not in the range 1<=x<=1000000"),
    (("calls", "show", "last"), 2, "journal.db: there is no journal yet\n"),
    (("calls", "show"), 2, "Missing argument"),
    (("dial", "1500", "--keys", "?"), 2, "?"),
    (("dial", "1500", "--port", "1", "--keys", "x"), 2, "x"),
    (("dial", "1500", "--port", "9", "--keys", "h"), 2, "no SIP port is open there"),
    (("dial", "1500", "--port", "99999"), 2, "99999 is not a port"),
    (("dial", "nobody!", "--port", "9"), 2, "is not a telephone number"),
    (("say", "id", "number", "--nothing"), 2, "cannot be spoken as a number"),
    (("simulate", "--keys", "h", "--caller", "\udcff"), 2, "not Unicode text"),
    (("pbx", "nothing"), 2, "No such command"),
    (("nothing",), 2, "No such command"),
]


@pytest.mark.parametrize(("arguments", "code", "told"), MISTAKES, ids=lambda one: str(one)[:40])
def test_a_mistake_gets_a_sentence(
    run: Run, arguments: tuple[str, ...], code: int, told: str
) -> None:
    said = run(*arguments)
    assert said.code == code
    assert told in said.err
    assert "Traceback" not in said.err + said.out


@pytest.mark.parametrize("command", [("serve",), ("pbx", "start")], ids=" ".join)
@pytest.mark.parametrize("option", ["--sip-port", "--ami-port"])
@pytest.mark.parametrize("port", ["99999", "65536", "0", "-1", "x"])
def test_a_port_of_asterisk_is_one(
    run: Run, command: tuple[str, ...], option: str, port: str
) -> None:
    said = run(*command, option, port)
    assert said.code == 2
    assert f"Invalid value for '{option}'" in said.err


@pytest.mark.parametrize("command", [("serve",), ("pbx", "start")], ids=" ".join)
@pytest.mark.parametrize(
    "ports",
    ["10000", "a-b", "²-9", "٣-٩", "0-10", "1023-2000", "70000-80000", "10000-10002", "200-100"],
)
def test_a_range_of_ports_holds_calls(run: Run, command: tuple[str, ...], ports: str) -> None:
    said = run(*command, "--rtp", ports)
    assert said.code == 2
    assert f"Invalid value for '--rtp': {ports!r} is no range of at least 4 ports" in said.err


@pytest.mark.parametrize(
    "command", [("serve",), ("pbx", "start"), ("pbx", "install")], ids=" ".join
)
@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_where_a_directory_belongs_is_named(
    run: Run, tmp_path: Path, command: tuple[str, ...], below: str
) -> None:
    (tmp_path / "file").touch()
    said = run("--state", str(tmp_path / "file" / below), *command)
    assert said.code == 2
    assert said.err.startswith(f"ivr: {tmp_path / 'file' / below}")
    assert said.err.count("\n") == 2


def test_a_call_is_never_named_in_bytes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state" / "store").mkdir(parents=True)
    (tmp_path / "state" / "store" / "journal.db").touch()
    said = run("calls", "show", "\udcff")
    assert (said.code, "Traceback" in said.err) == (2, False)
    assert said.err.startswith("ivr: ")


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", "4573.0", "²", "9" * 5000])
def test_a_port_that_is_none_is_told_with_its_remedy(
    run: Run, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("IVR_AGI_PORT", port)
    said = run("check")
    assert said.code == 2
    assert said.err.startswith("ivr: IVR_AGI_PORT: ")
    assert said.err.endswith("is no port\n  Give a number from 1 to 65535.\n")


def test_faulty_flows_are_told_with_their_places(run: Run, tmp_path: Path) -> None:
    directory = tmp_path / "bad"
    directory.mkdir()
    (directory / "hotline.yaml").write_text("hotline: x\nnumbers: {'1': nowhere}\n", "utf-8")
    checked = run("check", str(directory))
    assert checked.code == 1
    assert re.search(r"hotline\.yaml:\d+:\d+: ", checked.out)
    as_json = run("check", str(directory), "--json")
    data = json.loads(as_json.out)
    assert (as_json.code, data["ok"]) == (1, False)
    assert {"file", "line", "column", "code", "sentence"} <= set(data["faults"][0])


@pytest.mark.parametrize(
    ("text", "told"),
    [("[", "1 fault, 0 warnings"), ("hotline: x\nnumbers: {'1': none}\n", "4 faults, 0 warnings")],
)
def test_faults_are_counted(run: Run, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "hotline.yaml").write_text(text, "utf-8")
    assert run("check", str(tmp_path)).out.splitlines()[-1] == told


def test_no_command_runs_on_faulty_flows(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_FLOWS", str(tmp_path))
    for command in (("simulate", "--keys", ""), ("serve",)):
        said = run(*command)
        assert said.code == 1
        assert "there is no hotline.yaml" in said.err or "no-hotline" in said.err
        assert "Traceback" not in said.err


# Commands that need nothing


def test_the_shipped_flows_have_no_fault(run: Run) -> None:
    said = run("check")
    assert said.code == 0
    assert said.out.startswith("no faults, 0 warnings: ")


def test_a_call_is_simulated(run: Run) -> None:
    said = run("simulate", "1500", "--keys", ",1,1,1,h", "--turns")
    lines = said.out.splitlines()
    assert (said.code, said.err) == (0, "")
    assert lines[0] == "<< Jika ini keadaan gawat darurat, tekan sembilan sekarang."
    ended = next(index for index, line in enumerate(lines) if line.startswith("-- the call ended"))
    turns = [json.loads(line) for line in lines[ended + 1 :]]
    told = f"-- the call ended after {len(turns)} turns: left without a result (putus_ivr)"
    assert lines[ended] == told
    assert [turn["n"] for turn in turns] == list(range(1, len(turns) + 1))


def test_any_number_is_answered_as_on_the_telephone(run: Run) -> None:
    """The dialplan brings every number to the engine, which knows the first one's flow for it."""
    known, other = run("simulate", "1500", "--keys", ",h"), run("simulate", "1599", "--keys", ",h")
    first = "-- hotline.yaml does not have the number 1599: answered as 1500\n"
    assert other == Said(first + known.out, "", 0)


def test_the_first_call_of_the_readme_hears_the_welcome_and_the_main_menu(run: Run) -> None:
    readme = (FLOWS.parent / "README.md").read_text()
    found = re.search(r'ivr dial 1500 --keys "([^"]+)"', readme)
    assert found is not None
    lines = run("simulate", "1500", "--keys", found[1], "--turns").out.splitlines()
    events = [event for line in lines if line[0] == "{" for event in json.loads(line)["events"]]
    heard = {
        f"{event['flow']}.{event['node']}": event["heard"] > 0 and not event["interrupted"]
        for event in events
        if event["type"] == "prompt.played"
    }
    assert heard["front_door.welcome"]
    assert heard["front_door.main"]
    assert heard["tax/filing.tell_personal"]
    assert "-- the call ended after 14 turns: informed (informasi)" in lines


def test_what_became_of_a_transfer_is_told_in_words(run: Run) -> None:
    said = run("simulate", "1500", "--keys", "1 8 2 4 ,h")
    assert "\n-- no officer is on duty\n" in said.out


def test_the_callers_number_may_be_given(run: Run) -> None:
    said = run("simulate", "1500", "--keys", "h", "--caller", "0812", "--turns")
    first = next(line for line in said.out.splitlines() if line.startswith("{"))
    assert json.loads(first)["outcome"]["caller"] == {"$personal": "0812"}


CLOCK = {
    "hotline.yaml": "hotline: a\nnumbers: {1500: a}\nlanguages: [id]\nperson: a\n"
    "timezone: Asia/Makassar\ndefaults: {on_give_up: {next: {flow: a}}}\n",
    "a.yaml": "flow: a\ntitle: A\nstart: clock\nnodes:\n"
    "  clock: {type: hours, calendar: office, open: open, closed: closed}\n"
    "  open: {type: hangup, say: Buka.}\n  closed: {type: hangup, say: Tutup.}\n",
    "calendars.yaml": "calendars: {office: {hours: {friday: 08:00-16:00}}}\n",
}


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-01-09T07:59:30", "Tutup."),
        ("2026-01-09T08:00", "Buka."),
        ("2026-03-20T10:00", "Tutup."),  # cuti bersama
    ],
)
def test_the_clock_of_a_simulated_call_may_be_set(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, said: str
) -> None:
    for name, text in CLOCK.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("IVR_FLOWS", str(tmp_path))
    told = run("simulate", "1500", "--keys", "", "--at", at)
    assert (told.code, told.out.splitlines()[0]) == (0, f"<< {said}")


def test_no_asterisk_is_no_fault(run: Run) -> None:
    assert run("pbx", "status") == Said("no local Asterisk is running\n", "", 1)
    assert run("pbx", "status", "--json") == Said('{"running": false}\n', "", 1)
    assert run("pbx", "stop") == Said("no local Asterisk is running\n", "", 0)


def test_a_value_is_read_out(run: Run) -> None:
    said = run("say", "id", "rupiah", "1500000")
    assert said.out.splitlines()[0] == "satu juta lima ratus ribu rupiah"
    data = json.loads(run("say", "id", "rupiah", "1500000", "--json").out)
    assert data["words"] == "satu juta lima ratus ribu rupiah"
    assert "".join(str(clip) for clip in data["clips"])


def test_a_value_may_be_negative(run: Run) -> None:
    assert run("say", "id", "number", "-5").out.startswith("minus lima\n")
    assert json.loads(run("say", "id", "number", "-5", "--json").out)["words"] == "minus lima"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_value_of_the_wrong_form_is_told_for_every_kind(run: Run, kind: str) -> None:
    said = run("say", "id", kind, "\x07")
    assert said.code == 2
    assert said.err.startswith("ivr: ")


def test_the_state_may_be_elsewhere(run: Run, tmp_path: Path) -> None:
    said = run("--state", str(tmp_path / "other"), "calls", "list")
    assert said.code == 2
    assert str(tmp_path / "other" / "store" / "journal.db") in said.err

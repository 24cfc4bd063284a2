"""Commands on flows that ask web services: nothing leaves the machine unless somebody says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.cli import main
from ivr.cli.doctor import examine_alone
from ivr.cli.doctor_engine import check_sources
from ivr.config import Settings
from ivr.flow.loader import load_directory
from tests.talk import HOTLINE, PERSON, write_flow

SOURCES = """
sources:
  trains:
    type: http
    key: [id]
    url: https://trains.invalid/{id}
    headers: {Authorization: {secret: trains}}
    timeout: 3s
    fields: {seats: {type: number}}
    examples: [{found: {seats: 7}}]
webhooks:
  office:
    url: https://office.invalid/told
    timeout: 3s
    fields: [topic]
"""
FLOW = """
  ask: {type: menu, options: [{key: 1, name: a, label: kursi, next: find}]}
  find:
    type: lookup
    source: trains
    with: {id: "1"}
    into: train
    found: tell
    not_found: none
    failed: sorry
  tell: {type: say, say: "Ada {train.seats} kursi.", next: pass_on}
  pass_on:
    type: notify
    webhook: office
    with: {topic: kursi}
    next: end
    failed: sorry
  none: {type: hangup, say: Tidak ada.}
  sorry: {type: hangup, say: Maaf.}
  end: {type: hangup, say: Terima kasih.}
"""


@pytest.fixture
def flows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "flows"
    directory.mkdir()
    files = {"hotline": HOTLINE, "person": PERSON, "main": write_flow("main", FLOW)}
    for name, text in {**files, "sources": SOURCES}.items():
        (directory / f"{name}.yaml").write_text(text)
    monkeypatch.setenv("IVR_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("IVR_FLOWS", str(directory))
    return directory


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


def test_a_simulated_call_is_answered_by_examples(
    flows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("simulate", "1", "--keys", ",1,") == 0
    said = capsys.readouterr().out
    assert "Ada tujuh kursi." in said
    assert "-- message to office: topic" in said
    assert "Terima kasih." in said


def test_live_asks_what_the_operator_allows(
    flows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is allowed here, so the lookup fails without a request."""
    assert run("simulate", "1", "--keys", ",1,", "--live", "--turns") == 0
    said = capsys.readouterr().out
    assert "Maaf." in said
    assert '"reason": "host_not_allowed"' in said


def test_serve_and_doctor_name_what_is_missing(
    flows: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("serve") == 2
    told = capsys.readouterr().err
    assert f"{tmp_path / 'state' / 'secrets' / 'trains'}: the secret 'trains'" in told
    assert told.endswith("set IVR_SOURCE_HOSTS=office.invalid,trains.invalid\n")
    found = check_sources(Settings(state=tmp_path / "state"), load_directory(flows))
    assert [(one.check, one.level) for one in found] == [("sources", "wrong")] * 2
    assert check_sources(Settings(), None) == []


def test_a_publication_tells_what_this_machine_lacks(
    flows: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("publish") == 0
    told = capsys.readouterr().err
    assert "not here yet: IVR_SOURCE_HOSTS: sources.yaml asks the hosts office.invalid, " in told
    assert "set IVR_SOURCE_HOSTS=office.invalid,trains.invalid\n" in told
    assert "the secret 'trains'" in told


def test_sources_are_examined_where_no_asterisk_is(flows: Path, tmp_path: Path) -> None:
    found = examine_alone(Settings(flows=flows).at(tmp_path / "state"))
    wrong = [one.check for one in found if one.level == "wrong"]
    assert wrong == ["sources", "sources", "running"]

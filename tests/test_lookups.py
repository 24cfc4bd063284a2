"""Sources put together: what the machine must have for them, and what answers without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ivr.config import Settings, read_settings
from ivr.engine.answers import AnswerFault
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.errors import SetupError, UsageError
from ivr.examples import answer_from_examples
from ivr.flow.bundle import Bundle
from ivr.lookups import find_missing, open_outside, require_outside
from ivr.operations.meters import SourceMeters
from ivr.services.credentials import Credentials
from ivr.services.python_sources import PythonSources, load_functions
from tests.talk import load_texts, write_flow
from tests.web_peer import answer, serving

SOURCES = """
sources:
  people:
    table: people
    key: [id]
    fields: {fee: {type: number}}
  trains:
    type: http
    key: [id]
    url: HOST/trains/{id}
    headers: {Authorization: {secret: trains}}
    timeout: 20s
    fields: {fee: {type: number}}
    examples: [{with: {id: 1}, found: {fee: 7}}, {with: {id: 2}, failed: timeout}]
  delays:
    type: python
    entry: delays
    key: [id]
    timeout: 20s
    fields: {fee: {type: number}}
    examples: [{found: {fee: 8}}]
webhooks:
  office:
    url: https://office.example.go.id/told
    timeout: 3s
    fields: [topic]
"""


def load_all(host: str = "https://trains.example.go.id") -> Bundle:
    return load_texts(
        {
            "main.yaml": write_flow("main", "  end: {type: hangup}\n"),
            "sources.yaml": SOURCES.replace("HOST", host),
            "data/people.yaml": "- {id: 1, fee: 5}\n",
        }
    )


def write_secret(directory: Path, text: str = "sandi\n", mode: int = 0o600) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "trains").write_text(text)
    (directory / "trains").chmod(mode)


async def find(arguments: Mapping[str, Scalar], key: str) -> Mapping[str, object] | None:
    """What the entry point of the test leads to."""
    match arguments["id"]:
        case "none":
            return None
        case "broken":
            raise RuntimeError("about Contoh Rahasia")
    return {"fee": 9, "key": key}


def write_package(directory: Path, target: str) -> None:
    """An installed package as importlib.metadata sees it."""
    info = directory / "railway-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: railway\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[satu_pintu.sources]\ndelays = {target}\n")


async def test_examples_answer_without_a_network() -> None:
    source = answer_from_examples(load_all())
    fees = {}
    for name, id_ in (("people", "1"), ("trains", "1"), ("delays", "5")):
        found = await source.fetch(name, {"id": id_}, "c-1")
        assert isinstance(found, Found)
        fees[name] = found.fields["fee"]
    assert fees == {"people": 5, "trains": 7, "delays": 8}
    assert await source.fetch("trains", {"id": "2"}, "c-1") == Failed("timeout")
    assert isinstance(await source.fetch("trains", {"id": "3"}, "c-1"), NotFound)


async def test_every_kind_is_asked_and_counted(tmp_path: Path) -> None:
    write_secret(tmp_path / "secrets")
    registry = CollectorRegistry()
    async with serving(lambda asked: answer({"fee": "6"})) as peer:
        bundle = load_all(f"http://{peer.host}")
        settings = replace(Settings(), state=tmp_path, source_hosts=(peer.host,))
        async with open_outside(settings, SourceMeters(registry)) as outside:
            source = outside.source(bundle)
            for name in ("people", "trains", "delays", "nobody"):
                await source.fetch(name, {"id": "1"}, "c-1")
            refused = await outside.notifier(bundle).notify("office", {"topic": "x"}, "c-1")
        assert peer.asked[0].headers["authorization"] == "sandi"
    assert refused == Failed("host_not_allowed")
    told = generate_latest(registry).decode()
    assert 'ivr_source_answers_total{result="found",source="people"} 1.0' in told
    assert 'ivr_source_answers_total{result="found",source="trains"} 1.0' in told
    assert 'ivr_source_answers_total{result="no_entry",source="delays"} 1.0' in told
    assert 'ivr_webhook_messages_total{result="host_not_allowed",webhook="office"} 1.0' in told
    assert 'ivr_source_paused{name="trains"} 0.0' in told
    assert "nobody" not in told


def test_what_the_machine_lacks_is_named(tmp_path: Path) -> None:
    settings = replace(Settings(), state=tmp_path)
    missing = list(find_missing(settings, load_all()))
    places = [str(error.place) for error in missing]
    secret = str(tmp_path / "secrets" / "trains")
    assert places == [
        secret,
        "IVR_SOURCE_HOSTS",
        "entry point delays of the group satu_pintu.sources",
    ]
    assert missing[1].remedy.endswith(
        "set IVR_SOURCE_HOSTS=office.example.go.id,trains.example.go.id"
    )
    with pytest.raises(SetupError) as refused:
        require_outside(settings, load_all())
    assert all(str(error) in str(refused.value) for error in missing)
    hosts = ("office.example.go.id", "trains.example.go.id")
    write_secret(tmp_path / "secrets", mode=0o640)
    settings = replace(settings, source_hosts=hosts)
    (readable, _) = find_missing(settings, load_all())
    assert readable.sentence == "others can read this secret"
    (tmp_path / "secrets" / "trains").chmod(0o600)
    (entry,) = find_missing(settings, load_all())
    assert entry.place.startswith("entry point delays")


@pytest.mark.parametrize("text", ["", "\n", "a\nb", "kunci\x00", "é", "x" * 9000])
def test_a_secret_that_is_no_line_of_text_is_not_used(tmp_path: Path, text: str) -> None:
    write_secret(tmp_path, text)
    with pytest.raises(AnswerFault, match="no_secret"):
        Credentials(tmp_path).read("trains")
    with pytest.raises(SetupError, match="is not there, or no text"):
        Credentials(tmp_path).examine("trains")


async def test_a_function_of_an_installed_package_is_a_source(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_package(tmp_path, "tests.test_lookups:find")
    loaded = load_functions(["delays"], [str(tmp_path)])
    assert loaded.errors == []
    source = PythonSources(load_all().sources, loaded.usable)
    found = await source.fetch("delays", {"id": "1"}, "c-1")
    assert isinstance(found, Found)
    assert found.fields == {"fee": 9}
    assert isinstance(await source.fetch("delays", {"id": "none"}, "c-1"), NotFound)
    assert await source.fetch("delays", {"id": "broken"}, "c-1") == Failed("broken")
    assert "the source delays raised RuntimeError" in caplog.text
    assert "Rahasia" not in caplog.text


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("tests.test_lookups:nothing", "cannot be imported"),
        ("no_such_module:find", "cannot be imported"),
        ("tests.test_lookups:SOURCES", "is no function"),
    ],
)
def test_a_function_that_cannot_be_loaded_is_named(
    tmp_path: Path, target: str, sentence: str
) -> None:
    write_package(tmp_path, target)
    loaded = load_functions(["delays", "others"], [str(tmp_path)])
    assert [sentence in error.sentence for error in loaded.errors] == [True, False]
    assert "no installed package has this source" in loaded.errors[1].sentence
    assert loaded.usable == {}


def test_hosts_are_names_with_or_without_a_port() -> None:
    settings = read_settings({"IVR_SOURCE_HOSTS": "API.example.go.id, 127.0.0.1:8080,[::1]:80"})
    assert settings.source_hosts == ("api.example.go.id", "127.0.0.1:8080", "[::1]:80")
    for wrong in ("https://api.example.go.id", "*.go.id", "a/b", "a,,b"):
        with pytest.raises(UsageError, match="IVR_SOURCE_HOSTS"):
            read_settings({"IVR_SOURCE_HOSTS": wrong})

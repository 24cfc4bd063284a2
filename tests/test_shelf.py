"""Bundles on disk: whole, verified, never changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from pathlib import Path

import pytest

from ivr.errors import SetupError
from ivr.flow.bundle import Bundle, read_bundle
from ivr.flow.loader import check_files, load_directory, read_directory
from ivr.flow.national import compile_holidays
from ivr.shelf import REMEMBERED, Shelf

FLOWS = Path(__file__).parent.parent / "flows"
GOOD = Path(__file__).parent / "data/flows"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_directory(FLOWS)


def test_a_bundle_is_found_by_another_process(bundle: Bundle, tmp_path: Path) -> None:
    Shelf(tmp_path).put(bundle)
    found = Shelf(tmp_path).find(bundle.hash)
    assert found is not None
    assert found.hash == bundle.hash
    assert found == bundle


@pytest.mark.parametrize("flows", [FLOWS, *(path.parent for path in GOOD.glob("*/hotline.yaml"))])
def test_what_is_read_back_is_what_was_written(flows: Path) -> None:
    files, _ = read_directory(flows)
    made, _ = check_files(flows, files)
    if made is not None:
        again = read_bundle(made.content)
        assert (again, again.hash) == (made, made.hash)
        assert read_bundle(again.content).content == made.content


def test_anybody_can_verify_a_bundle(bundle: Bundle, tmp_path: Path) -> None:
    files, _ = read_directory(FLOWS)
    kept = Shelf(tmp_path).put(bundle, files)
    content = (kept / "bundle.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == bundle.hash == kept.name
    assert (kept / "flows/tax.yaml").read_bytes() == (FLOWS / "tax.yaml").read_bytes()


def test_nobody_may_write_to_it(bundle: Bundle, tmp_path: Path) -> None:
    files, _ = read_directory(FLOWS)
    kept = Shelf(tmp_path).put(bundle, files)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in kept.rglob("*") if path.is_file()}
    assert modes == {0o440}


def test_a_bundle_keeps_the_holidays_that_it_was_made_with(tmp_path: Path) -> None:
    """An engine that knows other holidays by now decides a kept call as the first one did."""
    known = compile_holidays()
    fewer = known.model_copy(update={"years": known.years[:-1]})
    bundle = load_directory(FLOWS, holidays=fewer)
    Shelf(tmp_path).put(bundle)
    found = Shelf(tmp_path).find(bundle.hash)
    assert found is not None
    assert found.holidays == fewer != known
    assert bundle.hash != load_directory(FLOWS).hash


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(path.read_bytes().replace(b"Terima", b"TERIMA")), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.unlink(), "not here"),
    ],
    ids=["changed", "cut", "empty", "gone"],
)
def test_a_spoilt_bundle_is_refused_and_made_anew(
    bundle: Bundle, tmp_path: Path, spoil: object, told: str
) -> None:
    kept = Shelf(tmp_path).put(bundle) / "bundle.json"
    kept.chmod(0o640)
    assert callable(spoil)
    spoil(kept)
    assert Shelf(tmp_path).find(bundle.hash) is None
    with pytest.raises(SetupError, match=told):
        Shelf(tmp_path).load(bundle.hash)
    Shelf(tmp_path).put(bundle)
    assert Shelf(tmp_path).load(bundle.hash) == bundle


@pytest.mark.parametrize("name", ["", "..", "0" * 64, "history"])
def test_a_bundle_that_was_never_kept_is_not_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "bundle.json").write_bytes(b"{}")
    assert Shelf(tmp_path).find(name) is None


def test_a_bundle_of_a_later_release_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    content = bundle.content.replace(b'"timezone"', b'"time_zone"')
    hash_ = hashlib.sha256(content).hexdigest()
    (tmp_path / hash_).mkdir()
    (tmp_path / hash_ / "bundle.json").write_bytes(content)
    with pytest.raises(SetupError, match="another release"):
        Shelf(tmp_path).load(hash_)


def test_drafts_of_killed_makers_go_and_those_of_others_stay(
    bundle: Bundle, tmp_path: Path
) -> None:
    old, new = tmp_path / ".draft-old", tmp_path / ".draft-new"
    old.mkdir()
    new.mkdir()
    os.utime(old, (0, time.time() - 7200))
    Shelf(tmp_path).put(bundle)
    assert (old.exists(), new.exists()) == (False, True)
    assert Shelf(tmp_path).list_hashes() == [bundle.hash]


def test_few_bundles_are_kept_in_memory(bundle: Bundle, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(bundle)
    first = shelf.load(bundle.hash)
    files, _ = read_directory(FLOWS)
    for n in range(REMEMBERED):
        text = files["hotline.yaml"].replace(b"call: 15m", b"call: %dm" % (20 + n))
        other, _ = check_files(FLOWS, {**files, "hotline.yaml": text})
        assert other is not None
        shelf.put(other)
    assert shelf.load(bundle.hash) is not first


def test_only_what_was_loaded_is_copied(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(FLOWS, flows)
    (flows / "loop").symlink_to(flows)
    (flows / ".#tax.yaml").symlink_to("nowhere")
    os.mkfifo(flows / "pipe")
    bundle = load_directory(flows)
    kept = Shelf(tmp_path / "shelf").put(bundle, read_directory(flows)[0])
    names = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
    assert "flows/tax.yaml" in names
    assert all(name.endswith(".yaml") for name in names - {"bundle.json"})
    assert Shelf(tmp_path / "shelf").find(bundle.hash) is not None

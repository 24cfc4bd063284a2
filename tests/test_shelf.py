"""Old bundles for calls in progress."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ivr.flow.loader import load_directory
from ivr.flow.national import compile_holidays
from ivr.shelf import Shelf

FLOWS = Path(__file__).parent.parent / "flows"


def test_a_bundle_is_found_by_another_process(tmp_path: Path) -> None:
    bundle = load_directory(FLOWS)
    Shelf(tmp_path).put(bundle, FLOWS)
    found = Shelf(tmp_path).find(bundle.hash)
    assert found is not None
    assert found.hash == bundle.hash
    assert found.texts == bundle.texts


def test_a_bundle_keeps_the_holidays_that_it_was_made_with(tmp_path: Path) -> None:
    """An engine that knows other holidays by now decides a kept call as the first one did."""
    known = compile_holidays()
    fewer = known.model_copy(update={"years": known.years[:-1]})
    bundle = load_directory(FLOWS, holidays=fewer)
    Shelf(tmp_path).put(bundle, FLOWS)
    found = Shelf(tmp_path).find(bundle.hash)
    assert found is not None
    assert found.holidays == fewer != known
    assert bundle.hash != load_directory(FLOWS).hash


def test_a_bundle_whose_holidays_are_spoilt_is_not_used(tmp_path: Path) -> None:
    bundle = load_directory(FLOWS)
    Shelf(tmp_path).put(bundle, FLOWS)
    (tmp_path / bundle.hash / ".holidays.json").write_text("{")
    assert Shelf(tmp_path).find(bundle.hash) is None


def test_a_bundle_that_was_never_kept_is_not_found(tmp_path: Path) -> None:
    assert Shelf(tmp_path).find("0" * 64) is None


def test_a_copy_that_says_something_else_is_not_used(tmp_path: Path) -> None:
    bundle = load_directory(FLOWS)
    Shelf(tmp_path).put(bundle, FLOWS)
    goodbye = tmp_path / bundle.hash / "shared" / "goodbye.yaml"
    goodbye.write_text(goodbye.read_text().replace("Terima kasih", "Sampai jumpa"))
    assert Shelf(tmp_path).find(bundle.hash) is None


def test_what_an_interrupted_copy_left_is_made_anew(tmp_path: Path) -> None:
    bundle = load_directory(FLOWS)
    (tmp_path / f"{bundle.hash}.new").mkdir()
    Shelf(tmp_path).put(bundle, FLOWS)
    assert Shelf(tmp_path).find(bundle.hash) is not None
    shutil.rmtree(tmp_path / bundle.hash)
    assert Shelf(tmp_path).find(bundle.hash) is None


def test_only_what_was_loaded_is_copied(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    shutil.copytree(FLOWS, flows)
    (flows / "loop").symlink_to(flows)
    (flows / ".#tax.yaml").symlink_to("nowhere")
    os.mkfifo(flows / "pipe")
    bundle = load_directory(flows)
    Shelf(tmp_path / "shelf").put(bundle, flows)
    kept = tmp_path / "shelf" / bundle.hash
    names = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
    assert "tax.yaml" in names
    assert all(name.endswith(".yaml") for name in names - {".holidays.json"})
    assert Shelf(tmp_path / "shelf").find(bundle.hash) is not None

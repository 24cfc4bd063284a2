"""`serving.json`: what the supervisor tells its engines to serve; it is whole or not there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ivr.store.disk import sync_file

Reason = Literal["published", "rolled_back", "directory", "fallback"]
"""Why a bundle is served: by its publication, by a rollback, as the directory that is watched, or
because the one that is in force cannot be read."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The hash of the bundle for new calls, and why.

    `draft` is the hash of the working directory for the test number, None when it has faults or
    nobody asked for it; `faults` is how many it has.
    """

    bundle: str
    reason: Reason
    draft: str | None = None
    faults: int = 0


_SERVING: TypeAdapter[Serving] = TypeAdapter(Serving)


def read_serving(path: Path) -> Serving | None:
    """What is to be served, None when nobody said so."""
    try:
        return _SERVING.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_serving(path: Path, serving: Serving) -> None:
    """Tell the engines. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(_SERVING.dump_json(serving) + b"\n")
    sync_file(draft)
    os.replace(draft, path)

"""Publishes the flows of a place, for tests that kill it on the way: `python -m … PLACE`."""

from __future__ import annotations

import sys
from pathlib import Path

from ivr.config import Settings
from ivr.operations.clock import now
from ivr.releases.publishing import Order, publish


def main() -> None:
    place = Path(sys.argv[1])
    settings = Settings(flows=place / "flows").at(place / "state")
    order = Order(settings.flows, "joko")
    done = publish(settings, order, now, render=lambda settings, bundle, progress, *, deep: None)
    sys.stdout.write(f"{done.bundle.hash}\n")


if __name__ == "__main__":
    main()

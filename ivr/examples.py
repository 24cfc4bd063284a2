"""What sources answer without a network: light to import, for commands that shall begin at once."""

from __future__ import annotations

from ivr.flow.bundle import Bundle
from ivr.flow.sources import TableSource
from ivr.services.tables import Tables
from ivr.simulator.answers import FixedAnswers


def answer_from_examples(bundle: Bundle) -> FixedAnswers:
    """Sources without a network: tables as they are, the others by their examples."""
    written = {
        name: source.examples
        for name, source in bundle.sources.items()
        if not isinstance(source, TableSource)
    }
    return FixedAnswers(bundle, written, Tables(bundle))

"""How much of a directory is translated, by language and flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.flow.acceptance import BUILT_IN, Accepted, list_pairs, list_stale
from ivr.flow.assembly import Examined
from ivr.flow.translation import list_entries


@dataclass(frozen=True, slots=True)
class Coverage:
    """The ids of the texts of a flow or of all: those to translate, and what is wrong with them."""

    ids: Sequence[str]
    missing: Sequence[str]
    stale: Sequence[str]

    @property
    def percent(self) -> int:
        """How many of a hundred texts are translated from what stands there now, rounded down."""
        good = len(self.ids) - len(self.missing) - len(self.stale)
        return 100 * good // len(self.ids) if self.ids else 100

    def part(self, flow: str) -> Coverage:
        """The coverage of one flow."""
        mine = ([id_ for id_ in ids if flow_of(id_) == flow] for ids in self._all())
        return Coverage(*mine)

    def flows(self) -> list[str]:
        """The flows that have texts, and `hotline`, `sources`, `calendars`, in their order."""
        return list(dict.fromkeys(map(flow_of, self.ids)))

    def to_plain(self) -> dict[str, int]:
        """The figures as JSON-ready data."""
        texts, missing, stale = map(len, self._all())
        return {"texts": texts, "missing": missing, "stale": stale, "percent": self.percent}

    def _all(self) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        return self.ids, self.missing, self.stale


def flow_of(id_: str) -> str:
    """The flow of a text, or the file that it belongs to."""
    return id_.partition(".")[0]


def measure(examined: Examined, accepted: Mapping[str, Accepted]) -> dict[str, Coverage]:
    """The coverage of each language but the default one; built-in names do not count."""
    plan, written = examined.plan, examined.translation.written
    default, *others = plan.hotline.languages
    ids = [
        entry.id
        for _, entry in list_entries(plan)
        if entry.language is None and not entry.id.startswith(BUILT_IN)
    ]
    measured: dict[str, Coverage] = {}
    for language in others:
        missing = [id_ for id_ in ids if language not in written.get(id_, {})]
        pairs = list_pairs(written, default, language)
        stale = set(list_stale(pairs, accepted.get(language, {})))
        measured[language] = Coverage(ids, missing, [id_ for id_ in ids if id_ in stale])
    return measured

"""What an engine serves: one edition for new calls, one for the test number.

A call keeps the edition that it began with. One that another engine led is found by its bundle's
hash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ivr.config import Settings
from ivr.flow.bundle import Bundle
from ivr.ports import Notifier, Source
from ivr.releases.serving import Serving
from ivr.services.tables import Tables
from ivr.shelf import Shelf
from ivr.sounds import open_library
from ivr.speech.library import PromptLibrary


class Outside(Protocol):
    """Makes what a bundle asks and tells, see `ivr.lookups.Outside`."""

    def source(self, bundle: Bundle) -> Source:
        """Who answers the lookups of a bundle."""

    def notifier(self, bundle: Bundle) -> Notifier | None:
        """Who sends its messages, None: each fails."""


class TablesAlone:
    """The tables of a bundle and no network. `fixed` answers all lookups instead."""

    def __init__(self, fixed: Source | None = None) -> None:
        self._fixed = fixed

    def source(self, bundle: Bundle) -> Source:
        """See `Outside`."""
        return self._fixed or Tables(bundle)

    def notifier(self, bundle: Bundle) -> None:
        """See `Outside`."""


@dataclass(frozen=True)
class Edition:
    """A bundle, its sounds, who answers its lookups, and who sends its messages."""

    bundle: Bundle
    library: PromptLibrary
    source: Source
    notifier: Notifier | None


class Editions:
    """`current` is for new calls. `draft` is for the test number, None: the flow directory has
    `faults`, or nobody reads it. `stock` opens a library that knows the present voices and
    recordings.
    """

    def __init__(
        self,
        settings: Settings,
        bundle: Bundle,
        library: PromptLibrary,
        outside: Outside | None = None,
        stock: Callable[[Settings], PromptLibrary] = open_library,
    ) -> None:
        self._settings = settings
        self._outside = outside or TablesAlone()
        self._stock = stock
        self._shelf = Shelf(settings.shelf)
        self._shelf.put(bundle)
        self.current = self._edit(bundle, library)
        self.draft: Edition | None = None
        self.faults = 0

    def reach(self, bundle: Bundle) -> tuple[Source, Notifier | None]:
        """Who answers the lookups of an older call's bundle, and who sends its messages."""
        return self._outside.source(bundle), self._outside.notifier(bundle)

    def find(self, hash_: str) -> Bundle | None:
        """The bundle of a call that another engine led, None when it is gone."""
        return self._shelf.find(hash_)

    def open(self, serving: Serving) -> Callable[[], None]:
        """Read what is to be served; what this returns puts it in force. Blocks.

        Raises SetupError for a bundle that is gone or damaged, SpeechError for voices with a fault.
        """
        current = self._open(serving.bundle)
        draft = self._open(serving.draft) if serving.draft else None

        def take() -> None:
            self.current, self.draft, self.faults = current, draft, serving.faults

        return take

    def _open(self, hash_: str) -> Edition:
        for known in (self.current, self.draft):
            if known is not None and known.bundle.hash == hash_:
                return known
        # Studio recordings may have come with it, which an older library does not know.
        return self._edit(self._shelf.load(hash_), self._stock(self._settings))

    def _edit(self, bundle: Bundle, library: PromptLibrary) -> Edition:
        return Edition(bundle, library, *self.reach(bundle))

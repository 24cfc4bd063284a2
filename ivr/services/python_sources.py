"""The sources that are Python functions of installed packages: an adapter of the Source port.

A package names its functions in the entry point group `satu_pintu.sources`. Each is an `async def`
that takes the arguments and the key of the act, and returns a mapping, or None for no such entry.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import TypeAlias

from ivr.engine.answers import AnswerFault, make_found, make_not_found
from ivr.engine.outcomes import Failed, Found, NotFound
from ivr.engine.values import Scalar
from ivr.errors import SetupError
from ivr.flow.sources import AnySource, PythonSource

GROUP = "satu_pintu.sources"

_log = logging.getLogger(__name__)

Function: TypeAlias = Callable[[Mapping[str, Scalar], str], Awaitable[Mapping[str, object] | None]]
"""`async def find(arguments, key)`: what a source of this kind is."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The functions that could be loaded, by their name, and why the others could not."""

    usable: Mapping[str, Function]
    errors: Sequence[SetupError]


def load_functions(names: Sequence[str], path: Sequence[str] | None = None) -> Loaded:
    """The functions behind these names. `path` is where packages are; None: where Python looks.

    An error is about a name that no package has, or whose module cannot be imported.
    """
    if not names:
        return Loaded({}, ())
    found = metadata.distributions() if path is None else metadata.distributions(path=list(path))
    entries = {
        entry.name: entry for one in found for entry in one.entry_points if entry.group == GROUP
    }
    usable, errors = {}, []
    for name in names:
        try:
            usable[name] = _load(name, entries.get(name))
        except SetupError as error:
            errors.append(error)
    return Loaded(usable, errors)


def _load(name: str, entry: metadata.EntryPoint | None) -> Function:
    place = f"entry point {name} of the group {GROUP}"
    if entry is None:
        raise SetupError(
            "no installed package has this source of sources.yaml",
            place=place,
            remedy="Install the package that names it in its pyproject.toml.",
        )
    try:
        function: Function = entry.load()
    except Exception as error:  # whatever a foreign module raises when it is imported
        raise SetupError(
            f"the function {entry.value} cannot be imported ({type(error).__name__})",
            place=place,
            remedy=f"Try it: python -c 'import {entry.module}'",
        ) from error
    if not callable(function):
        raise SetupError(f"{entry.value} is no function", place=place)
    return function


class PythonSources:
    """Calls the functions that `sources` names; those that are missing fail with `no_entry`."""

    def __init__(self, sources: Mapping[str, AnySource], functions: Mapping[str, Function]) -> None:
        self._sources = sources
        self._functions = functions

    async def fetch(
        self, source: str, arguments: Mapping[str, Scalar], key: str
    ) -> Found | NotFound | Failed:
        """Call the function, within the time that the source declares."""
        declared = self._sources.get(source)
        if not isinstance(declared, PythonSource):
            return Failed("unknown_source")
        function = self._functions.get(declared.entry)
        if function is None:
            return Failed("no_entry")
        try:
            async with asyncio.timeout(declared.timeout / 1000):
                said = await function(arguments, key)
            return make_not_found() if said is None else make_found(declared.fields, dict(said))
        except TimeoutError:
            return Failed("timeout")
        except AnswerFault as fault:
            return Failed(fault.reason)
        except Exception as error:  # a foreign function must not end the call
            _log.warning("the source %s raised %s", source, type(error).__name__)
            return Failed("broken")

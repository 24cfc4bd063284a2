"""Who stands before a web service: its circuit breaker, and what is counted of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ivr.engine.answers import AnswerFault
from ivr.services.breaker import Breaker

DOWN = frozenset(
    {"timeout", "dns", "connection", "tls", "redirect", "server_error", "too_big", "bad_json"}
)
"""Reasons that speak against the service. One caller's odd number does not."""

NOT_ASKED = frozenset({"bad_argument", "no_secret", "host_not_allowed"})
"""Reasons for which the service was never asked."""


class Guard:
    """The breakers of an engine. `now` gives seconds; `told` hears who is given a pause.

    A name has one for each address: a draft that is dialled with a wrong address must not take the
    service away from the calls of others.
    """

    def __init__(
        self,
        now: Callable[[], float],
        told: Callable[[str, bool], None] = lambda name, paused: None,
    ) -> None:
        self._now = now
        self._told = told
        self._breakers: dict[tuple[str, str], Breaker] = {}

    @contextmanager
    def passing(self, name: str, address: str) -> Iterator[None]:
        """The time of one question. Raises AnswerFault `paused` when it must not be asked now."""
        breaker = self._breakers.setdefault((name, address), Breaker())
        if not breaker.admits(self._now()):
            raise AnswerFault("paused")
        try:
            yield
        except AnswerFault as fault:
            self._judge(breaker, fault.reason)
            raise
        except BaseException:
            breaker.let_go()
            raise
        else:
            breaker.succeed()
        finally:
            self._told(name, breaker.open)

    def _judge(self, breaker: Breaker, reason: str) -> None:
        if reason in DOWN:
            breaker.fail(self._now())
        elif reason in NOT_ASKED:
            breaker.let_go()
        else:
            breaker.succeed()

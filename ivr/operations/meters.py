"""The metrics of an engine. Labels come from closed sets; nothing in them is personal."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ivr.asterisk.fastagi.limits import Refusal, Stats

OTHER = "other"
OUTCOMES = 100
"""Outcomes that are told apart: flows name them, and a label must not grow without bound."""

QUICK = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LONG = (0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)

RECORDINGS = frozenset({"sealed", "short", "missing", "continued", "lost"})
"""States of a recording that are told apart: the second half of the type of its fact."""


class Meters:
    """Every metric by what it measures, each named as it is scraped in `docs/operations.md`."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        kept = registry or CollectorRegistry()
        self.calls = CallMeters(kept)
        self.connections = ConnectionMeters(kept)
        self.steps = StepMeters(kept)
        self.journal = JournalMeters(kept)
        self.store = StoreMeters(kept)
        self.process = ProcessMeters(kept)
        self.sources = SourceMeters(kept)


class CallMeters:
    """Calls and what became of them, by their events."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.live = _gauge(registry, "ivr_calls_live", "Calls in progress")
        self.started = Counter("ivr_calls_started", "Calls begun", registry=registry)
        self.ended = Counter("ivr_calls_ended", "Calls ended", ["outcome"], registry=registry)
        self.taken_over = Counter(
            "ivr_calls_taken_over", "Calls that an engine took up from another", registry=registry
        )
        self.turned_away = Counter(
            "ivr_calls_turned_away",
            "New calls while max_calls were live: apology, or passed on to the next engine",
            ["how"],
            registry=registry,
        )
        self.stuck = Counter(
            "ivr_calls_stuck", "Turns older than their step can last", ["step"], registry=registry
        )
        self.step_faults = Counter(
            "ivr_step_faults", "Steps that failed by a fault of ours", ["step"], registry=registry
        )
        self.recordings = Counter(
            "ivr_recordings", "Recordings by what became of them", ["state"], registry=registry
        )
        self._outcomes: set[str] = set()

    def count_event(self, event: Mapping[str, Any]) -> None:
        """Count an event of a turn that is durable."""
        match event.get("type"):
            case "call.started":
                self.started.inc()
            case "call.ended":
                self.ended.labels(self._outcome(str(event.get("outcome")))).inc()
            case "step.failed":
                self.step_faults.labels(str(event.get("step"))).inc()

    def count_fact(self, event: Mapping[str, Any]) -> None:
        """Count a fact that is durable."""
        kind = str(event.get("type"))
        if kind == "call.taken_over":
            self.taken_over.inc()
        elif kind.startswith("recording."):
            state = kind.partition(".")[2]
            self.recordings.labels(state if state in RECORDINGS else OTHER).inc()

    def _outcome(self, outcome: str) -> str:
        if len(self._outcomes) < OUTCOMES:
            self._outcomes.add(outcome)
        return outcome if outcome in self._outcomes else OTHER


class ConnectionMeters:
    """AGI connections that became no call, or whose call did not end as calls do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.refused = Counter(
            "ivr_connections_refused",
            "Connections that became no call",
            ["reason"],
            registry=registry,
        )
        self.lost = Counter("ivr_calls_lost", "Connections that broke", registry=registry)
        self.failed = Counter(
            "ivr_calls_failed", "Calls that an exception ended", registry=registry
        )


class StepMeters:
    """How long steps take, and the engine between them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "ivr_step_seconds", "Time a step took", ["step"], buckets=LONG, registry=registry
        )
        self.latency = Histogram(
            "ivr_step_latency_seconds",
            "From a step's outcome (a key) to the next step's begin",
            buckets=QUICK,
            registry=registry,
        )


class JournalMeters:
    """The journal as calls meet it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.append = Histogram(
            "ivr_journal_append_seconds", "Until durable", buckets=QUICK, registry=registry
        )
        self.waiting = _gauge(registry, "ivr_journal_waiting", "Turns and facts not durable yet")
        self.broken = Counter("ivr_journal_faults", "Appends that failed", registry=registry)


class ProcessMeters:
    """An engine's process, its readiness and its build."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lag = Histogram(
            "ivr_event_loop_lag_seconds", "Late wake-ups", buckets=QUICK, registry=registry
        )
        self.clock_steps = Counter(
            "ivr_clock_steps", "Steps of the machine's clock", registry=registry
        )
        self.ready = Gauge(
            "ivr_part_ready",
            "1: ready, 0: not, in the engine that is worst off",
            ["part"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.build = Gauge(
            "ivr_build_info",
            "Always 1",
            ["version", "bundle"],
            registry=registry,
            multiprocess_mode="livemax",
        )


class StoreMeters:
    """How the store and the spool of each process are. `process` is a name of its supervisor's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.away = _own(registry, "ivr_store_away", "1: records go into the spool")
        self.bad = _own(registry, "ivr_store_bad", "1: only a restart tries the store again")
        self.records = _own(registry, "ivr_spool_records", "Records that wait in the spool")
        self.fill = _own(registry, "ivr_spool_fill_ratio", "0: empty, 1: full or not usable")
        self.drained = _own(
            registry, "ivr_spool_drained_timestamp_seconds", "When all was in the store; 0: never"
        )
        self.unrecorded = Counter(
            "ivr_records_lost", "Neither store nor spool took it", ["process"], registry=registry
        )
        self.refused = Counter(
            "ivr_records_refused", "The store will never take it", ["process"], registry=registry
        )


class SourceMeters:
    """What lookups and messages came to. Names and results come from the flow directory's files
    and a closed set of reasons.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answers = Counter(
            "ivr_source_answers", "Lookups by result", ["source", "result"], registry=registry
        )
        self.messages = Counter(
            "ivr_webhook_messages", "Messages by result", ["webhook", "result"], registry=registry
        )
        self.paused = Gauge(
            "ivr_source_paused",
            "1: it failed again and again and is not asked for a while",
            ["name"],
            registry=registry,
            multiprocess_mode="livemax",
        )

    def count_answer(self, source: str, result: str) -> None:
        """Count an answer of a source."""
        self.answers.labels(source, result).inc()

    def count_message(self, webhook: str, result: str) -> None:
        """Count a message to a webhook."""
        self.messages.labels(webhook, result).inc()

    def set_paused(self, name: str, paused: bool) -> None:
        """Tell whether a source or webhook is given a pause."""
        self.paused.labels(name).set(paused)


class ServerCounts:
    """Turns the counts of a FastAGI server, which only grow, into metrics."""

    def __init__(self, meters: Meters) -> None:
        self.stats = Stats()
        self._meters = meters
        self._refused: Tally[Refusal] = Tally()
        self._lost = self._failed = 0

    def take(self) -> int:
        """Take the counts as they are now; returns how many calls are live."""
        stats, meters = self.stats, self._meters
        meters.calls.live.set(stats.live)
        meters.connections.lost.inc(stats.lost - self._lost)
        meters.connections.failed.inc(stats.failed - self._failed)
        self._lost, self._failed = stats.lost, stats.failed
        for reason, count in stats.refused.items():
            meters.connections.refused.labels(reason.name.lower()).inc(
                count - self._refused[reason]
            )
            self._refused[reason] = count
        return stats.live


def _gauge(registry: CollectorRegistry, name: str, told: str) -> Gauge:
    return Gauge(name, told, registry=registry, multiprocess_mode="livesum")


def _own(registry: CollectorRegistry, name: str, told: str) -> Gauge:
    """One of each process."""
    return Gauge(name, told, ["process"], registry=registry, multiprocess_mode="livemax")

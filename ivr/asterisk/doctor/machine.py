"""The machine around: who may read what, room on disks, core dumps, clock, time zone, sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.asterisk.doctor.config import read_config
from ivr.asterisk.doctor.finding import Finding, conclude

LEAST_FREE = 1 << 30
"""Bytes. An hour of one call recorded with both legs apart takes 115 MB (two legs of 16 kB/s)."""

_SECRETS = {
    "manager.conf": ("secret",),
    "pjsip.conf": ("password",),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A file or directory. `mode` are its permission bits, `above` those of each directory above.

    `mode` is None when it does not exist, -1 when this user may not look.
    """

    path: str
    mode: int | None
    owner: int = 0
    above: tuple[int, ...] = ()

    @property
    def open_to_others(self) -> bool:
        """Whether a user who is neither owner nor of the group gets there and may read or write."""
        if self.mode is None or self.mode < 0:
            return False
        return bool(self.mode & 0o007) and all(mode & 0o001 for mode in self.above)


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found on this machine. Sizes in bytes; None means that it could not be found out."""

    private: Sequence[Place] = ()
    """Directories that hold keys, numbers, voices or secrets."""
    configuration: Mapping[str, Place] = field(default_factory=dict)
    """Every configuration file by its name below the directory."""
    owners: frozenset[int] = frozenset({0})
    """Users who may own what is private: root, this one, Asterisk's."""
    free: Mapping[str, int] = field(default_factory=dict)
    """By the directory that was asked for."""
    core_limits: Mapping[str, int | None] = field(default_factory=dict)
    """By program, the most bytes of a core dump; None: unlimited."""
    swap: bool | None = None
    """Whether memory may be written to an unencrypted disk; None: unknown."""
    clock_kept: bool | None = None
    """Whether something keeps the clock right (NTP, PTP)."""
    zones: Mapping[str, bool] = field(default_factory=dict)
    """By name, whether the time zone's data are there."""
    sounds: Mapping[str, bool] = field(default_factory=dict)
    """By path without extension, whether the dialplan's last words are there."""


def check_machine(machine: Machine, files: Mapping[str, str]) -> list[Finding]:
    """Judge what was found; `files` are the configuration's texts by name."""
    return [
        *conclude("private-places", "what is private is shut to other users", _shut(machine)),
        *conclude("secret-files", "files with secrets are shut", _secrets(machine, files)),
        *conclude("disk", "there is room on the disks", _room(machine)),
        *conclude("core-limit", "no program may write its memory to a file", _cores(machine)),
        *_check_swap(machine),
        *_check_clock(machine),
        *conclude("time-zone", "the time zone's data are there", _zones(machine)),
        *conclude("last-words", "the dialplan has its last words", _sounds(machine)),
    ]


def _shut(machine: Machine) -> Iterator[Finding]:
    for place in machine.private:
        if place.open_to_others:
            sentence = f"every user of this machine may read or write here (mode {place.mode:04o})"
            remedy = f"Run: chmod o= {place.path}"
            yield Finding("private-places", "wrong", sentence, place.path, remedy)
        elif place.mode is not None and place.mode >= 0 and place.owner not in machine.owners:
            sentence = f"this belongs to user {place.owner}, who is not of this service"
            remedy = "Give it to the service's own user."
            yield Finding("private-places", "wrong", sentence, place.path, remedy)


def _secrets(machine: Machine, files: Mapping[str, str]) -> Iterator[Finding]:
    named: set[str] = set()
    for name, words in _SECRETS.items():
        for section in read_config(name, files).sections:
            named |= {
                one.place.rpartition(":")[0]
                for word in words
                for one in section.all(word)
                if one.value
            }
    for name in sorted(named):
        place = machine.configuration.get(name)
        if place is not None and place.mode is not None and place.mode & 0o007:
            sentence = f"this file holds a secret and has mode {place.mode:04o}"
            yield Finding("secret-files", "wrong", sentence, name, f"Run: chmod 0600 {place.path}")


def _room(machine: Machine) -> Iterator[Finding]:
    for directory, free in machine.free.items():
        if free < LEAST_FREE:
            sentence = f"only {free >> 20} MB are free"
            remedy = "Make room or move it: without room no call is recorded, then none is taken."
            yield Finding("disk", "wrong", sentence, directory, remedy)


def _cores(machine: Machine) -> Iterator[Finding]:
    for program, limit in machine.core_limits.items():
        if limit != 0:
            sentence = "a crash may write memory with callers' keys to a file"
            remedy = "Start it with LimitCORE=0 (systemd) or after `ulimit -c 0`."
            yield Finding("core-limit", "wrong", sentence, program, remedy)


def _check_swap(machine: Machine) -> list[Finding]:
    if machine.swap is False:
        return [Finding("swap", "right", "memory is not written to a disk: there is no swap")]
    sentence = (
        "whether there is swap is unknown"
        if machine.swap is None
        else "swap is in use: memory with callers' keys may be written to a disk"
    )
    remedy = (
        "Encrypt it with a key of each start (crypttab: swap,cipher=aes-xts-plain64) or swapoff."
    )
    return [Finding("swap", "note", sentence, "/proc/swaps", remedy)]


def _check_clock(machine: Machine) -> list[Finding]:
    if machine.clock_kept:
        return [Finding("clock", "right", "the clock is kept right")]
    unknown = machine.clock_kept is None
    sentence = (
        "whether the clock is right is unknown" if unknown else "nothing keeps the clock right"
    )
    remedy = "Run chrony or systemd-timesyncd: opening hours and the journal go by the clock."
    return [Finding("clock", "note", sentence, "", remedy)]


def _zones(machine: Machine) -> Iterator[Finding]:
    for name, there in machine.zones.items():
        if not there:
            sentence = f"the data of the time zone {name} are missing"
            yield Finding("time-zone", "wrong", sentence, "", "Install the package tzdata.")


def _sounds(machine: Machine) -> Iterator[Finding]:
    for path, there in machine.sounds.items():
        if not there:
            sentence = "this sound is missing: a caller without an engine would hear nothing"
            remedy = "Start the engine once (`ivr serve`), or point IVR_SOUNDS at its last-words."
            yield Finding("last-words", "wrong", sentence, path, remedy)

"""The key store against an Asterisk of two variables, over deaths and cuts."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ivr.asterisk.keystore import CUT, FULL, STORE, KeyStore
from ivr.engine.keys import Match
from ivr.engine.steps import Collect, Menu, Timing

TIMING = Timing(1000, 1000, 5000)
MENU = Menu((), ("1",), TIMING)
PIN = Collect((), 4, 4, "#", (), TIMING, secret=True)


class Channel:
    """The variables of a channel, expanded as Asterisk expands them."""

    def __init__(self) -> None:
        self.store = ""
        self.cut = ""

    def read(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._read(name) for name in names)

    def _read(self, name: str) -> str:
        if name == STORE:
            return self.store
        if name == CUT:
            return self.cut
        if rest := re.fullmatch(
            r"SET\(IVR_KEYS=\$\{IVR_KEYS:\$\[(\d+) - 0\$\{IVR_KEYS_CUT\}\]\}\)", name
        ):
            self.store = self.store[int(rest[1]) - int(f"0{self.cut}") :]
            return self.store
        counted = re.fullmatch(r"SET\(IVR_KEYS_CUT=(\d+)\)", name)
        assert counted, name
        self.cut = counted[1]
        return self.cut


def look(keys: KeyStore, channel: Channel) -> str:
    keys.look(channel.read((STORE, CUT)))
    return keys.waiting


def trim(keys: KeyStore, channel: Channel, times: int = 1) -> None:
    names = keys.trim()
    for _ in range(times):
        values = channel.read(names)
    keys.look(values)


def test_a_cut_is_made_once_however_often_it_is_asked_for() -> None:
    keys, channel = KeyStore(), Channel()
    channel.store = "123456"
    look(keys, channel)
    keys.use(MENU, Match("keys", 2, "12"))
    trim(keys, channel, times=3)
    assert (channel.store, keys.waiting) == ("3456", "3456")
    keys.use(MENU, Match("keys", 1, "3"))
    trim(keys, channel, times=2)
    assert (channel.store, keys.waiting) == ("456", "456")


def test_a_secret_is_cut_off_and_a_full_store_too() -> None:
    keys, channel = KeyStore(), Channel()
    channel.store = "12345"
    look(keys, channel)
    assert not keys.crowded
    keys.use(PIN, Match("digits", 4, "1234", "length"))
    assert keys.crowded
    trim(keys, channel)
    assert (channel.store, keys.crowded) == ("5", False)
    channel.store = "1" * FULL
    look(keys, channel)
    assert keys.crowded


def test_a_message_ends_at_its_finish_key_and_swallows_a_late_one() -> None:
    keys, channel = KeyStore(), Channel()
    channel.store = "5#1"
    look(keys, channel)
    keys.finish("#")
    assert keys.waiting == "1"
    keys.drop()
    channel.store += "77"
    look(keys, channel)
    keys.finish("#")
    channel.store += "#2"
    assert look(keys, channel) == "2"


def test_keys_that_were_thrown_away_stay_away_after_a_death() -> None:
    keys, channel = KeyStore(), Channel()
    channel.store = "12"
    look(keys, channel)
    keys.use(MENU, Match("keys", 1, "1"))
    durable = keys.position()
    keys.drop()
    trim(keys, channel)
    channel.store += "34"
    next_one = KeyStore()
    next_one.restore(durable)
    assert look(next_one, channel) == "34"


ACTS = st.lists(
    st.one_of(
        st.text("0123456789*", min_size=1, max_size=6).map(lambda keys: ("press", keys)),
        st.sampled_from([("use", ""), ("trim", ""), ("die", "")]),
    ),
    max_size=40,
)


@given(ACTS)
def test_no_key_is_lost_or_used_twice_whenever_the_engine_dies(acts: list[tuple[str, str]]) -> None:
    """Turns are durable when they are taken; a cut may come after them, a death at any time."""
    keys, channel = KeyStore(), Channel()
    durable, pressed, used = keys.position(), "", ""
    for act, what in acts:
        if act == "press":
            channel.store += what
            pressed += what
        elif act == "trim":
            trim(keys, channel)
        elif act == "die":
            keys = KeyStore()
            keys.restore(durable)
        elif look(keys, channel):
            used += keys.waiting[0]
            keys.use(MENU, Match("keys", 1, keys.waiting[0]))
            durable = keys.position()
        assert len(channel.store) + int(f"0{channel.cut}") == len(pressed)
        assert used + look(keys, channel) == pressed

"""Ports that are taken are noticed before Asterisk starts, and named with their option."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import ExitStack

import pytest

from ivr.asterisk.pbx.ports import Ports, check_ports, find_ports
from ivr.errors import SetupError


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_port_in_use_is_named(kind: socket.SocketKind) -> None:
    free = find_ports()
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", free.sip if kind == socket.SOCK_DGRAM else free.ami))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(SetupError, match=str(taken.getsockname()[1])) as caught:
            check_ports(free)
    assert ("--sip-port" if kind == socket.SOCK_DGRAM else "--ami-port") in caught.value.remedy
    check_ports(free)


def test_sound_ports_for_no_call() -> None:
    with pytest.raises(SetupError, match="no call"):
        check_ports(Ports(rtp_first=10000, rtp_last=10001))


def test_sound_ports_that_another_program_has() -> None:
    free = find_ports()
    odd = range(free.rtp_first + 1, free.rtp_last + 1, 2)
    with ExitStack() as stack:
        _take(stack, odd[: len(odd) // 2])
        check_ports(free)
        _take(stack, odd[len(odd) // 2 :])
        with pytest.raises(SetupError, match="100 of 100 pairs of ports for sound") as caught:
            check_ports(free)
    assert caught.value.place == f"UDP 127.0.0.1:{free.rtp_first}-{free.rtp_last}"
    assert "--rtp" in caught.value.remedy
    check_ports(free)


def _take(stack: ExitStack, ports: Iterable[int]) -> None:
    for port in ports:
        taken = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        taken.bind(("127.0.0.1", port))

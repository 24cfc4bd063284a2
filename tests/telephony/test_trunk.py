"""The trunk examples in a real Asterisk: no warning, registered, keys in every form."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ivr.asterisk.pbx.config import CONF, Settings
from ivr.asterisk.pbx.instance import (
    Instance,
    read_problems,
    run_command,
    start_instance,
    stop_instance,
)
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import Asterisk
from ivr.phone import sip
from ivr.phone.agent import Phone
from ivr.phone.call import Call
from ivr.phone.tones import key_tones
from tests.telephony.engine import Engine, find_port

pytestmark = pytest.mark.telephony

EVERY_KEY = "1234567890*#"
"""The flow `ladder` takes each as a turn of its own and ends at #."""


def configure(place: Path, *trunks: str) -> Path:
    """The shipped configuration with these examples included."""
    conf = place / "conf"
    shutil.copytree(CONF, conf)
    pjsip = conf / "pjsip.conf"
    text = pjsip.read_text()
    for trunk in trunks:
        line = f'#include "local/trunk-{trunk}.conf"'
        assert f";{line}" in text
        text = text.replace(f";{line}", line)
    pjsip.write_text(text)
    modules = conf / "modules.conf"
    if "keys-info" in trunks:
        modules.write_text(
            modules.read_text().replace(";load = res_pjsip_dtmf", "load = res_pjsip_dtmf")
        )
    return conf


@contextmanager
def running(asterisk: Asterisk, place: Path, conf: Path, engine: str) -> Iterator[Instance]:
    settings = Settings(ports=find_ports(), engines=(engine,), name=f"trunk-{place.name[-8:]}")
    yield start_instance(asterisk, place / "pbx", settings, conf=conf)
    stop_instance(place / "pbx")


Press = Callable[[Call, str], Awaitable[None]]


async def by_events(call: Call, keys: str) -> None:
    await call.press(keys)


async def by_info(call: Call, keys: str) -> None:
    await call.inform(keys)


async def by_tones(call: Call, keys: str) -> None:
    """Without the last gap: the engine hangs up after the last key."""
    await call.speak(key_tones(keys, tone_ms=80, gap_ms=80)[: -80 * 8])


async def key_ladder(
    pbx: Instance, engine: Engine, caller: str, events: int | None, press: Press
) -> str:
    async with Phone(events=events) as phone:
        call = await phone.dial("1501", port=pbx.ports.sip, caller=caller)
        await call.answered(within=10)
        await call.wait_sound()
        await press(call, EVERY_KEY)
        await call.ended(within=20)
    return (await engine.story(caller)).keys


async def test_keys_by_info_and_by_events_on_one_trunk(
    asterisk: Asterisk, engine: Engine, tmp_path: Path, caller: Callable[[], str]
) -> None:
    conf = configure(tmp_path, "keys-info")
    with running(asterisk, tmp_path, conf, engine.address) as pbx:
        first, second = await asyncio.gather(
            key_ladder(pbx, engine, caller(), None, by_info),
            key_ladder(pbx, engine, caller(), 101, by_events),
        )
        assert (first, second) == (EVERY_KEY, EVERY_KEY)
        assert read_problems(pbx) == []


async def test_keys_as_tones_and_by_events_on_one_trunk(
    asterisk: Asterisk, engine: Engine, tmp_path: Path, caller: Callable[[], str]
) -> None:
    conf = configure(tmp_path, "keys-inband")
    with running(asterisk, tmp_path, conf, engine.address) as pbx:
        first, second = await asyncio.gather(
            key_ladder(pbx, engine, caller(), None, by_tones),
            key_ladder(pbx, engine, caller(), 101, by_events),
        )
        assert (first, second) == (EVERY_KEY, EVERY_KEY)
        assert read_problems(pbx) == []


async def test_tones_are_no_keys_on_a_trunk_with_events(
    engine: Engine, pbx: Instance, caller: Callable[[], str]
) -> None:
    """The default listens to RFC 4733 alone: a voice that sounds like a key presses none."""
    number = caller()
    async with Phone() as phone:
        call = await phone.dial("1501", port=pbx.ports.sip, caller=number)
        await call.answered(within=10)
        await call.wait_sound()
        await call.speak(key_tones("12"))
        await call.press("3#")
        await call.ended(within=20)
    assert (await engine.story(number)).keys == "3#"


class Provider:
    """Answers REGISTER and OPTIONS over TLS."""

    def __init__(self) -> None:
        self.registered = asyncio.Event()
        self.asked = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = sip.parse(await reader.readuntil(b"\r\n\r\n"))
                if isinstance(request, sip.Request):
                    writer.write(self.answer(request).encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, request: sip.Request) -> sip.Response:
        (self.registered if request.method == "REGISTER" else self.asked).set()
        contact = f"{request.get('contact')};expires=600"
        return sip.reply(request, 200, "OK", tag="provider", more=(("contact", contact),))


def certify(place: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    crt, pem = place / "server.crt", place / "server.key"
    crt.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return crt, pem


async def test_registration_over_tls_behind_a_translator(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    crt, pem = certify(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, pem)
    provider = Provider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=context)
    conf = configure(tmp_path, "tls", "nat")
    file = conf / "local" / "trunk-tls.conf"
    text = file.read_text()
    for old, new in {
        "0.0.0.0:5061": f"127.0.0.1:{find_port()}",
        "192.0.2.10:5061": f"127.0.0.1:{server.sockets[0].getsockname()[1]}",
        "/etc/asterisk/keys/server.crt": str(crt),
        "/etc/asterisk/keys/server.key": str(pem),
        "/etc/ssl/certs/ca-certificates.crt": str(crt),
        # The first question comes at a random moment of the first interval.
        "qualify_frequency = 60": "qualify_frequency = 2",
        "password =": "password = invented-for-this-test",
    }.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    async with server:
        settings = Settings(ports=find_ports(), name="trunk-tls")
        pbx = await asyncio.to_thread(
            start_instance, asterisk, tmp_path / "pbx", settings, conf=conf
        )
        try:
            async with asyncio.timeout(20):
                await provider.registered.wait()
                await provider.asked.wait()
                while True:
                    said = await asyncio.to_thread(run_command, pbx, "pjsip show registrations")
                    if "Registered" in said:
                        break
                    await asyncio.sleep(0.1)
            endpoint = await asyncio.to_thread(run_command, pbx, "pjsip show endpoint trunk")
            assert read_problems(pbx) == []
        finally:
            await asyncio.to_thread(stop_instance, tmp_path / "pbx")
    for line in ("media_encryption *: sdes", "rtp_symmetric *: true", "dtmf_mode *: rfc4733"):
        assert re.search(line, endpoint), line

"""The trunk example with TLS and SRTP: registered at a provider, called through one."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ivr.asterisk.pbx.config import Settings
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
from tests.telephony.engine import Engine, find_port
from tests.telephony.test_trunk import EVERY_KEY, by_events, configure, key_ladder, running

pytestmark = pytest.mark.telephony


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


def secure(conf: Path, crt: Path, pem: Path, *, provider: int, own: int) -> None:
    """The example with TLS, for a provider on this machine; the numbers are ports."""
    file = conf / "local" / "trunk-tls.conf"
    text = file.read_text()
    for old, new in {
        "0.0.0.0:5061": f"127.0.0.1:{own}",
        "192.0.2.10:5061": f"127.0.0.1:{provider}",
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


async def registered(pbx: Instance) -> None:
    """Wait until the provider has taken the registration."""
    async with asyncio.timeout(20):
        while True:
            said = await asyncio.to_thread(run_command, pbx, "pjsip show registrations")
            if "Registered" in said:
                return
            await asyncio.sleep(0.1)


def problems(pbx: Instance) -> list[str]:
    """What its log complains of, but for the order in which Asterisk loads its own modules: a
    registration may be on its way before the last of them."""
    order = 'Module "mod-invite" registered during operation'
    return [line for line in read_problems(pbx) if order not in line]


async def test_registration_over_tls_behind_a_translator(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    crt, pem = certify(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, pem)
    provider = Provider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    conf = configure(tmp_path, "tls", "nat")
    secure(conf, crt, pem, provider=port, own=find_port())
    async with server:
        settings = Settings(ports=find_ports(), name="trunk-tls")
        pbx = await asyncio.to_thread(
            start_instance, asterisk, tmp_path / "pbx", settings, conf=conf
        )
        try:
            async with asyncio.timeout(20):
                await provider.registered.wait()
                await provider.asked.wait()
                await registered(pbx)
            endpoint = await asyncio.to_thread(run_command, pbx, "pjsip show endpoint trunk")
            assert problems(pbx) == []
        finally:
            await asyncio.to_thread(stop_instance, tmp_path / "pbx")
    for line in ("media_encryption *: sdes", "rtp_symmetric *: true", "dtmf_mode *: rfc4733"):
        assert re.search(line, endpoint), line


def configure_provider(place: Path, crt: Path, pem: Path, *, tls: int, hotline: int) -> Path:
    """Another Asterisk as the provider: it takes the registration, and passes on what a telephone
    dials over TLS and SRTP. The numbers are ports.
    """
    place.mkdir()
    conf = configure(place)
    with (conf / "pjsip.conf").open("a") as pjsip:
        pjsip.write(f"""
[tls]
type = transport
protocol = tls
bind = 127.0.0.1:{tls}
method = tlsv1_2
cert_file = {crt}
priv_key_file = {pem}

[622150001500]
type = aor
max_contacts = 1

[trunk](+)
aors = 622150001500
identify_by = ip,username

[hotline]
type = endpoint
context = nobody
transport = tls
disallow = all
allow = alaw
direct_media = no
media_encryption = sdes
""")
    with (conf / "modules.conf").open("a") as modules:
        modules.write("load = res_pjsip_registrar.so\n")
    uri = f"sip:${{EXTEN}}@127.0.0.1:{hotline}\\;transport=tls"
    (conf / "extensions.conf").write_text(
        f"[hotline]\nexten = _X!,1,Dial(PJSIP/hotline/{uri})\n same = n,Hangup()\n"
    )
    return conf


async def test_a_call_over_tls_and_srtp(
    asterisk: Asterisk, engine: Engine, tmp_path: Path, caller: Callable[[], str]
) -> None:
    """From a telephone through a provider; a call in clear is refused."""
    crt, pem = certify(tmp_path)
    there, here = find_port(), find_port()
    conf = configure(tmp_path, "tls")
    secure(conf, crt, pem, provider=there, own=here)
    place = tmp_path.parent / "provider"  # a socket has no room for a longer path
    with (
        running(
            asterisk,
            place,
            configure_provider(place, crt, pem, tls=there, hotline=here),
            engine.address,
        ) as provider,
        running(asterisk, tmp_path, conf, engine.address) as pbx,
    ):
        await registered(pbx)
        assert await key_ladder(provider, engine, caller(), 101, by_events) == EVERY_KEY
        assert problems(provider) == problems(pbx) == []
        async with Phone() as phone:
            call = await phone.dial("1501", port=pbx.ports.sip, caller=caller())
            assert (await call.ended(within=10)).status == 488

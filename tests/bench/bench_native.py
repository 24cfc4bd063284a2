"""Whole telephone calls with our engine and with Asterisk's own dialplan: run it by `python -m`.

Real SIP calls by `ivr.phone` to one Asterisk. In each the caller hears a short prompt, presses a
key when it is over, and hears the prompt again. Two servers take turns:
  engine   ours: every turn durable before it is acted upon, encrypted, hashed; a key that comes at
           any time counts
  native   a dialplan written for this bench: `Read` in a loop; no journal, and a key between two
           applications is lost
Both record the call by the same MixMonitor, three files each, and play the same sound: a marker
tone, the only thing in it that can be heard. (The engine's file has silence behind it, as every
prompt that asks for a key.)

Printed:
  key → sound   from the last packet of the key to the arrival of the first audible packet of the
                next prompt, which is the onset of the marker, both at the telephone
  CPU a call    user and system time of Asterisk and of the engine (all its processes) in a run by
                its calls
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from ivr.asterisk.pbx.config import CONF
from ivr.asterisk.pbx.config import Settings as PbxSettings
from ivr.asterisk.pbx.instance import Instance, start_instance, stop_instance
from ivr.asterisk.pbx.ports import find_ports
from ivr.asterisk.pbx.prefix import install_asterisk
from ivr.speech import audio
from ivr.speech.cache import BYTES_PER_MS
from tests.bench.bench_calls import Server, find_sound, our_engine, run
from tests.telephony.conftest import HOME

NATIVE = """
[hotline](+)
exten = 1599,1,Answer()
 same = n,Set(AT={recordings}/${{UNIQUEID}})
 same = n,MixMonitor(${{AT}}.wav,r(${{AT}}-in.wav)t(${{AT}}-out.wav))
 same = n(again),Read(KEY,{sound},1,,1,20)
 same = n,GotoIf($["${{KEY}}" = "1"]?again)
 same = n,Hangup()
"""


MARKER_MS, MARKER_HZ = 200, 1000


def write_conf(directory: Path, sound: Path) -> Path:
    """The configuration as it is shipped, with the dialplan of this bench at the end."""
    shutil.copytree(CONF, directory)
    recordings = directory / "recordings"
    recordings.mkdir()
    with (directory / "extensions.conf").open("a") as extensions:
        extensions.write(NATIVE.format(recordings=recordings, sound=sound))
    with (directory / "modules.conf").open("a") as modules:
        modules.write("load = app_read.so\n")
    return directory


def put_marker(sound: Path) -> None:
    """Replace a sound by a tone and silence, of the same length."""
    begin = audio.beep(MARKER_MS, MARKER_HZ, audio.WIDE)
    length = sound.with_name(f"{sound.name}.sln16").stat().st_size // BYTES_PER_MS["sln16"]
    rest = audio.silence(length - MARKER_MS, audio.WIDE)
    marked = audio.Pcm(np.concatenate([begin.samples, rest.samples]), audio.WIDE)
    for name, data in audio.encode(marked).items():
        sound.with_name(f"{sound.name}.{name}").write_bytes(data)


@contextmanager
def bench_pbx(directory: Path, conf: Path) -> Iterator[Instance]:
    settings = PbxSettings(ports=find_ports(), name="bench")
    yield start_instance(install_asterisk(HOME), directory, settings, conf=conf)
    stop_instance(directory)


def measure(calls: int, keys: int, rounds: int, pause: float) -> None:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
        engine = stack.enter_context(our_engine(home / "engine"))
        sound = find_sound(engine, "1507")
        put_marker(sound)
        put_marker(find_sound(engine, "1507", tail=True))
        conf = write_conf(home / "conf", sound)
        pbx = stack.enter_context(bench_pbx(home / "pbx", conf))
        ours = Server("engine", "1506", engine.address, engine.pid, "#")
        native = Server("native", "1599", engine.address, None, "9")
        for turn in range(rounds):
            for server in (ours, native) if turn % 2 == 0 else (native, ours):
                asyncio.run(run(server, pbx, calls, keys, pause))
        engine.check_store()
        recorded = len(list((home / "conf" / "recordings").iterdir()))
        assert recorded == 3 * native.calls
    print(f"{rounds} alternating runs of {calls} calls at once, {keys + 1} keys in each, "
          f"{pause:g} s before each")  # fmt: skip
    report(ours, native)


def report(ours: Server, native: Server) -> None:
    print(f"{'':>8}{'key → sound, ms':>24}{'':>8}{'CPU a call, ms':>24}")
    print(f"{'':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'keys':>8}{'engine':>12}{'Asterisk':>12}")
    for one in (ours, native):
        marks = "".join(f"{mark(one, part):8.1f}" for part in (0.5, 0.95, 0.99))
        costs = "".join(f"{1000 * cost / one.calls:12.1f}" for cost in (one.cpu, one.pbx_cpu))
        print(f"{one.name:>8}{marks}{len(one.waits):8}{costs}")
    late = [mark(ours, part) - mark(native, part) for part in (0.5, 0.95)]
    cost = (ours.cpu + ours.pbx_cpu) / ours.calls / (native.pbx_cpu / native.calls)
    print(f"engine to native: {late[0]:+.1f} ms (p50), {late[1]:+.1f} ms (p95), {cost:.2f} CPU")


def mark(server: Server, part: float) -> float:
    """Milliseconds within which this part of the sounds came."""
    return 1000 * sorted(server.waits)[int(len(server.waits) * part)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20, help="at once")
    parser.add_argument("--keys", type=int, default=15, help="in each call, before the last one")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument(
        "--pause", type=float, default=0.0, help="seconds before each key; a caller takes some"
    )
    chosen = parser.parse_args()
    measure(chosen.calls, chosen.keys, chosen.rounds, chosen.pause)


if __name__ == "__main__":
    main()

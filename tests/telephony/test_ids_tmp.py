import asyncio, time
from pathlib import Path
import pytest
from ivr.asterisk.pbx.instance import Instance, point_at
from ivr.phone.agent import Phone

pytestmark = pytest.mark.telephony


async def test_ids(pbx: Instance, tmp_path: Path) -> None:
    ids = []
    out = []
    done = asyncio.Event()

    async def engine(reader, writer):
        while (await reader.readline()).strip():
            pass

        async def cmd(c):
            writer.write(c.encode() + b"\n")
            return (await reader.readline()).decode().strip()

        await cmd("ANSWER")
        for n in range(30):
            p = tmp_path / f"c{n}"
            await cmd(f'EXEC MixMonitor "{p}.wav,r({p}.in.wav)t({p}.out.wav)i(IVR_MIX)"')
            r = await cmd("GET VARIABLE IVR_MIX")
            ids.append(r)
            out.append(await cmd("EXEC STREAMFILE silence/1") if False else "")
            await cmd("WAIT FOR DIGIT %d" % (300 if n % 2 else 30))
            r = await cmd("EXEC StopMixMonitor")
            await cmd("WAIT FOR DIGIT %d" % (30 if n < 10 else 600 if n < 20 else 1))
        await cmd("SET VARIABLE IVR_DONE finished")
        writer.close()
        done.set()

    server = await asyncio.start_server(engine, "127.0.0.1", 0)
    async with server, Phone() as phone:
        await asyncio.to_thread(
            point_at, pbx, f"agi://127.0.0.1:{server.sockets[0].getsockname()[1]}/call"
        )
        call = await phone.dial("1500", port=pbx.ports.sip)
        await call.answered()
        await done.wait()
        await call.ended(within=3)
    print(len(ids), len(set(ids)))
    print("\n".join(ids))

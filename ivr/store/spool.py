"""The spool: a file that has its room already, where records wait while the store is away.

Every record is sealed under a key of this use of the file and flushed to the disk before anybody is
told. When all of them are in the store, the key is destroyed and the file is used anew. It does not
know what a record means.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from ivr.audit.vault import DataKey, Vault
from ivr.errors import JournalBroken
from ivr.store.disk import fill, sync_directory, write_at
from ivr.store.frames import (
    BEGIN,
    FRAME_HEAD,
    SLOT,
    Head,
    decode_head,
    encode_frame,
    encode_head,
    read_frames,
)
from ivr.store.lock import Lock

_log = logging.getLogger(__name__)

SIZE = 64 << 20
"""Bytes of a spool file: about twenty thousand turns."""

FILE, REFUSED = "records.spool", "refused-"
"""A spool, and how the name of a file begins that keeps what the store refuses."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    body: bytes
    number: int
    at: int
    future: asyncio.Future[int]


class Spool:
    """A spool file in `directory`, `size` bytes, all of them taken from the disk at the opening.

    A spool that could not write or flush is bad for good: nothing more goes in, what was
    acknowledged can still be read. One process has it at a time.
    """

    def __init__(self, directory: Path, *, size: int = SIZE) -> None:
        self._directory = directory
        self._path = directory / FILE
        self._size = max(size, BEGIN + SLOT)
        self._lock = Lock(directory / f"{FILE}.lock")
        self._descriptor = -1
        self._vault: Vault
        self._head: Head
        self._key: DataKey
        self._durable: deque[tuple[int, int, int]] = deque()
        self._queue: list[_Waiting] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._next, self._end, self._check = 0, BEGIN, 0
        self.fault = ""

    def open(self, vault: Vault) -> None:
        """Take the file, or make it. Blocks: it writes the whole of a new file.

        Raises JournalLocked when another process has it, JournalBroken when there is no room, the
        disk says no, or what is inside was sealed under another master key.
        """
        self._lock.take()
        self._vault = vault
        try:
            self._open_file()
            self._read()
        except OSError as error:
            self.close()
            raise self._broken(error) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process have the file. Harmless a second time."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._lock.drop()

    @property
    def usable(self) -> bool:
        """Whether a record can be put in."""
        return self._descriptor >= 0 and not self.fault

    @property
    def busy(self) -> bool:
        """Whether a record is on its way to the disk."""
        return not self._idle.is_set()

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._size

    @property
    def count(self) -> int:
        """Records inside, those included that are on their way."""
        return len(self._durable) + len(self._queue)

    @property
    def room(self) -> int:
        """Bytes that are free."""
        return self._size - self._end if self.usable else 0

    def put(self, plain: bytes) -> asyncio.Future[int]:
        """Queue a record; the future gives its number, from 0, once it is on the disk.

        Raises JournalBroken at once when the spool is full, bad or closed, JournalError for a
        record that is too long.
        """
        number = self._next
        if not self.usable:
            raise self._say(self.fault or "it is closed")
        sealed = self._key.seal(f"frame/{number}", plain)
        frame, check = encode_frame(number, sealed, self._check)
        if self._end + len(frame) > self._size:
            raise self._say("it is full")
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(frame, number, self._end, future))
        self._next, self._end, self._check = number + 1, self._end + len(frame), check
        if self._idle.is_set():
            self._idle.clear()
            self._flush()
        return future

    async def settle(self) -> None:
        """Wait until nothing is on its way to the disk."""
        await self._idle.wait()

    def peek(self, most: int, most_bytes: int = 256 << 10) -> list[bytes]:
        """The oldest records that are on the disk, at least one when there is any.

        Raises JournalBroken when they cannot be read back.
        """
        records: list[bytes] = []
        total = 0
        for number, begin, end in self._durable:
            total += end - begin
            if records and (len(records) == most or total > most_bytes):
                break
            try:
                sealed = os.pread(self._descriptor, end - begin, begin)
            except OSError as error:
                raise self._broken(error) from None
            records.append(self._key.unseal(f"frame/{number}", sealed))
        return records

    def drop(self, records: int) -> None:
        """Forget the oldest records; they stay in the file until `renew`, and come back after a
        crash.
        """
        for _ in range(records):
            self._durable.popleft()

    async def renew(self) -> None:
        """Destroy the key of all that was inside and begin anew. The spool must be empty.

        Raises JournalBroken; the spool is bad then.
        """
        assert self.count == 0, "a spool is renewed when it is empty"
        generation = self._head.generation + 1
        work = asyncio.get_running_loop().run_in_executor(None, self._renew, generation)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})  # nobody may write meanwhile
            raise
        except OSError as error:
            self.fault = f"it cannot be written ({error.strerror})"
            raise self._broken(error) from None

    def set_aside(self, plain: bytes) -> Path:
        """Keep a record that the store refuses, sealed, in a file of its own; gives the file.

        Its first line is the key's wrapping in hex, the second what it seals. Raises OSError.
        """
        name = os.urandom(8).hex()
        key, wrapped = self._vault.make_key(f"refused/{name}")
        path = self._directory / f"{REFUSED}{name}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{wrapped.hex()}\n{key.seal('record', plain).hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        sync_directory(self._directory)
        return path

    def _open_file(self) -> None:
        if not self._path.exists():
            draft = self._path.with_suffix(".new")
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                fill(descriptor, self._size)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            draft.rename(self._path)
            sync_directory(self._directory)
        self._descriptor = os.open(self._path, os.O_RDWR)
        present = os.fstat(self._descriptor).st_size
        if present < self._size:  # from a backup, or made when the setting was smaller
            fill(self._descriptor, self._size, present)
            os.fsync(self._descriptor)
        self._size = max(self._size, present)

    def _read(self) -> None:
        """Find the records of an earlier process; a torn tail ends them."""
        slots = [decode_head(os.pread(self._descriptor, SLOT, at)) for at in (0, SLOT)]
        heads = [head for head in slots if head is not None]
        if not heads:
            if any(os.pread(self._descriptor, BEGIN, 0)):
                raise self._say("its head is damaged; it is kept as it is")
            self._renew(0)
            return
        self._use(max(heads, key=lambda head: head.generation))
        self._wipe_other_slot()
        raw = os.pread(self._descriptor, self._size - BEGIN, BEGIN)
        for begin, end, check in read_frames(raw, self._head.seed):
            self._durable.append((self._next, BEGIN + begin, BEGIN + end))
            self._next, self._end, self._check = self._next + 1, BEGIN + end, check
        if any(raw[self._end - BEGIN : self._end - BEGIN + FRAME_HEAD]):
            _log.warning("%s: a torn record was cut off; nobody was told of it", self._path)

    def _renew(self, generation: int) -> None:
        """Runs in another thread. A crash in the middle leaves the old head or the new one."""
        name = os.urandom(16)
        _, wrapped = self._vault.make_key(f"spool/{name.hex()}")
        head = Head(generation, name, wrapped)
        write_at(self._descriptor, encode_head(head), head.slot)
        os.fdatasync(self._descriptor)
        self._use(head)
        self._wipe_other_slot()

    def _use(self, head: Head) -> None:
        self._head = head
        self._key = self._vault.unwrap(head.subject, head.wrapped)
        self._next, self._end, self._check = 0, BEGIN, head.seed

    def _wipe_other_slot(self) -> None:
        write_at(self._descriptor, bytes(SLOT), SLOT - self._head.slot)
        os.fdatasync(self._descriptor)

    def _flush(self) -> None:
        """Write all that waits with one flush; what comes meanwhile waits for the next."""
        batch = tuple(self._queue)
        work = asyncio.get_running_loop().run_in_executor(None, self._write, batch)
        work.add_done_callback(lambda done: self._flushed(batch, done))

    def _write(self, batch: tuple[_Waiting, ...]) -> None:
        write_at(self._descriptor, b"".join(one.body for one in batch), batch[0].at)
        os.fdatasync(self._descriptor)

    def _flushed(self, batch: tuple[_Waiting, ...], done: asyncio.Future[None]) -> None:
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        del self._queue[: len(batch)]
        if error is not None:
            # What a failed flush left on the disk is unknown, and the next one may hide it.
            self.fault = f"it cannot be written ({getattr(error, 'strerror', error)})"
            _log.error("%s: the spool is bad: %s", self._path, self.fault)
            batch, self._queue = (*batch, *self._queue), []
        for one in batch:
            if error is None:
                self._durable.append((one.number, one.at + FRAME_HEAD, one.at + len(one.body)))
            if one.future.done():
                continue
            if error is None:
                one.future.set_result(one.number)
            else:
                one.future.set_exception(self._say(self.fault))
        if self._queue:
            self._flush()
        else:
            self._idle.set()

    def _broken(self, error: OSError) -> JournalBroken:
        return self._say(f"the disk says: {error.strerror}")

    def _say(self, fault: str) -> JournalBroken:
        return JournalBroken(
            f"the spool cannot be used: {fault}",
            place=str(self._path),
            remedy="Give it room on a disk of its own (IVR_SPOOL, IVR_SPOOL_MEGABYTES).",
        )

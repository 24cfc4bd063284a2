"""The exceptions of this package: one tree, drawn here.

A caller's behaviour is never an exception (it is an outcome, see `ivr.engine.outcomes`); these are
faults of ours, of the machine, or of the person who typed a command.

    IvrError                  every exception that this package raises on purpose
    ├── UsageError            a command was given something that it cannot use
    ├── FlowError             the flow directory has faults; carries all of them
    ├── SetupError            the machine lacks something: Asterisk, a port, a voice, a key
    ├── SpeechError           a text cannot be spoken, a sound cannot be read
    ├── ChannelError          the conversation with Asterisk failed
    │   ├── CallRefused       a call that we placed was not answered; carries the SIP status
    │   ├── ChannelClosed     the caller has hung up
    │   ├── ChannelLost       the connection broke; the caller may still be there
    │   ├── ManagerAway       the manager interface (AMI) is away or does not answer
    │   └── ProtocolError     the peer does not speak AGI, or spoke it wrongly
    └── JournalError          a turn could not be made durable
        ├── JournalLocked     another process is the writer of this store
        ├── JournalBroken     the store failed (disk full, I/O error); nothing was acknowledged
        │   └── JournalBad    this process must not use the store any more
        └── JournalConflict   the turn is already there, or is not the next one of its call
"""

from __future__ import annotations


class IvrError(Exception):
    """A fault with a place and a remedy, fit to be shown to a person as it stands.

    `place` says where (a file, a port, a setting); `remedy` says what to do about it. Both may be
    empty when the sentence says it all.
    """

    def __init__(self, sentence: str, *, place: str = "", remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        head = f"{self.place}: {self.sentence}" if self.place else self.sentence
        return f"{head}\n  {self.remedy}" if self.remedy else head


class UsageError(IvrError):
    """A command was given something that it cannot use. Exit code 2."""


class FlowError(IvrError):
    """The flow directory has faults. `str()` lists all of them. Exit code 1."""


class SetupError(IvrError):
    """The machine lacks something that this command needs. Exit code 2."""


class SpeechError(IvrError):
    """A text cannot be spoken, or a sound file cannot be read."""


class ChannelError(IvrError):
    """The conversation with Asterisk failed. Catch this around a call, never around the server."""


class CallRefused(ChannelError):
    """A call that we placed was not answered: busy, no such number, cancelled, no reply.

    `status` is the SIP status (RFC 3261 section 21), 408 also when nobody replied; `reason` its
    phrase; `cause` the Q.850 cause, None when the far end gave none.
    """

    def __init__(self, sentence: str, *, status: int, reason: str, cause: int | None) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        self.cause = cause


class ChannelClosed(ChannelError):
    """The caller has hung up: Asterisk said so."""


class ChannelLost(ChannelError):
    """The connection to Asterisk broke without a word of a hangup.

    The caller may still be there: the dialplan asks the next engine, which takes the call up.
    """


class ManagerAway(ChannelError):
    """The manager interface (AMI) is away, refuses the account or does not answer. Calls go on."""


class ProtocolError(ChannelError):
    """The peer does not speak AGI, or spoke it wrongly. `place` names the peer's address."""


class JournalError(IvrError):
    """A turn could not be made durable."""


class JournalLocked(JournalError):
    """Another process is the writer of this store."""


class JournalBroken(JournalError):
    """The store failed (disk full, I/O error). Nothing was acknowledged."""


class JournalBad(JournalBroken):
    """This process must not use the store any more: what is on its disk is not known.

    A flush failed, after which another may succeed without having written anything, or the file is
    damaged.
    """


class JournalConflict(JournalError):
    """The turn is already in the journal, or is not the next one of its call."""

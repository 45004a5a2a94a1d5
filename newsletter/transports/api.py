"""What the transports over a provider's HTTP API share: settings, the way through a batch, and its end.

A provider's file says what its requests look like and what its answers mean (docs/contributing-transport.md).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

from newsletter.errors import CredentialsError, TransportError
from newsletter.model import Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.batches import BatchLane, Cut, Request, Size
from newsletter.transports.calls import Caller, NoAnswerError, NotSentError, Patience, Reply, in_thread
from newsletter.transports.letter import Letter, read_letter
from newsletter.transports.verdicts import Failure, Trouble

TRIES = 5
"""How often one request is made before its messages go back to the ledger, to be tried again later."""

_GO_ON = "give the same command again later: nobody is skipped or mailed twice"
_COMES_AGAIN = frozenset({Trouble.RETRYABLE, Trouble.THROTTLED})


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: `first` is the wait after a failed request, which doubles each time; `hold` the longest wait
    that a batch is kept in hand for; `linger` how long a batch is filled."""

    first: float = 1.0
    hold: float = 30.0
    linger: float = 1.0


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How to reach a provider: `token` is the secret itself, already looked up."""

    token: str = field(repr=False)
    endpoint: str
    patience: Patience = field(default_factory=Patience)
    waits: Waits = field(default_factory=Waits)


class ApiTransport(ABC):
    """A provider's transport. One lane: so there is never more than one batch that nobody knows the fate of.

    Providers define what is abstract here. Those that know a repeated request for what it is override the
    hooks at the end as well.
    """

    name: ClassVar[str]
    lanes: ClassVar[int] = 1
    repeatable: ClassVar[bool] = False
    most_messages: ClassVar[int]
    most_octets: ClassVar[int]
    largest_message: ClassVar[int]
    send_path: ClassVar[str]
    check_path: ClassVar[str]
    hint: ClassVar[str]
    """Where a person looks when the token is not accepted."""

    def __init__(self, settings: ApiSettings) -> None:
        self.waits = settings.waits
        self.caller = Caller(settings.endpoint, settings.token, settings.patience)
        self._token = settings.token
        self._not_before = 0.0
        self._shaken = False

    async def check(self) -> None:
        """Asks the provider something harmless, with the token; see `protocols.Transport.check`."""
        try:
            fields = self.fields(self._token)
            reply = await in_thread(lambda: self.caller.call("GET", self.check_path, fields))
        except (NotSentError, NoAnswerError) as error:
            raise TransportError(f"{self.name}: {error}", code="unreachable") from None
        failure = self.read_check(reply)
        if failure is not None:
            raise self.closed(failure)
        self._shaken = False

    async def lane(self, desk: Desk) -> None:
        """See `protocols.Transport.lane`."""
        await self._open()
        await BatchLane(self, desk, Size(self.most_messages, self.most_octets, self.waits.linger)).run()

    async def _open(self) -> None:
        """Waits as the provider asked us to; after a failure, looks first whether it answers at all."""
        left = self._not_before - time.monotonic()
        if left > self.waits.hold:
            raise TransportError(
                f"{self.name} asks us to wait another {left:.0f} seconds",
                hint=_GO_ON,
                code="throttled",
            )
        await asyncio.sleep(max(0.0, left))
        if self._shaken:
            await self.check()

    async def exchange(self, request: Request) -> list[Outcome] | Failure:
        """Makes a request, again and again while that is safe and useful; the outcomes in their order.

        Raises Cut when it is cancelled while the request is on its way.
        """
        self.begin(request)
        for attempt in range(TRIES):
            answer = await self._once(request)
            if not isinstance(answer, Failure) or answer.trouble not in _COMES_AGAIN:
                break
            # drawn anew each time, so that senders turned away together do not come back together
            wait = answer.after or self.waits.first * 2**attempt * random.uniform(1, 1.5)  # noqa: S311 - no secret
            self._not_before = time.monotonic() + wait
            if wait > self.waits.hold or attempt == TRIES - 1:
                break
            await asyncio.sleep(wait)
        self._shaken = isinstance(answer, Failure)
        return answer

    async def _once(self, request: Request) -> list[Outcome] | Failure:
        fields = {**self.fields(self._token), **self.extra(), "Content-Type": "application/json"}
        call = in_thread(lambda: self.caller.call("POST", self.send_path, fields, request.body))
        try:
            await asyncio.wait([call])
        except asyncio.CancelledError:
            # A thread cannot be stopped, but often the answer is on its way: a moment for the truth.
            with suppress(asyncio.CancelledError):
                await asyncio.wait([call], timeout=self.caller.patience.grace)
            raise Cut(self._understood(request, call)) from None
        return self._understood(request, call)

    def _understood(self, request: Request, call: asyncio.Future[Reply]) -> list[Outcome] | Failure:
        """What a call came to, or, while it is not done, what may have come of it."""
        answer: list[Outcome] | Failure
        if not call.done():
            answer = Failure(Trouble.UNKNOWN, reply="stopped before an answer came")
        elif isinstance(error := call.exception(), NotSentError):
            answer = Failure(Trouble.RETRYABLE, reply=str(error))
        elif isinstance(error, NoAnswerError):
            answer = Failure(Trouble.UNKNOWN, reply=str(error))
        else:
            answer = self.read(call.result(), len(request.message_ids))
            if isinstance(answer, list) and len(answer) != len(request.message_ids):
                answer = Failure(Trouble.UNKNOWN, call.result().status, "the answer is about other messages")
        return self.learn(answer)

    def item(self, message: Message) -> bytes | Outcome:
        """A message as one element of a request's JSON list, or why it cannot be sent at all."""
        fields = self.fields_of(read_letter(message))
        octets = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        if len(octets) <= self.largest_message:
            return octets
        said = (
            f"the message has {len(octets):,} octets, and {self.name} takes {self.largest_message:,} at most"
        )
        return Outcome(OutcomeKind.DEFERRED, 413, "5.3.4", said, fault=Fault.SENDER)

    def closed(self, failure: Failure) -> TransportError:
        """A failure as the error that ends a lane."""
        said = f"{self.name}: {failure.reply or f'the answer {failure.code}'}"
        if failure.trouble is Trouble.AUTH:
            return CredentialsError(said, hint=self.hint)
        return TransportError(said, hint=_GO_ON)

    # --- a provider's own --------------------------------------------------------------------------------

    @abstractmethod
    def fields(self, token: str) -> dict[str, str]:
        """The header fields of every request, the token among them."""

    @abstractmethod
    def fields_of(self, letter: Letter) -> dict[str, Any]:
        """A letter in the provider's words."""

    @abstractmethod
    def read(self, reply: Reply, count: int) -> list[Outcome] | Failure:
        """What an answer to a request with `count` messages means: an outcome for each, or why all failed."""

    @abstractmethod
    def read_check(self, reply: Reply) -> Failure | None:
        """What is wrong according to the answer to `check`; None when nothing is."""

    # --- hooks -------------------------------------------------------------------------------------------

    def extra(self) -> Mapping[str, str]:
        """Header fields for the request that `begin` was called with."""
        return {}

    def recall(self, message_id: str) -> Outcome | Request | None:  # noqa: ARG002 - for those who override it
        """What is known of a message that was handed over before: its outcome, or the request it was in,
        which is then made again; None when it is new."""
        return None

    def begin(self, request: Request) -> None:  # noqa: B027 - a hook, not a duty
        """Called before a request is made for the first time, with all its messages handed."""

    def learn(self, answer: list[Outcome] | Failure) -> list[Outcome] | Failure:
        """Called with what each try of a request came to; gives what to make of it."""
        return answer

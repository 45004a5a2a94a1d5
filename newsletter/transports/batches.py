"""A lane that takes many messages from the desk, hands them over in one request, and settles each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from newsletter.errors import NewsletterError, TransportError
from newsletter.model import Fault, Message, Outcome, OutcomeKind
from newsletter.protocols import Desk
from newsletter.transports.calls import in_thread
from newsletter.transports.verdicts import Failure, Trouble

_NOT_SENT: Final = Outcome(OutcomeKind.DEFERRED, reply="stopped before it was sent", fault=Fault.LINE)
_ENDS_THE_LANE = frozenset({Trouble.AUTH, Trouble.RETRYABLE, Trouble.THROTTLED, Trouble.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Request:
    """One request: its body, and the Message-IDs of what it carries, in order."""

    body: bytes
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a request may be, and for how long (in seconds) its messages are gathered."""

    messages: int
    octets: int
    linger: float


class Cut(asyncio.CancelledError):
    """Cancelled with a request on its way: what has become of it, as far as that can be known."""

    def __init__(self, answer: list[Outcome] | Failure) -> None:
        super().__init__()
        self.answer = answer


class Provider(Protocol):
    """What a lane asks of its transport (`api.ApiTransport` has it all)."""

    def item(self, message: Message) -> bytes | Outcome:
        """A message as one element of a request's list, or why it cannot be sent."""
        ...

    def recall(self, message_id: str) -> Outcome | Request | None:
        """What is known of a message that was handed over before."""
        ...

    async def exchange(self, request: Request) -> list[Outcome] | Failure:
        """Makes a request; the outcomes in the order of its messages. Raises Cut."""
        ...

    def closed(self, failure: Failure) -> TransportError:
        """A failure as the error that ends a lane."""
        ...


@dataclass(frozen=True, slots=True)
class _Parcel:
    message: Message
    octets: bytes


class BatchLane:
    """One lane; `run` it once. It keeps the promises of `protocols.Transport.lane`."""

    def __init__(self, provider: Provider, desk: Desk, size: Size) -> None:
        self._provider = provider
        self._desk = desk
        self._size = size
        self._asking: asyncio.Task[Message | None] | None = None
        self._taken: dict[int, Message] = {}
        """What the desk gave and nobody settled, and that is not on its way."""
        self._wrong: Failure | None = None

    async def run(self) -> None:
        """Takes messages until there are no more."""
        try:
            more = True
            while more:
                batch, more = await self._gather()
                await self._carry(batch)
        finally:
            await self._stop_asking()
            for message in list(self._taken.values()):
                self._settle(message, _NOT_SENT)

    # --- taking messages ---------------------------------------------------------------------------------

    async def _gather(self) -> tuple[list[Message], bool]:
        """As many messages as fit, or as come within a moment; False when these are the last."""
        loop = asyncio.get_running_loop()
        batch: list[Message] = []
        octets, until = 0, None
        while len(batch) < self._size.messages and octets < self._size.octets:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._next())
            await asyncio.wait([self._asking], timeout=until and max(0.0, until - loop.time()))
            if not self._asking.done():
                break  # asked for and not there yet: it goes into the next batch
            message, self._asking = self._asking.result(), None
            if message is None:
                return batch, False
            batch.append(message)
            octets += len(message.content)
            until = until or loop.time() + self._size.linger
        return batch, True

    async def _next(self) -> Message | None:
        message = await self._desk.next()
        if message is not None:
            self._taken[message.key] = message
        return message

    async def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    # --- handing them over -------------------------------------------------------------------------------

    async def _carry(self, batch: Sequence[Message]) -> None:
        fresh = []
        for message in batch:
            known = self._provider.recall(message.message_id)
            if known is None:
                fresh.append(message)
            elif await self._hand([message]):
                await self._repeat(message, known)
        items = await in_thread(lambda: [self._provider.item(message) for message in fresh])
        parcels = []
        for message, item in zip(fresh, items, strict=True):
            if isinstance(item, Outcome):
                self._settle(message, item)
            else:
                parcels.append(_Parcel(message, item))
        for part in self._parts(parcels):
            handed = await self._hand([parcel.message for parcel in part])
            part = [parcel for parcel in part if parcel.message.key in handed]
            if part:
                await self._request(part)

    def _parts(self, parcels: Sequence[_Parcel]) -> Iterator[list[_Parcel]]:
        """The parcels in parts that do not pass the size of a request."""
        part: list[_Parcel] = []
        octets = 2
        for parcel in parcels:
            if part and octets + len(parcel.octets) + 1 > self._size.octets:
                yield part
                part, octets = [], 2
            part.append(parcel)
            octets += len(parcel.octets) + 1
        if part:
            yield part

    async def _hand(self, messages: Sequence[Message]) -> set[int]:
        """Hands all of them, in as few commits as the ledger likes; the keys of those that may be sent."""
        tasks = [asyncio.ensure_future(self._desk.hand(message)) for message in messages]
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            await asyncio.wait(tasks)  # marks that are being written are not to be taken back half-way
            raise
        finally:
            for message, task in zip(messages, tasks, strict=True):
                if task.done() and not task.cancelled() and not task.exception() and not task.result():
                    del self._taken[message.key]  # declined
        return {message.key for message, task in zip(messages, tasks, strict=True) if task.result()}

    async def _request(self, part: Sequence[_Parcel]) -> None:
        """One request for messages that are all handed; in halves, when one of them spoils it."""
        if self._wrong is not None:
            self._settle_all(part, self._wrong)
            return
        body = b"[" + b",".join(parcel.octets for parcel in part) + b"]"
        request = Request(body, tuple(parcel.message.message_id for parcel in part))
        try:
            answer = await self._provider.exchange(request)
        except Cut as cut:
            self._settle_all(part, cut.answer)
            raise
        except (NewsletterError, asyncio.CancelledError):
            raise  # nothing is on its way
        except Exception:
            self._settle_all(part, Failure(Trouble.UNKNOWN, reply="the sender failed"))
            raise
        if isinstance(answer, Failure) and answer.trouble is Trouble.REQUEST:
            if len(part) > 1:
                middle = len(part) // 2
                await self._request(part[:middle])
                await self._request(part[middle:])
                return
            if answer.about_reader:
                answer = replace(answer, trouble=Trouble.RECIPIENT)
            else:
                self._wrong = answer  # one message alone, and still wrong: so will be all the others
        self._settle_all(part, answer)
        if isinstance(answer, Failure) and answer.trouble in _ENDS_THE_LANE:
            raise self._provider.closed(answer)

    async def _repeat(self, message: Message, known: Outcome | Request) -> None:
        """Settles a message that was handed over before, after asking what became of it where need be."""
        if isinstance(known, Outcome):
            self._settle(message, known)
            return
        try:
            answer = await self._provider.exchange(known)
        except Cut as cut:
            self._settle(message, _outcome(cut.answer, known.message_ids.index(message.message_id)))
            raise
        self._settle(message, _outcome(answer, known.message_ids.index(message.message_id)))
        if isinstance(answer, Failure) and answer.trouble in _ENDS_THE_LANE:
            raise self._provider.closed(answer)

    def _settle_all(self, part: Sequence[_Parcel], answer: list[Outcome] | Failure) -> None:
        for place, parcel in enumerate(part):
            self._settle(parcel.message, _outcome(answer, place))

    def _settle(self, message: Message, outcome: Outcome) -> None:
        del self._taken[message.key]
        self._desk.settle(message, outcome)


def _outcome(answer: list[Outcome] | Failure, place: int) -> Outcome:
    return answer.outcome if isinstance(answer, Failure) else answer[place]

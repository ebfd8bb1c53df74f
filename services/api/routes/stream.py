"""What happens, as it happens: server-sent facts, or that the list of a view changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Message, Send
from typing_extensions import override

from services.api.credentials import identify
from services.api.deps import State, require
from services.api.errors import problems
from services.api.stream_hub import Gap, StreamHub
from services.api.view_hub import ViewChange, ViewHub
from services.core.kit.clock import monotonic
from services.core.kit.errors import NotFoundError, UnavailableError
from services.core.search.errors import NothingToLookForError
from services.core.sessions.errors import NoSessionError, NotSignedInError
from services.core.stream.types import PublishedFact
from services.core.workspaces.errors import BadKeyError
from services.core.workspaces.types import Caller, Scope

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/stream", tags=["stream"])

# Below the shortest idle limit usual in proxies (nginx: 60 s; some load balancers: 30 s).
PING_SECONDS = 15.0
# How soon a revoked key's stream ends.
CHECK_SECONDS = 2.0
# A reader that takes nothing for so long is gone or broken.
STALL_SECONDS = 10.0
# What a client waits before it comes again, in milliseconds.
RETRY_MS = 2_000
# As many facts as two workspaces keep for those who come back.
MOST_WRITTEN = 2_000

_EXAMPLE = (
    "event: clock.missed\n"
    'data: {"seq":42,"kind":"clock.missed","subject_kind":"clock","subject_id":"…",'
    '"payload":{"case_id":"…","kind":"first_response"},"at":"2026-11-21T10:15:04Z"}\n'
    "id: 42\n\n"
)


class Listening(Protocol):
    """A place in what happens: of the whole workspace, or beside one view."""

    @property
    def position(self) -> int: ...

    @property
    def ended(self) -> bool: ...

    async def take(self, patience: float) -> "Sequence[PublishedFact | Gap | ViewChange]": ...


class LiveStream(StreamingResponse):
    """Server-sent events that give up on a reader who takes nothing.

    The framework's own answer waits for such a reader forever; its way of writing is used.
    """

    media_type: str | None = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(events, headers=headers)

    @override
    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STALL_SECONDS):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            # Leaving the answer unfinished makes the server close the connection.
            log.info("stream.stalled")


class Gate:
    """Looks again and again whether the key or the session behind a stream still opens it."""

    def __init__(self, ask: Callable[[], Awaitable[Caller]]) -> None:
        self._ask = ask
        self._looked_at = monotonic()

    async def is_open(self) -> bool:
        """False once it is revoked, expired, signed out or no longer of scope `read`."""
        if monotonic() - self._looked_at < CHECK_SECONDS:
            return True
        try:
            caller = await self._ask()
        except (BadKeyError, NoSessionError):
            return False
        except UnavailableError:
            # Nothing can be read meanwhile; the key is judged when the database is back.
            return True
        self._looked_at = monotonic()
        return caller.may(Scope.READ)


async def open_listener(
    request: Request,
    caller: Annotated[Caller, Depends(require(Scope.READ))],
    last_event_id: Annotated[str, Header(max_length=20, pattern=r"^[0-9]*$")] = "",
    after: Annotated[
        int | None, Query(ge=0, le=2**53, description="A number to go on from.")
    ] = None,
    view: Annotated[
        str | None,
        Query(
            pattern=r"^[0-9A-Za-z-]{1,64}$",
            description="Only that this view changed: its id, or the `slug` of a built-in one.",
        ),
    ] = None,
) -> AsyncIterator[Listening]:
    """A place in the caller's stream, given back when the answer has ended, however it ended."""
    start = int(last_event_id) if last_event_id else after
    if view is not None:
        view_hub: ViewHub = request.app.state.view_hub
        async with view_hub.listen(caller.workspace_id, view, caller.person, start) as beside:
            yield beside
        return
    hub: StreamHub = request.app.state.stream_hub
    async with hub.listen(caller.workspace_id, start) as listener:
        yield listener


@router.get(
    "",
    summary="Listen to what happens",
    # Said here because the answer's class does not take one, and the schema asks it.
    status_code=200,
    response_class=LiveStream,
    responses=problems(NotFoundError, NotSignedInError, NothingToLookForError)
    | {
        200: {
            "description": "Server-sent events.",
            "content": {"text/event-stream": {"example": _EXAMPLE}},
        }
    },
)
async def listen(
    request: Request,
    state: State,
    # Lives as long as the answer, not as the function; it holds no connection.
    listener: Annotated[Listening, Depends(open_listener, scope="request")],
    kinds: Annotated[
        list[Annotated[str, Query(min_length=1, max_length=64)]] | None,
        Query(max_length=20, description="Only kinds that begin so, for example `alert.`."),
    ] = None,
) -> LiveStream:
    """Every fact of the workspace, in one order.

    `id` is its number, `event` its kind, `data` is `{seq, kind, subject_kind, subject_id,
    payload, at}`; facts carry ids and numbers, never texts. Starts now, or behind the number in
    `Last-Event-ID` or `after`, so that nothing is missed by reconnecting. What cannot be had any
    more is announced by a `gap` event with `{"from", "to"}`: read the lists again then.

    With `view` the only event is `view.changed`, once a second at most and at once in the
    beginning: `payload` holds the ids that `came` to, `changed` on and `left` its first 200
    rows, or says `whole` where that is not known. Read the view again then. The stream ends
    when the view is deleted. `kinds` means nothing beside it.
    """
    gate = Gate(lambda: identify(request, state.database, state.settings.api.cors_origins))
    return LiveStream(_write(listener, gate, tuple(kinds or ("",))))


async def _write(listener: Listening, gate: Gate, kinds: tuple[str, ...]) -> AsyncIterator[bytes]:
    # Something at once: the reader learns that the stream stands.
    yield format_sse_event(comment="listening", retry=RETRY_MS)
    written_at = monotonic()
    while not listener.ended and await gate.is_open():
        try:
            taken = await listener.take(CHECK_SECONDS)
        except UnavailableError:
            await asyncio.sleep(CHECK_SECONDS)
            continue
        text = b"".join(_WRITTEN.of(each) for each in taken if _wanted(each, kinds))
        if not text and monotonic() - written_at >= PING_SECONDS:
            # The number moves on although nothing of interest came.
            text = format_sse_event(comment="ping", id=str(listener.position))
        if text:
            yield text
            written_at = monotonic()


def _wanted(taken: PublishedFact | Gap | ViewChange, kinds: tuple[str, ...]) -> bool:
    return not isinstance(taken, PublishedFact) or taken.fact.kind.startswith(kinds)


def _event(taken: PublishedFact | Gap | ViewChange) -> bytes:
    if isinstance(taken, Gap):
        data = orjson.dumps({"from": taken.first, "to": taken.last}).decode()
        return format_sse_event(event="gap", data_str=data, id=str(taken.resume))
    if isinstance(taken, ViewChange):
        named = {name: getattr(taken, name) for name in ("came", "changed", "left")}
        # Ids as the driver gives them are no plain ones.
        parts: dict[str, Any] = {
            name: [str(each) for each in found] for name, found in named.items()
        }
        parts |= {"whole": taken.whole}
        return _told(taken.seq, "view.changed", ("view", taken.view_id), parts, taken.at)
    fact = taken.fact
    subject = (fact.subject_kind, fact.subject_id)
    return _told(taken.seq, fact.kind, subject, fact.payload, taken.at)


class _Written:
    """How facts look on the wire, written once for all who listen to them."""

    def __init__(self) -> None:
        # With the fact itself: no other has its identity as long as it is kept.
        self._kept: dict[int, tuple[PublishedFact | Gap | ViewChange, bytes]] = {}

    def of(self, taken: PublishedFact | Gap | ViewChange) -> bytes:
        kept = self._kept.get(id(taken))
        if kept is None:
            if len(self._kept) >= MOST_WRITTEN:
                del self._kept[next(iter(self._kept))]
            kept = self._kept[id(taken)] = (taken, _event(taken))
        return kept[1]


_WRITTEN = _Written()


def _told(
    seq: int, kind: str, subject: tuple[str, UUID], payload: dict[str, Any], at: datetime
) -> bytes:
    data = orjson.dumps(
        {
            "seq": seq,
            "kind": kind,
            "subject_kind": subject[0],
            "subject_id": str(subject[1]),
            "payload": payload,
            "at": at,
        },
        option=orjson.OPT_UTC_Z,
    ).decode()
    return format_sse_event(event=kind, data_str=data, id=str(seq))

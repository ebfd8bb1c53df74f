"""The webhook door: media type, size and signature are judged before a byte is believed."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import IO, Final
from uuid import UUID

from fastapi import Request

from services.api.bodies import check_declared_length, read_body, read_pieces
from services.api.deps import AppState
from services.api.errors import request_id_of
from services.core.intake import service as intake
from services.core.intake.envelope import read_envelope
from services.core.intake.records import Incoming, SourceDoor
from services.core.intake.rules import (
    BACKFILL_KINDS,
    check_content_encoding,
    read_media_type,
    read_webhook_id,
)
from services.core.kit.clock import host_now
from services.core.kit.errors import UnavailableError
from services.core.kit.signatures import (
    Refusal,
    SignatureCheck,
    SignatureHeaders,
    SignatureRefusedError,
)

# Sixty-four megabytes over a slow line.
BACKFILL_SECONDS: Final = 300.0
# For finding the source; after it the database counts as away.
LOOKUP_SECONDS: Final = 2.5
# Below this a backfill never touches the disk.
SPOOL_BYTES: Final = 1024 * 1024


async def receive_delivery(
    request: Request, state: AppState, source_id: str
) -> tuple[SourceDoor, Incoming]:
    """Read, check and parse one signed delivery; raises every refusal of the contract's table."""
    limits = state.settings.intake
    media = read_media_type(request.headers.get("content-type"))
    check_content_encoding(request.headers.get("content-encoding"))
    check_declared_length(request.headers.raw, limits.max_body_bytes)
    body = await read_body(
        request.receive, limit_bytes=limits.max_body_bytes, seconds=limits.receive_seconds
    )
    door, check = await _begin_check(request, state, source_id)
    check.update(body)
    door = _finish_check(state, door, check)
    webhook_id = _webhook_id(request)
    envelope = read_envelope(body, content_type=media, webhook_id=webhook_id)
    incoming = Incoming(
        door.source_id,
        webhook_id,
        media,
        body,
        envelope.events,
        request_id=request_id_of(request),
    )
    return door, incoming


@asynccontextmanager
async def receive_backfill(
    request: Request, state: AppState, source_id: str
) -> AsyncIterator[tuple[SourceDoor, str, IO[bytes]]]:
    """Spool a signed history and check it on the way; yields its source, id and a rewound file."""
    limits = state.settings.intake
    read_media_type(request.headers.get("content-type"), accepted=BACKFILL_KINDS)
    check_content_encoding(request.headers.get("content-encoding"))
    check_declared_length(request.headers.raw, limits.max_backfill_bytes)
    door, check = await _begin_check(request, state, source_id)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        async for piece in read_pieces(
            request.receive, limit_bytes=limits.max_backfill_bytes, seconds=BACKFILL_SECONDS
        ):
            check.update(piece)
            file.write(piece)
        door = _finish_check(state, door, check)
        webhook_id = _webhook_id(request)
        file.seek(0)
        yield door, webhook_id, file


async def _begin_check(
    request: Request, state: AppState, source_id: str
) -> tuple[SourceDoor | None, SignatureCheck]:
    door = await _find_door(state, source_id)
    with _counted(state, door):
        check = SignatureCheck(
            # Without a secret the check does the same work on a throw-away key.
            secrets=door.secrets if door else (),
            headers=SignatureHeaders.from_raw(request.headers.raw),
            now=host_now(),
            tolerance_seconds=state.settings.intake.tolerance_seconds,
        )
    return door, check


def _finish_check(state: AppState, door: SourceDoor | None, check: SignatureCheck) -> SourceDoor:
    with _counted(state, door):
        check.finish()
    if door is None:
        raise SignatureRefusedError(Refusal.UNKNOWN_SOURCE)
    return door


@contextmanager
def _counted(state: AppState, door: SourceDoor | None) -> Iterator[None]:
    """Keep count of what is refused: a source whose signatures fail is about to be missed."""
    try:
        yield
    except SignatureRefusedError:
        if door is not None:
            state.refusals.note(door.workspace_id, door.source_id)
        raise


async def _find_door(state: AppState, source_id: str) -> SourceDoor | None:
    try:
        known = UUID(source_id)
    except ValueError:
        return None
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await intake.find_source(state.database, known)
    except TimeoutError:
        raise UnavailableError from None


def _webhook_id(request: Request) -> str:
    (sent,) = SignatureHeaders.from_raw(request.headers.raw).webhook_id
    return read_webhook_id(sent)

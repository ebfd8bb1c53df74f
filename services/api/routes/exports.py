"""Exports: a file is ordered, written by the worker, and fetched by a signed link."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from fastapi.responses import StreamingResponse

from services.api.deps import AppState, ManageReadUnit, ManageUnit, PageQuery, State
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.exports import ExportBody, ExportView
from services.api.schemas.sorting import MadeSort, purpose_of
from services.core.exports import service as exports
from services.core.exports.errors import (
    BadExportLinkError,
    ExportGoneError,
    ExportOverError,
    TooManyExportsError,
)
from services.core.exports.types import Export, ExportState, FileFormat
from services.core.kit.clock import host_now
from services.core.kit.cursors import MAX_CURSOR_CHARACTERS, InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.uow import Actor, UnitOfWork

router = APIRouter(prefix="/v1/exports", tags=["exports"])
_PURPOSE = "exports"
_LINK = "exports.file"
_MEDIA = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.NDJSON: "application/x-ndjson"}


@router.get("", summary="List exports", responses=problems(InvalidCursorError))
async def list_exports(
    uow: ManageReadUnit, state: State, page: PageQuery, sort: MadeSort = MadeSort.NEWEST
) -> Page[ExportView]:
    """Unasked the last ordered first, those whose file is gone as well."""
    purpose = purpose_of(_PURPOSE, sort)
    found = await exports.list_exports(uow, page.stretch(sort, UUID, purpose=purpose))
    items, cursor = page.cut(found, lambda each: [each.id], purpose=purpose)
    return Page(items=[_view(uow, state, each) for each in items], next_cursor=cursor)


@router.post(
    "",
    summary="Order an export",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(InvalidInputError, NotFoundError, TooManyExportsError),
)
async def order_export(
    uow: ManageUnit, state: State, body: ExportBody, response: Response
) -> ExportView:
    """The worker writes it; read it again until it is `done`. Five may be under way at once.

    Cells that a spreadsheet would run get an apostrophe before them. Deleted texts are left out.
    """
    export = await exports.order(uow, body.to_draft())
    response.headers["location"] = f"/v1/exports/{export.id}"
    return _view(uow, state, export)


@router.get(
    "/file",
    summary="Fetch the file of an export",
    response_class=StreamingResponse,
    responses=problems(BadExportLinkError, ExportGoneError),
)
async def fetch_file(
    state: State,
    token: Annotated[str, Query(max_length=MAX_CURSOR_CHARACTERS, description="Of `download`.")],
) -> StreamingResponse:
    """Whoever has the link may fetch: no key is asked for. It is written in the audit trail."""
    workspace_id, export_id = _open_link(state, token)
    reader = Actor(kind="link", id=str(export_id), label="export link")
    async with state.database.unit(workspace_id, actor=reader) as uow:
        export = await exports.note_download(uow, export_id)
    name = f"{export.draft.what}-{export.created_at:%Y%m%d-%H%M}.{export.draft.format}"
    return StreamingResponse(
        exports.read_file(state.database, workspace_id, export),
        media_type=_MEDIA[export.draft.format],
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        },
    )


@router.get("/{export_id}", summary="Read an export", responses=problems(NotFoundError))
async def get_export(uow: ManageReadUnit, state: State, export_id: UUID) -> ExportView:
    """How far it is; once it is `done`, with a new link for 15 minutes."""
    return _view(uow, state, await exports.get_export(uow, export_id))


@router.post(
    "/{export_id}/cancel",
    summary="Cancel an export",
    responses=problems(NotFoundError, ExportOverError),
)
async def cancel_export(uow: ManageUnit, state: State, export_id: UUID) -> ExportView:
    """What was written of it goes at once."""
    return _view(uow, state, await exports.cancel(uow, export_id))


def _view(uow: UnitOfWork, state: AppState, export: Export) -> ExportView:
    if export.state is not ExportState.DONE:
        return ExportView.of(export, None)
    until = host_now() + exports.LINK_HOLDS
    token = state.cursor_codec.encode([uow.workspace_id, export.id, until], purpose=_LINK)
    return ExportView.of(export, f"/v1/exports/file?token={token}")


def _open_link(state: AppState, token: str) -> tuple[UUID, UUID]:
    try:
        workspace_id, export_id, holds_until = state.cursor_codec.decode(
            token, UUID, UUID, datetime, purpose=_LINK
        )
    except InvalidCursorError:
        raise BadExportLinkError from None
    if holds_until < host_now():
        raise ExportGoneError
    return workspace_id, export_id

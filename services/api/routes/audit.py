"""The trail: who changed what, newest first."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.api.deps import ManageReadUnit, PageQuery
from services.api.errors import problems
from services.api.schemas.audit import AuditQuery, VerificationView
from services.api.schemas.common import Page
from services.api.schemas.sorting import is_oldest_first, purpose_of
from services.api.schemas.workspaces import AuditView
from services.core.audit import service as audit
from services.core.kit.cursors import InvalidCursorError

router = APIRouter(prefix="/v1/audit", tags=["workspace"])
# So many are counted within a request; the command counts all of them.
MOST_CHECKED = 100_000


@router.get("", summary="Read the trail", responses=problems(InvalidCursorError))
async def list_audit(
    uow: ManageReadUnit, page: PageQuery, asked: Annotated[AuditQuery, Query()]
) -> Page[AuditView]:
    """The newest first; all that is asked for must hold."""
    purpose = purpose_of("audit", asked.sort)
    start = page.start(UUID, purpose=purpose)
    found = await audit.read(
        uow,
        asked.to_filter(),
        after=start[0] if start else None,
        limit=page.limit + 1,
        oldest_first=is_oldest_first(asked.sort),
    )
    items, end = page.cut(found, lambda row: [row.id], purpose=purpose)
    return Page(items=[AuditView.model_validate(row) for row in items], next_cursor=end)


@router.get("/verification", summary="Count the trail's chain again")
async def verify_audit(uow: ManageReadUnit) -> VerificationView:
    """Whether every row is as it was written, and the first that is not."""
    return VerificationView.of(await audit.verify(uow, most=MOST_CHECKED))

"""One act on many cases: what a person does to a selection in the inbox."""

from datetime import timedelta

from fastapi import APIRouter

from services.api.deps import State, WorkUnit
from services.api.errors import problems
from services.api.schemas.bulk import BulkBody, BulkDone, BulkOutcome
from services.core.cases.errors import PastMomentError
from services.core.desk import bulk
from services.core.kit.errors import InvalidInputError, NotFoundError

router = APIRouter(prefix="/v1/cases/bulk", tags=["cases"])


@router.post(
    "",
    summary="Act on many cases",
    responses=problems(NotFoundError, InvalidInputError, PastMomentError),
)
async def act(uow: WorkUnit, state: State, body: BulkBody) -> BulkDone:
    """Up to 500 cases in one transaction: each that allows it is done, the others say why not.

    Sent again it changes nothing more. The opposite act takes it back: `reopen` for `resolve`,
    `wake` for `snooze` and `wait`.
    """
    grace = timedelta(seconds=state.settings.triage.grace_seconds)
    outcomes = await bulk.act(uow, body.case_ids, body.to_wish(), grace=grace)
    items = [BulkOutcome.of(outcome) for outcome in outcomes]
    done = sum(item.ok for item in items)
    return BulkDone(done=done, refused=len(items) - done, items=items)

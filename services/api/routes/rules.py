"""What a workspace decides by itself: rules, tried out before they are saved, and their log."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.deps import LongPageQuery, ManageReadUnit, ManageUnit, PageQuery, ReadUnit
from services.api.errors import problems
from services.api.schemas.common import Page
from services.api.schemas.rules import DryRunBody, DryRunView, RuleBody, RuleView, RunView
from services.api.schemas.sorting import RunSort, TriedSort, VersionSort, purpose_of
from services.api.whole import part_of
from services.core.desk import reacting
from services.core.kit.cursors import InvalidCursorError
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.rulebook import service as rulebook
from services.core.rulebook.errors import RuleNameTakenError, TooManyRulesError

router = APIRouter(prefix="/v1/rules", tags=["rules"])


@router.get("", summary="List rules", responses=problems(InvalidCursorError))
async def list_rules(
    uow: ReadUnit, page: LongPageQuery, sort: TriedSort = TriedSort.FIRST_TRIED
) -> Page[RuleView]:
    """Live rules, unasked in the order they are tried. There are 200 at most."""
    found = [RuleView.of(rule) for rule in await rulebook.list_rules(uow)]
    return part_of(found, page, sort, noun="rules")


@router.post(
    "",
    summary="Create a rule",
    status_code=status.HTTP_201_CREATED,
    responses=problems(RuleNameTakenError, TooManyRulesError, InvalidInputError),
)
async def create_rule(uow: ManageUnit, body: RuleBody, response: Response) -> RuleView:
    """It holds for what is said from now on. Try it out first: `POST /v1/rules/dry-run`."""
    rule = RuleView.of(await rulebook.create_rule(uow, body.to_draft()))
    response.headers["location"] = f"/v1/rules/{rule.id}"
    response.headers["etag"] = f'"{rule.version}"'
    return rule


@router.post("/dry-run", summary="Try a rule out", responses=problems(InvalidInputError))
async def try_rule(uow: ManageReadUnit, body: DryRunBody) -> DryRunView:
    """What a draft would have done in the last days, with counts and examples. Changes nothing."""
    found = await reacting.try_out(uow, body.rule.to_draft(), days=body.days)
    return DryRunView.model_validate(found)


@router.get("/runs", summary="List what rules did", responses=problems(InvalidCursorError))
async def list_runs(
    uow: ReadUnit,
    page: PageQuery,
    rule_id: UUID | None = None,
    message_id: UUID | None = None,
    sort: RunSort = RunSort.NEWEST,
) -> Page[RunView]:
    """The execution log, unasked the newest first."""
    purpose = purpose_of("rule_runs", sort)
    stretch = page.stretch(sort, datetime, UUID, purpose=purpose)
    found = await rulebook.list_runs(uow, stretch, rule_id=rule_id, message_id=message_id)
    items, cursor = page.cut(found, lambda run: [run.at, run.id], purpose=purpose)
    return Page(items=[RunView.model_validate(run) for run in items], next_cursor=cursor)


@router.get("/{rule_id}", summary="Read a rule", responses=problems(NotFoundError))
async def get_rule(uow: ReadUnit, rule_id: UUID, response: Response) -> RuleView:
    """The current version."""
    rule = RuleView.of(await rulebook.get_rule(uow, rule_id))
    response.headers["etag"] = f'"{rule.version}"'
    return rule


@router.put(
    "/{rule_id}",
    summary="Save the next version of a rule",
    responses=problems(NotFoundError, RuleNameTakenError, InvalidInputError),
)
async def change_rule(
    uow: ManageUnit, rule_id: UUID, body: RuleBody, response: Response
) -> RuleView:
    """What was judged under an earlier version stays as it was judged."""
    rule = RuleView.of(await rulebook.change_rule(uow, rule_id, body.to_draft()))
    response.headers["etag"] = f'"{rule.version}"'
    return rule


@router.delete(
    "/{rule_id}",
    summary="Archive a rule",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(NotFoundError),
)
async def archive_rule(uow: ManageUnit, rule_id: UUID) -> None:
    """It runs no more. What it did, and its log, stay."""
    await rulebook.archive_rule(uow, rule_id)


@router.get(
    "/{rule_id}/versions",
    summary="List the versions of a rule",
    responses=problems(NotFoundError, InvalidCursorError),
)
async def list_versions(
    uow: ReadUnit,
    rule_id: UUID,
    page: LongPageQuery,
    sort: VersionSort = VersionSort.OLDEST,
) -> Page[RuleView]:
    """Every version ever saved, those of archived rules included."""
    purpose = purpose_of(f"versions/{rule_id}", sort)
    stretch = page.stretch(sort, int, purpose=purpose)
    found = await rulebook.list_versions(uow, rule_id, stretch)
    items, cursor = page.cut(found, lambda one: [one.version], purpose=purpose)
    return Page(items=[RuleView.of(each) for each in items], next_cursor=cursor)

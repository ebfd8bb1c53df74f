"""Lists people come back to: saved under a name, for everybody or for oneself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.uow import UnitOfWork
from services.core.views import repository, rules
from services.core.views.errors import BuiltInViewError, TooManyViewsError, ViewNameTakenError
from services.core.views.types import SavedView, ViewDraft, ViewKind


async def list_views(
    uow: UnitOfWork, member_id: UUID | None, *, kind: ViewKind | None = None
) -> list[SavedView]:
    """Those that come with Warmline, then everybody's and the member's own, by name."""
    built_in = [view for view in rules.BUILT_IN if kind in {None, view.draft.kind}]
    return [*built_in, *await repository.list_views(uow, member_id, kind)]


async def get_view(uow: UnitOfWork, view_id: UUID, member_id: UUID | None) -> SavedView:
    """Raises NotFoundError for an unknown view, and for somebody else's own."""
    return rules.find_built_in(view_id) or await _get(uow, view_id, member_id)


async def find_view(uow: UnitOfWork, place: str, member_id: UUID | None) -> SavedView:
    """By its id, or by the short name of one that comes with Warmline. Raises NotFoundError."""
    named = rules.find_by_slug(place)
    if named is not None:
        return named
    try:
        view_id = UUID(place)
    except ValueError:
        noun = "view"
        raise NotFoundError(noun) from None
    return await get_view(uow, view_id, member_id)


async def create_view(uow: UnitOfWork, draft: ViewDraft) -> SavedView:
    """Raises ViewNameTakenError, TooManyViewsError."""
    await repository.take_turn(uow)
    if await repository.count_views(uow) >= rules.MOST_VIEWS:
        raise TooManyViewsError(rules.MOST_VIEWS)
    view = SavedView(ids.new_id(), 1, draft, uow.real_now, uow.real_now)
    with _names_are_unique():
        await repository.add_view(uow, view)
    await _note(uow, "created", view)
    return view


async def change_view(
    uow: UnitOfWork, view_id: UUID, draft: ViewDraft, member_id: UUID | None
) -> SavedView:
    """Everything of it at once. Raises NotFoundError, ViewNameTakenError, BuiltInViewError."""
    before = await _get(uow, view_id, member_id, locked=True)
    view = replace(before, version=before.version + 1, draft=draft, updated_at=uow.real_now)
    with _names_are_unique():
        await repository.change_view(uow, view)
    await _note(uow, "changed", view)
    return view


async def delete_view(uow: UnitOfWork, view_id: UUID, member_id: UUID | None) -> None:
    """Raises NotFoundError, BuiltInViewError."""
    view = await _get(uow, view_id, member_id, locked=True)
    await repository.delete_view(uow, view_id)
    await _note(uow, "deleted", view)


async def _get(
    uow: UnitOfWork, view_id: UUID, member_id: UUID | None, *, locked: bool = False
) -> SavedView:
    if rules.find_built_in(view_id) is not None:
        raise BuiltInViewError
    view = await repository.get_view(uow, view_id, locked=locked)
    if view is None or not rules.may_see(view, member_id):
        noun = "view"
        raise NotFoundError(noun)
    return view


async def _note(uow: UnitOfWork, verb: str, view: SavedView) -> None:
    detail = {"kind": str(view.draft.kind), "shared": view.draft.owner_id is None}
    await audit.record(uow, [AuditEntry(f"view.{verb}", "view", view.id, detail)])


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise ViewNameTakenError from error

"""Which views come with Warmline, and who sees which."""

from uuid import UUID, uuid4

import pytest

from services.api.schemas.views import CaseConditions, conditions_of
from services.core.views import rules
from services.core.views.types import SavedView, ViewDraft, ViewKind

LIN, WU = uuid4(), uuid4()


@pytest.mark.parametrize("view", rules.BUILT_IN, ids=lambda view: view.draft.name)
def test_a_built_in_view_is_one_that_could_have_been_saved(view: SavedView) -> None:
    wanted = conditions_of(view)
    assert isinstance(wanted, CaseConditions)
    kept = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"list_of"})
    assert kept == view.draft.filters
    assert rules.find_built_in(view.id) is view


def test_an_unknown_id_is_no_built_in_view() -> None:
    assert rules.find_built_in(UUID(int=1)) is None


@pytest.mark.parametrize(
    ("owner", "who", "seen"),
    [(None, None, True), (None, LIN, True), (LIN, LIN, True), (LIN, WU, False), (LIN, None, False)],
)
def test_what_has_an_owner_is_seen_by_nobody_else(
    owner: UUID | None, who: UUID | None, seen: bool
) -> None:
    view = SavedView(uuid4(), 1, ViewDraft("Mine", ViewKind.CASES, owner_id=owner))
    assert rules.may_see(view, who) is seen

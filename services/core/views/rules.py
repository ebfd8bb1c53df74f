"""Which views there are without anybody saving one, and how many may be saved."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from services.core.views.types import SavedView, ViewDraft, ViewKind

MOST_VIEWS: Final = 200
# Who looks at a view, and not one member.
ME: Final = "me"

# The same ids everywhere, so that a front end may know them.
_FIRST: Final = 0x7A11_0000_0000
_COME_WITH_IT: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "urgent": ("紧急 · Urgent now", {"tier": ["urgent"]}),
    "unassigned": ("无人认领 · Unassigned", {"assignee_id": "none"}),
    "due-soon": ("两小时内到期 · Due within 2 h", {"due_within_minutes": 120}),
    "mine": ("我的 · Mine", {"assignee_id": ME}),
}
BUILT_IN: Final = tuple(
    SavedView(
        UUID(int=_FIRST + place),
        1,
        ViewDraft(name, ViewKind.CASES, conditions),
        is_built_in=True,
        slug=slug,
    )
    for place, (slug, (name, conditions)) in enumerate(_COME_WITH_IT.items(), start=1)
)


def find_built_in(view_id: UUID) -> SavedView | None:
    return next((view for view in BUILT_IN if view.id == view_id), None)


def find_by_slug(slug: str) -> SavedView | None:
    return next((view for view in BUILT_IN if view.slug == slug), None)


def may_see(view: SavedView, member_id: UUID | None) -> bool:
    """Everybody sees what has no owner; what has one is seen by nobody else."""
    return view.draft.owner_id is None or view.draft.owner_id == member_id

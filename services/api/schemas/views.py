"""Saved views: which list, with which conditions, under which name."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, TypeAdapter, model_validator
from pydantic.config import JsonDict

from services.api.schemas.common import Id, Moment, Name, ReadModel, Spelled, StrictModel
from services.api.schemas.included import ListedCase, ListedMessage
from services.api.schemas.messages import Follower
from services.core.board.types import CaseFilter, MessageFilter
from services.core.cases.types import CaseState
from services.core.conversations.types import ItemKind
from services.core.sessions.errors import NotSignedInError
from services.core.triage.types import Category, Tier
from services.core.views import rules
from services.core.views.types import SavedView, ViewDraft, ViewKind

LONGEST_AHEAD_MINUTES = 30 * 24 * 60
_MOST_TEXT = 100
_MOST_HANDLE = 256

EXAMPLE: JsonDict = {
    "name": "今天要回的 · Today",
    "where": {"in": "cases", "tier": ["urgent", "important"], "due_within_minutes": 480},
}


class CaseConditions(StrictModel):
    """As `GET /v1/cases` takes them; all hold together.

    `assignee_id` is a member, `none`, or `me`: whoever looks. `due_within_minutes` is counted from
    when somebody looks, and not given together with `due_before`.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    list_of: Annotated[Literal["cases"], Field(alias="in")]
    state: Annotated[list[Spelled[CaseState]], Field(max_length=5, default_factory=list)]
    tier: Annotated[list[Spelled[Tier]], Field(max_length=4, default_factory=list)]
    category: Annotated[list[Spelled[Category]], Field(max_length=12, default_factory=list)]
    assignee_id: Id | Literal["none", "me"] | None = None
    source_id: Id | None = None
    follower_id: Id | None = None
    due_before: Moment | None = None
    due_within_minutes: Annotated[int, Field(ge=1, le=LONGEST_AHEAD_MINUTES)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=_MOST_TEXT)] | None = None

    @model_validator(mode="after")
    def _due_once(self) -> Self:
        if self.due_before is not None and self.due_within_minutes is not None:
            raise ValueError("Say `due_before` or `due_within_minutes`, not both.")
        return self

    def to_filter(self, now: datetime, member_id: UUID | None) -> CaseFilter:
        """Raises NotSignedInError where the view is of whoever looks, and nobody does."""
        if self.assignee_id == rules.ME and member_id is None:
            raise NotSignedInError
        assignee = member_id if self.assignee_id == rules.ME else self.assignee_id
        due_before = self.due_before
        if self.due_within_minutes is not None:
            due_before = now + timedelta(minutes=self.due_within_minutes)
        return CaseFilter(
            states=tuple(self.state),
            tiers=tuple(self.tier),
            categories=tuple(self.category),
            assignee_id=assignee if isinstance(assignee, UUID) else None,
            unassigned=self.assignee_id == "none",
            source_id=self.source_id,
            follower_id=self.follower_id,
            due_before=due_before,
            text=self.text,
        )


class MessageConditions(StrictModel):
    """As `GET /v1/messages` takes them."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    list_of: Annotated[Literal["messages"], Field(alias="in")]
    source_id: Id | None = None
    kind: Spelled[ItemKind] | None = None
    tier: Spelled[Tier] | None = None
    needs_reply: bool | None = None

    def to_filter(self) -> MessageFilter:
        return MessageFilter(
            source_id=self.source_id, kind=self.kind, tier=self.tier, needs_reply=self.needs_reply
        )


class FollowerConditions(StrictModel):
    """As `GET /v1/followers` takes them."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    list_of: Annotated[Literal["followers"], Field(alias="in")]
    source_id: Id | None = None
    handle: Annotated[str, Field(min_length=1, max_length=_MOST_HANDLE)] | None = None


Conditions = Annotated[
    CaseConditions | MessageConditions | FollowerConditions, Field(discriminator="list_of")
]
_CONDITIONS: TypeAdapter[Conditions] = TypeAdapter(Conditions)


class ViewBody(StrictModel):
    """A list with conditions under a name: everybody's, or with `shared` false one's own."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    where: Conditions
    shared: bool = True

    def to_draft(self, member_id: UUID | None) -> ViewDraft:
        """Raises NotSignedInError where nobody is there whose own it could be."""
        if not self.shared and member_id is None:
            raise NotSignedInError
        kept = self.where.model_dump(mode="json", exclude_defaults=True, exclude={"list_of"})
        owner_id = None if self.shared else member_id
        return ViewDraft(self.name, ViewKind(self.where.list_of), kept, None, owner_id)


class ViewView(ReadModel):
    """One that is `built_in` is the same everywhere, cannot be changed, and has a short name."""

    id: UUID
    slug: str | None
    version: int
    name: str
    where: Conditions
    shared: bool
    built_in: bool
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, view: SavedView) -> Self:
        return cls(
            id=view.id,
            slug=view.slug,
            version=view.version,
            name=view.draft.name,
            where=conditions_of(view),
            shared=view.draft.owner_id is None,
            built_in=view.is_built_in,
            created_at=view.created_at,
            updated_at=view.updated_at,
        )


class ViewItems(ReadModel):
    """A page of what a view looks at; only the list it is `of` is there."""

    of: ViewKind
    cases: list[ListedCase] | None = None
    messages: list[ListedMessage] | None = None
    followers: list[Follower] | None = None
    next_cursor: str | None = None


def conditions_of(view: SavedView) -> CaseConditions | MessageConditions | FollowerConditions:
    """As they were saved; they were checked then."""
    spelled: Mapping[str, Any] = {"in": view.draft.kind.value, **view.draft.filters}
    return _CONDITIONS.validate_python(spelled, strict=False)

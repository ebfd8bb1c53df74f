"""Rows of the reading side as the plain nested shapes the contract names."""

from typing import Any

from sqlalchemy import Row, RowMapping

from services.core.board import statements
from services.core.board.types import View

_CASE_FIELDS = (
    "id",
    "state",
    "tier",
    "tier_override",
    "category",
    "sentiment",
    "channel",
    "source_id",
    "opening_message_id",
    "unanswered",
    "reopened",
    "opened_at",
    "last_message_at",
    "answered_at",
    "resolved_at",
    "snoozed_until",
    "next_due_at",
    "policy_id",
    "policy_version",
    "version",
    "updated_at",
)
_MESSAGE_FIELDS = (
    "id",
    "source_id",
    "external_id",
    "kind",
    "direction",
    "case_id",
    "post_id",
    "author_id",
    "parent_external_id",
    "in_reply_to",
    "member_handle",
    "sanitized",
    "hidden",
    "historical",
    "version",
    "occurred_at",
    "received_at",
    "needs_reply",
    "tier",
)


def as_view(row: Row[Any]) -> View:
    return dict(_mapping(row))


def case_view(row: Row[Any]) -> View:
    """The case with the people and the post it is about, each None when there is none."""
    found = _mapping(row)
    view = {name: found[name] for name in _CASE_FIELDS}
    view["follower"] = _reference(
        found,
        "follower",
        ("external_id", "handle", "name", "followers_count", "verified"),
    )
    view["post"] = _reference(found, "post", ("external_id", "title", "url"))
    view["assignee"] = _reference(found, "assignee", ("handle", "name"))
    return view


def case_line(row: Row[Any]) -> View:
    """A case in a list: with the start of the message that opened it, unless it was deleted."""
    excerpt = None if row.excerpt_deleted_at else row.excerpt
    return case_view(row) | {"excerpt": excerpt}


def message_view(row: Row[Any]) -> View:
    """A message; the text of a deleted one is not shown to anybody any more."""
    found = _mapping(row)
    view = {name: found[name] for name in _MESSAGE_FIELDS}
    view["deleted"] = row.deleted_at is not None
    view["deleted_at"] = row.deleted_at
    view["text"] = None if view["deleted"] else row.text
    view["attributes"] = {} if view["deleted"] else row.attributes
    view["author"] = _reference(found, "author", ("external_id", "handle", "name"))
    view["judgement"] = judgement_view(row) if row.j_id is not None else None
    return view


def judgement_view(row: Row[Any]) -> View:
    found = _mapping(row)
    return {name: found[f"j_{name}"] for name in statements.JUDGEMENT_FIELDS}


def post_view(row: Row[Any]) -> View:
    """A post; what a deleted one said is not shown any more."""
    view = as_view(row)
    view["deleted"] = view["deleted_at"] is not None
    if view["deleted"]:
        view |= {"title": None, "text": None, "hashtags": None}
    return view


def _reference(found: RowMapping, noun: str, fields: tuple[str, ...]) -> View | None:
    if found[f"{noun}_id"] is None:
        return None
    return {"id": found[f"{noun}_id"]} | {name: found[f"{noun}_{name}"] for name in fields}


def _mapping(row: Row[Any]) -> RowMapping:
    return row._mapping  # noqa: SLF001 - the public name of a row as a mapping

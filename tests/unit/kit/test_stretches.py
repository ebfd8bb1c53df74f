"""A stretch ends a statement the same way, written by hand or built."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from services.core.kit.stretches import EVERYTHING, Stretch, newest, oldest
from services.core.workspaces.models import MemberRow

ID = UUID(int=7)
ENDS = [
    (EVERYTHING, "ORDER BY name, id LIMIT :most"),
    (oldest(3), "ORDER BY name, id LIMIT :most"),
    (newest(3), "ORDER BY name DESC, id DESC LIMIT :most"),
    (
        replace(oldest(3), seen=("Lin", ID)),
        "AND (name, id) > (:seen_0, :seen_1) ORDER BY name, id LIMIT :most",
    ),
    (
        replace(newest(3), seen=("Lin", ID)),
        "AND (name, id) < (:seen_0, :seen_1) ORDER BY name DESC, id DESC LIMIT :most",
    ),
]


@pytest.mark.parametrize(("stretch", "end"), ENDS)
def test_a_statement_is_ended_by_what_was_seen_the_order_and_the_limit(
    stretch: Stretch, end: str
) -> None:
    assert stretch.sql("name", "id") == end
    assert stretch.bound["most"] == stretch.limit
    assert set(stretch.bound) == {"most"} | ({"seen_0", "seen_1"} if stretch.seen else set())


@pytest.mark.parametrize(("stretch", "end"), ENDS)
def test_a_query_is_ended_alike(stretch: Stretch, end: str) -> None:
    built = stretch.of(select(MemberRow.id), MemberRow.name, MemberRow.id)
    said = " ".join(str(built.compile(dialect=postgresql.dialect())).split())
    order = end.partition("ORDER BY ")[2].partition(" LIMIT")[0]
    turned = ", ".join(f"members.{column}" for column in order.split(", "))
    assert f"ORDER BY {turned}" in said
    assert ("(members.name, members.id) <" in said) is (bool(stretch.seen) and stretch.descending)
    assert ("(members.name, members.id) >" in said) is (
        bool(stretch.seen) and not stretch.descending
    )
    assert ("LIMIT" in said) is (stretch.limit is not None)


def test_one_column_is_compared_by_itself() -> None:
    built = Stretch((ID,), descending=True).of(select(MemberRow.id), MemberRow.id)
    assert "members.id <" in str(built)
    assert "members.id >" in str(Stretch((ID,)).of(select(MemberRow.id), MemberRow.id))

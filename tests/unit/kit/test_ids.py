"""Ids: unique, ordered by time, and the same for the same thing."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.core.kit import ids


def test_new_ids_are_version_7_and_all_different() -> None:
    made = [ids.new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {made_id.version for made_id in made} == {7}


def test_each_new_id_is_higher_than_the_one_before() -> None:
    made = [ids.new_id() for _ in range(10_000)]
    assert made == sorted(made)


def test_an_id_lies_after_the_boundary_of_its_time() -> None:
    boundary = ids.first_id_at(datetime.now(UTC) - timedelta(seconds=1))
    assert boundary < ids.new_id() < ids.first_id_at(datetime.now(UTC) + timedelta(seconds=5))


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_derived_ids_are_equal_exactly_for_equal_parts(one: list[str], other: list[str]) -> None:
    assert (ids.derived_id(*one) == ids.derived_id(*other)) == (one == other)


def test_a_derived_id_never_changes() -> None:
    # Rows in databases out there carry it.
    source = UUID("00000000-0000-0000-0000-000000000005")
    assert ids.derived_id(source, "message", "comment", "c1") == UUID(
        "12d8a470-3711-8ced-9ec3-7cd15d2197bb"
    )


def test_lone_surrogates_do_not_break_an_id() -> None:
    assert ids.derived_id("\ud800") != ids.derived_id("\ud801")

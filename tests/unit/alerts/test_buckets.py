"""Buckets keep a channel within what its vendor allows, whatever the minute it is counted over."""

import pytest

from services.core.alerts.buckets import ALONE, MOST_ALERTS, OWN, bucket_of, rows_in
from services.core.alerts.limits import limits_of
from services.core.alerts.types import ChannelKind

METERED = [kind.value for kind in ChannelKind]


@pytest.mark.parametrize("kind", METERED)
def test_no_minute_sees_more_than_the_limit(kind: str) -> None:
    bucket, limits = bucket_of(kind), limits_of(kind)
    assert bucket.capacity >= 1
    assert 0 < bucket.refill <= limits.per_second
    assert bucket.capacity + 60 * bucket.refill <= limits.per_minute + 1e-9


def test_what_belongs_to_the_house_takes_more_than_any_robot() -> None:
    robots = max(bucket_of(kind).refill for kind in ("feishu", "slack", "email"))
    assert min(bucket_of(kind).refill for kind in ("webhook", "console", "alertmanager")) > robots


def test_the_houses_own_have_as_many_hands_as_anybody() -> None:
    assert {bucket_of(kind).width for kind in OWN} == {None}
    assert bucket_of("dingtalk").width == 1


def test_an_incident_or_a_programs_input_is_never_gathered_unasked() -> None:
    assert {bucket_of(kind).digest_rows for kind in ALONE} == {0}
    assert bucket_of("feishu").digest_rows > 0


def test_a_digest_fits_the_body_it_travels_in() -> None:
    assert rows_in(4_096) == 19
    assert rows_in(100) == 1
    assert rows_in(10**9) == MOST_ALERTS

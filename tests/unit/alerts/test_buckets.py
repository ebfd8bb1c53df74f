"""Buckets keep a channel within what its vendor allows, whatever the minute it is counted over."""

import pytest

from services.core.alerts.buckets import MOST_ALERTS, bucket_of, rows_in
from services.core.alerts.limits import limits_of

METERED = ["feishu", "dingtalk", "wecom", "slack", "pagerduty", "email", "apprise"]


@pytest.mark.parametrize("kind", METERED)
def test_no_minute_sees_more_than_the_limit(kind: str) -> None:
    bucket, limits = bucket_of(kind), limits_of(kind)
    assert bucket.capacity is not None
    assert 0 < bucket.refill <= limits.per_second
    assert bucket.capacity + 60 * bucket.refill <= limits.per_minute + 1e-9


@pytest.mark.parametrize("kind", ["webhook", "console", "alertmanager"])
def test_what_belongs_to_the_house_is_not_measured(kind: str) -> None:
    assert bucket_of(kind).capacity is None


def test_an_incident_of_its_own_is_never_gathered() -> None:
    assert bucket_of("pagerduty").digest_rows == 0
    assert bucket_of("feishu").digest_rows > 0


def test_a_digest_fits_the_body_it_travels_in() -> None:
    assert rows_in(4_096) == 19
    assert rows_in(100) == 1
    assert rows_in(10**9) == MOST_ALERTS

"""A workspace may send so much, its own number counts first, and history comes one at a time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.core.intake import quota
from services.core.intake.errors import OverQuotaError
from services.core.intake.quota import Quotas

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def quotas() -> Quotas:
    return Quotas(events_per_minute=60, burst_events=10)


def test_a_burst_is_admitted_then_one_a_second(quotas: Quotas) -> None:
    quotas.admit(ONE, 10, override=None, now=NOW)
    with pytest.raises(OverQuotaError) as refused:
        quotas.admit(ONE, 3, override=None, now=NOW)
    assert refused.value.retry_after == pytest.approx(3)
    quotas.admit(ONE, 3, override=None, now=NOW + timedelta(seconds=3))


def test_one_workspaces_burst_costs_another_nothing(quotas: Quotas) -> None:
    quotas.admit(ONE, 10, override=None, now=NOW)
    quotas.admit(OTHER, 10, override=None, now=NOW)


def test_a_workspaces_own_number_holds_as_soon_as_it_is_set(quotas: Quotas) -> None:
    quotas.admit(ONE, 10, override=None, now=NOW)
    later = NOW + timedelta(minutes=1)
    quotas.admit(ONE, 600, override=600, now=later + timedelta(minutes=1))
    with pytest.raises(OverQuotaError):
        quotas.admit(ONE, 2, override=1, now=later + timedelta(minutes=1))


def test_buckets_do_not_pile_up(quotas: Quotas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_BUCKETS", 2)
    for number in range(5):
        quotas.admit(UUID(int=number), 10, override=None, now=NOW)
    # The oldest was forgotten, which is generous; the newest was not.
    quotas.admit(UUID(int=0), 10, override=None, now=NOW)
    with pytest.raises(OverQuotaError):
        quotas.admit(UUID(int=4), 10, override=None, now=NOW)


def test_one_backfill_at_a_time_for_each_workspace(quotas: Quotas) -> None:
    def start(workspace_id: UUID) -> None:
        with quotas.backfill(workspace_id):
            return

    with quotas.backfill(ONE):
        start(OTHER)
        with pytest.raises(OverQuotaError):
            start(ONE)
    start(ONE)

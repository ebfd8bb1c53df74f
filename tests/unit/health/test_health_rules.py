import pytest

from services.core.health import rules, service
from services.core.health.types import Check, CheckState, ReadyState

OK = Check("a", CheckState.OK)
SLOW = Check("b", CheckState.DEGRADED)
AWAY = Check("c", CheckState.FAILED)


@pytest.mark.parametrize(
    ("checks", "state"),
    [
        ([], ReadyState.READY),
        ([OK], ReadyState.READY),
        ([OK, SLOW], ReadyState.DEGRADED),
        ([SLOW, AWAY, OK], ReadyState.UNREADY),
    ],
)
def test_the_whole_is_as_bad_as_its_worst_part(checks: list[Check], state: ReadyState) -> None:
    assert rules.overall(checks) is state


def test_a_schema_of_another_release_only_degrades() -> None:
    assert rules.check_schema("7", "7").state is CheckState.OK
    assert rules.check_schema("8", "7").state is CheckState.DEGRADED
    assert rules.check_schema(None, "7").state is CheckState.FAILED


def test_no_worker_degrades() -> None:
    assert rules.check_workers(0).state is CheckState.DEGRADED
    assert rules.check_workers(2).state is CheckState.OK


def test_the_newest_migration_is_the_one_no_other_follows() -> None:
    assert service.expected_revision()

"""An alert of a detector: as loud as the detector says, in the detector's words."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.core.alerts import rules
from services.core.alerts.types import (
    Alert,
    AlertKind,
    AlertState,
    DetectorNotice,
    Purpose,
    Severity,
)
from services.core.triage.types import Tier

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def alert_of(detail: dict[str, Any], severity: Severity = Severity.WARNING) -> Alert:
    notice = DetectorNotice(
        detector_id=UUID(int=1),
        kind="silence",
        firing_id=UUID(int=2),
        severity=severity,
        tier=Tier.IMPORTANT,
        detail=detail,
    )
    row = rules.new_detector_alert(notice, alert_id=UUID(int=3), now=NOON, ladder={})
    typed = {
        "kind": AlertKind(row["kind"]),
        "severity": Severity(row["severity"]),
        "tier": Tier(row["tier"]),
        "state": AlertState(row["state"]),
    }
    return Alert(**row | typed)


@pytest.mark.parametrize(
    ("severity", "step"),
    [
        (Severity.HINT, 50),
        (Severity.WARNING, 80),
        (Severity.BREACH, 100),
        (Severity.ESCALATION, 150),
    ],
)
def test_how_loud_it_is_says_where_on_the_ladder_it_stands(severity: Severity, step: int) -> None:
    alert = alert_of({}, severity)
    assert (alert.step, alert.severity) == (step, severity)


def test_the_firing_and_the_detector_travel_with_it() -> None:
    alert = alert_of({"share": 0.4})
    message = rules.build_message(alert, Purpose.FIRING, now=NOON)
    assert message["detector_firing_id"] == str(UUID(int=2))
    assert message["detail"] == {
        "share": 0.4,
        "detector_id": str(UUID(int=1)),
        "detector": "silence",
    }


def test_its_own_sentence_is_said_and_again_when_it_is_said_again() -> None:
    alert = alert_of({"sentence": {"zh": "来源没有声音。", "en": "The source is silent."}})
    first = rules.build_message(alert, Purpose.FIRING, now=NOON)["sentence"]
    assert first == {"zh": "来源没有声音。", "en": "The source is silent."}
    later = rules.build_message(alert, Purpose.ESCALATED, now=NOON)["sentence"]
    assert later == {"zh": "再次提醒：来源没有声音。", "en": "Again: The source is silent."}


def test_without_a_sentence_of_its_own_there_is_a_plain_one_and_an_end() -> None:
    alert = alert_of({})
    assert "unusual" in rules.build_message(alert, Purpose.FIRING, now=NOON)["sentence"]["en"]
    over = rules.build_message(alert, Purpose.RESOLVED, now=NOON)["sentence"]
    assert over["en"].startswith("What looked unusual is back")

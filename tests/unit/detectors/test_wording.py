"""What people read when a detector goes off: both languages, with every figure in its place."""

from datetime import UTC, datetime, timedelta

import pytest

from services.core.alerts.types import Severity
from services.core.detectors import wording
from services.core.detectors.types import DetectorDraft, DetectorKind, Judged
from services.core.triage.types import Tier

JUDGED = Judged(fires=True, value=42.5, usual=12.0, total=40, hits=17)


def draft(kind: DetectorKind, window_minutes: int = 60) -> DetectorDraft:
    return DetectorDraft(
        name="{name} & <b>",
        kind=kind,
        threshold=20,
        window_minutes=window_minutes,
        minimum=1,
        cool_down_minutes=0,
        severity=Severity.HINT,
        tier=Tier.ROUTINE,
    )


@pytest.mark.parametrize("kind", list(DetectorKind))
def test_every_kind_says_its_figure_in_both_languages(kind: DetectorKind) -> None:
    said = wording.sentences(draft(kind), JUDGED, "红薯{0}店")
    assert set(said) == {"zh", "en"}
    for sentence in said.values():
        assert "42.5" in sentence
        assert sentence.endswith(("。", "."))


def test_a_name_with_braces_stays_what_it_is() -> None:
    said = wording.sentences(draft(DetectorKind.SILENCE), JUDGED, "红薯{0}店")
    assert "红薯{0}店" in said["zh"]
    surge = wording.sentences(draft(DetectorKind.KEYWORD_SURGE), JUDGED, "")
    assert "“{name} & <b>”" in surge["en"]


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (15, "过去 15 分钟", "last 15 min"),
        (120, "过去 2 小时", "last 2 h"),
        (1_440, "过去 1 天", "last 1 d"),
        (90, "过去 90 分钟", "last 90 min"),
    ],
)
def test_a_length_of_time_is_said_without_fractions(minutes: int, zh: str, en: str) -> None:
    said = wording.sentences(draft(DetectorKind.VOLUME_SPIKE, minutes), JUDGED, "")
    assert zh in said["zh"]
    assert en in said["en"]


def test_the_figures_hold_no_text_of_a_message() -> None:
    figures = wording.figures_of(draft(DetectorKind.SILENCE), JUDGED, "")
    assert set(figures) == {
        "name",
        "window_minutes",
        "threshold",
        "value",
        "usual",
        "total",
        "hits",
        "subject",
        "sentence",
    }
    assert figures["subject"] is None


def test_what_is_seen_late_says_when_it_was() -> None:
    began = datetime(2026, 11, 21, 3, 7, tzinfo=UTC)
    ended, now = began + timedelta(minutes=33), began + timedelta(hours=2)
    figures = wording.figures_of(draft(DetectorKind.VOLUME_SPIKE), JUDGED, "")
    over = wording.late_figures(figures, began, ended, now)
    assert over["sentence"]["en"].startswith(
        "(Seen late, nobody was looking: this is how it was from 2026-11-21 03:07 to 11-21 03:40"
        " UTC.) 42.5 messages"
    )
    assert over["sentence"]["zh"].startswith("（补报：当时没有人在看，以下是 2026-11-21 03:07 至")
    assert over["seen_late_seconds"] == 7200
    on = wording.late_figures(figures, began, None, now)
    assert "from 2026-11-21 03:07 UTC on" in on["sentence"]["en"]
    assert "2026-11-21 03:07（UTC）起的情况" in on["sentence"]["zh"]
    assert "seen_late_seconds" not in figures

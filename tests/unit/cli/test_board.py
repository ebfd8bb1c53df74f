"""The board says how long is left, and draws whatever it knows."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from services.cli.board import Board, Picture, alert_line, countdown
from services.cli.climbs import Rung

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def an_alert(**changes: Any) -> dict[str, Any]:
    return {
        "id": "a1",
        "case_id": "01a1fc6b-a4ab-710e-a30c-5e02239787d7",
        "severity": "breach",
        "tier": "urgent",
        "clock_kind": "first_response",
        "step": 100,
        "late_by_seconds": 0,
        "state": "firing",
        "fired_at": NOW.isoformat(),
        **changes,
    }


@pytest.mark.parametrize(
    ("seconds", "text", "style"),
    [
        (75, "1:15", "green"),
        (10, "0:10", "yellow"),
        (-5, "-0:05", "bold red"),
        (7325, "2:02:05", "green"),
        (-3600, "-1:00:00", "bold red"),
    ],
)
def test_a_countdown_tells_the_time_left_and_turns_red_when_overdue(
    seconds: int, text: str, style: str
) -> None:
    assert countdown(NOW + timedelta(seconds=seconds), NOW) == (text, style)


def test_a_case_that_owes_nothing_has_no_countdown() -> None:
    assert countdown(None, NOW)[0] == "–"


def test_an_alert_line_holds_the_word_alert_and_how_late_it_is() -> None:
    line = alert_line(an_alert(late_by_seconds=7))
    assert "alert: breach, urgent first response at 100 %, 7 s late, case 239787d7" in line


def test_the_board_is_drawn_from_nothing_and_from_much() -> None:
    picture = Picture("http://127.0.0.1:8080", "wl_key", lambda: 3.0)
    assert "running for 3 s" in draw(picture)
    picture.summary = {
        "open": {"urgent": 2},
        "breached": {"urgent": 1},
        "today": {"attainment": {"overall": {"rate": 0.75}}},
        "alerts_firing": 4,
    }
    picture.cases = [
        {
            "tier": "urgent",
            "category": "pr_crisis",
            "next_due_at": None,
            "excerpt": "[red]不是样式[/]\n第二行",
        }
    ]
    picture.alerts.append(an_alert())
    drawn = draw(picture)
    assert "75%" in drawn
    assert "[red]不是样式[/] 第二行" in drawn
    assert "alert: breach" in drawn
    assert "http://127.0.0.1:8080/docs" in drawn
    assert "Bearer wl_key" in drawn


def test_the_board_shows_where_a_ladder_stands_and_the_link_that_stops_it() -> None:
    picture = Picture("http://127.0.0.1:8080", "wl_key", lambda: 3.0)
    told = Rung(1, "moderators", 1, NOW, NOW, ("林夏",))
    picture.rungs = [told, Rung(2, "managers", at=picture.now() + timedelta(seconds=30))]
    picture.link = "http://127.0.0.1:8080/a/token"
    drawn = draw(picture)
    assert "林夏 told" in drawn
    assert "2 managers" in drawn
    assert "http://127.0.0.1:8080/a/token" in drawn
    picture.climb_state = "acknowledged"
    assert "at rest: acknowledged" in draw(picture)


def test_an_alert_of_a_detector_has_a_line_as_well() -> None:
    found = an_alert(kind="detector", clock_kind=None, case_id=None)
    assert "alert: breach, a detector" in alert_line(found)
    assert "stuck stage" in alert_line(found | {"detail": {"detector": "stuck_stage"}})


def draw(picture: Picture) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(Board(picture))
    text = console.file.getvalue()  # type: ignore[attr-defined] - the StringIO from above
    assert isinstance(text, str)
    return text

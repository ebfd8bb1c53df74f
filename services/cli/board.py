"""The live board of a demo: what arrived, what is owed when, what fired, what was told to whom."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from services.cli.climbs import Rung, stands
from services.core.kit.clock import host_now

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

_TIERS: Final = ("urgent", "important", "routine")
_TIER_STYLE: Final = {"urgent": "bold red", "important": "yellow", "routine": "cyan", "spam": "dim"}
_SEVERITY_STYLE: Final = {
    "hint": "cyan",
    "warning": "yellow",
    "breach": "bold red",
    "escalation": "bold white on red",
}
_CASES_SHOWN: Final = 7
_ALERTS_SHOWN: Final = 6
_SOON_SECONDS: Final = 10


@dataclass(slots=True)
class Picture:
    """What the board shows; written by the watchers, read by whoever draws.

    `skew` is how far the server's clock is ahead of ours. Alerts are kept newest first.
    """

    url: str
    key: str = field(repr=False)
    seconds_running: Callable[[], float]
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    answered: int = 0
    verified: int = 0
    unverified: int = 0
    summary: dict[str, Any] = field(default_factory=dict)
    cases: list[dict[str, Any]] = field(default_factory=list)
    alerts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_ALERTS_SHOWN))
    rungs: list[Rung] = field(default_factory=list)
    climb_state: str = "firing"
    link: str = field(default="", repr=False)
    milestones: list[str] = field(default_factory=list)
    skew: timedelta = timedelta()

    def now(self) -> datetime:
        return host_now() + self.skew


class Board:
    """Draws the picture anew whenever rich asks, so countdowns run between two looks."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def __rich_console__(self, _console: "Console", _options: "ConsoleOptions") -> "RenderResult":
        from rich.columns import Columns

        picture = self._picture
        yield _headline(picture)
        yield Columns([_figures(picture), _promises(picture)], expand=True, equal=False)
        yield _cases(picture)
        yield _alerts(picture)
        if picture.rungs:
            yield _climb(picture)
        yield _addresses(picture)


def countdown(due: datetime | None, now: datetime) -> tuple[str, str]:
    """How long is left, or for how long it is overdue, and the style to show it in."""
    if due is None:
        return "–", "dim"
    left = int((due - now).total_seconds())
    sign, seconds = ("-", -left) if left < 0 else ("", left)
    hours, rest = divmod(seconds, 3600)
    text = f"{sign}{hours}:{rest // 60:02}:{rest % 60:02}" if hours else _minutes(sign, rest)
    if left < 0:
        return text, "bold red"
    return text, "yellow" if left <= _SOON_SECONDS else "green"


def alert_line(alert: dict[str, Any]) -> str:
    """One alert as one sentence, for a log or a pipe."""
    at = datetime.fromisoformat(alert["fired_at"]).astimezone()
    late = f", {alert['late_by_seconds']} s late" if alert["late_by_seconds"] else ""
    if alert.get("kind") == "rule":
        return f"{at:%H:%M:%S} alert: a rule met message {alert['message_id'][-8:]}"
    if alert.get("kind") == "budget_burn":
        return f"{at:%H:%M:%S} alert: {alert['severity']}, the error budget burns too fast{late}"
    if alert.get("kind") == "detector":
        found = (alert.get("detail") or {}).get("detector", "a detector").replace("_", " ")
        return f"{at:%H:%M:%S} alert: {alert['severity']}, {found}"
    promise = alert["clock_kind"].replace("_", " ")
    return (
        f"{at:%H:%M:%S} alert: {alert['severity']}, {alert['tier']} {promise} at "
        f"{alert['step']} %{late}, case {alert['case_id'][-8:]}"
    )


def _minutes(sign: str, seconds: int) -> str:
    return f"{sign}{seconds // 60}:{seconds % 60:02}"


def _headline(picture: Picture) -> "Text":
    from rich.text import Text

    line = Text()
    line.append(" Warmline ", style="bold black on yellow")
    line.append(f"  running for {picture.seconds_running():.0f} s", style="dim")
    if picture.milestones:
        line.append("   " + " · ".join(picture.milestones), style="green")
    return line


def _figures(picture: Picture) -> "Panel":
    from rich.panel import Panel

    rows = {
        "events accepted 收到": str(picture.accepted),
        "duplicates 重复": str(picture.duplicates),
        "not accepted 未收下": str(picture.refused),
        "replies given 已回复": str(picture.answered),
        "webhooks verified 已验签": str(picture.verified),
        "bad signatures 验签失败": str(picture.unverified),
    }
    table = _grid()
    for name, value in rows.items():
        table.add_row(name, value)
    return Panel(table, title="Traffic 流量", border_style="dim")


def _promises(picture: Picture) -> "Panel":
    from rich.panel import Panel

    table = _grid(3)
    opened, breached = picture.summary.get("open", {}), picture.summary.get("breached", {})
    table.add_row("", "open 未结", "overdue 超时", style="dim")
    for tier in _TIERS:
        overdue = breached.get(tier, 0)
        table.add_row(
            f"[{_TIER_STYLE[tier]}]{tier}[/]",
            str(opened.get(tier, 0)),
            f"[red]{overdue}[/]" if overdue else "0",
        )
    rate = picture.summary.get("today", {}).get("attainment", {}).get("overall", {}).get("rate")
    table.add_row("promises kept today 今日达成", "–" if rate is None else f"{rate:.0%}", "")
    table.add_row("alerts firing 告警中", str(picture.summary.get("alerts_firing", 0)), "")
    return Panel(table, title="Promises 承诺 (seconds instead of hours)", border_style="dim")


def _cases(picture: Picture) -> "Panel":
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, expand=True, show_header=False, padding=(0, 1))
    for width in (9, 10, 18):
        table.add_column(width=width, no_wrap=True)
    table.add_column(ratio=1, no_wrap=True)
    now = picture.now()
    for case in picture.cases[:_CASES_SHOWN]:
        due = case["next_due_at"] and datetime.fromisoformat(case["next_due_at"])
        table.add_row(
            Text(*countdown(due or None, now), justify="right"),
            Text(case["tier"], style=_TIER_STYLE.get(case["tier"], "")),
            Text(case["category"].replace("_", " "), style="dim"),
            Text(" ".join((case["excerpt"] or "").split())),
        )
    return Panel(table, title="Next due 最先到期", border_style="dim", height=_CASES_SHOWN + 2)


def _alerts(picture: Picture) -> "Panel":
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, expand=True, show_header=False, padding=(0, 1))
    for alert in picture.alerts:
        style = _SEVERITY_STYLE.get(alert["severity"], "")
        done = alert["state"] == "resolved"
        table.add_row(Text(alert_line(alert) + (" ✓" if done else ""), "dim" if done else style))
    return Panel(table, title="Alerts 告警", border_style="dim", height=_ALERTS_SHOWN + 2)


def _climb(picture: Picture) -> "Panel":
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    table = _grid(3)
    now = picture.now()
    for rung in picture.rungs:
        done = rung.done_at is not None
        style = "bold yellow" if done else "dim"
        resting = not done and picture.climb_state != "firing"
        words = f"at rest: {picture.climb_state}" if resting else stands(rung, now)
        table.add_row(Text(f"{rung.number} {rung.meant}", style), "", Text(words, style))
    link = picture.link or "answered; the next one climbs soon"
    shown = Text(link, f"cyan link {link}" if picture.link else "green", overflow="fold")
    title = "Nobody answers: a ladder climbs 逐级提醒 · open the link and say you have it"
    return Panel(Group(table, shown), title=title, border_style="dim")


def _addresses(picture: Picture) -> "Panel":
    from rich.panel import Panel
    from rich.text import Text

    text = Text(f"{picture.url}/docs\n", style="cyan", no_wrap=False)
    text.append(curl_line(picture.url, picture.key), style="default")
    return Panel(text, title="Try it 试一试 · Ctrl-C ends everything", border_style="dim")


def curl_line(url: str, key: str) -> str:
    return f"curl -H 'Authorization: Bearer {key}' '{url}/v1/cases?limit=3'"


def _grid(columns: int = 2) -> "Table":
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    for _ in range(columns - 1):
        table.add_column(justify="right")
    return table

"""Tells a page in a few sentences, and packs it for a channel."""

from datetime import datetime
from typing import Any, Final

from services.core.metrics.pages import Dashboard, Figure
from services.core.metrics.report import writing
from services.core.reports.types import Report

# What a chat has room for; the whole page is in a letter's attachment.
TOLD: Final = (
    "inbound",
    "reply_rate",
    "response_time",
    "attainment",
    "negative_share",
    "net_followers",
    "commenters",
)
TITLES: Final = {
    "zh": {"weekly": "社区周报", "monthly": "社区月报"},
    "en": {"weekly": "The community's week", "monthly": "The community's month"},
}


def message_of(report: Report, page: Dashboard, *, now: datetime, attached: bool) -> dict[str, Any]:
    """What a channel is given; `attached` where it takes files."""
    figures = [figure for chapter in page.chapters.values() for figure in chapter]
    message: dict[str, Any] = {
        "type": f"report.{report.kind.value}",
        "at": now.isoformat(),
        "report_id": str(report.id),
        "name": report.name,
        "first_day": page.first.isoformat(),
        "last_day": page.last.isoformat(),
        "tz": page.zone,
        "sentence": {lang: _sentence(report, page, figures, lang) for lang in ("zh", "en")},
        "figures": {figure.name: _told(figure) for figure in figures},
    }
    if attached:
        text = writing.as_html(page, report.kind.value, report.language.value)
        name = f"{report.kind.value}-{page.first}.html"
        message["attachments"] = [{"name": name, "subtype": "html", "text": text}]
    return message


def _sentence(report: Report, page: Dashboard, figures: list[Figure], lang: str) -> str:
    by_name = {figure.name: figure for figure in figures}
    parts = [_part(by_name[name], lang) for name in TOLD if name in by_name]
    head = f"{TITLES[lang][report.kind.value]} {page.first} – {page.last}"
    return f"{head}：{'；'.join(parts)}。" if lang == "zh" else f"{head}: {'; '.join(parts)}."


def _part(figure: Figure, lang: str) -> str:
    title = figure.title.zh if lang == "zh" else figure.title.en
    said = f"{title} {writing.said(figure.now, figure.unit, lang)}"
    return said if figure.change is None else f"{said} ({round(figure.change, 2) + 0.0:+.0%})"


def _told(figure: Figure) -> dict[str, Any]:
    before = figure.before.value if figure.before else None
    return {"value": figure.now.value, "before": before, "change": figure.change}

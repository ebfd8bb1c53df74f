"""Writes the page: numbers with what they were before, and pictures of their days."""

from html import escape
from typing import Final

from services.core.metrics.pages import Dashboard, Figure
from services.core.metrics.report import charts, words
from services.core.metrics.types import Cell, Unit

HOUR: Final = 3600
STYLE: Final = """
body{font:15px/1.5 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;margin:2rem auto;
max-width:44rem;padding:0 1rem;color:#222}
h1{font-size:1.5rem;margin-bottom:0}h2{font-size:1.1rem;margin:1.6rem 0 .3rem}
p.stamp{color:#666;margin-top:.2rem}table{border-collapse:collapse;width:100%}
th,td{padding:.25rem .4rem;border-bottom:1px solid #eee;text-align:right}
th{width:18%}th:first-child{width:46%}th:first-child,td:first-child{text-align:left}td.none{color:#999}
svg{width:100%;height:auto;font:11px system-ui,sans-serif;fill:#444}
@media print{body{margin:0}h2,table,svg{break-inside:avoid}}
"""


def as_html(page: Dashboard, kind: str, lang: str) -> str:
    """One file that needs no other: styles and pictures are inside."""
    title = escape(words.TITLES[lang][kind])
    body = [f"<h1>{title}</h1>", f'<p class="stamp">{escape(_stamp(page, lang))}</p>']
    for chapter, figures in page.chapters.items():
        body.append(f"<h2>{words.CHAPTERS[lang][chapter]}</h2>")
        body.append(_table(figures, lang))
        body += _pictures(page, chapter, lang)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def as_markdown(page: Dashboard, kind: str, lang: str) -> str:
    parts = [f"# {words.TITLES[lang][kind]}", "", _stamp(page, lang)]
    for chapter, figures in page.chapters.items():
        columns = words.COLUMNS[lang]
        parts += ["", f"## {words.CHAPTERS[lang][chapter]}", "", f"| {' | '.join(columns)} |"]
        parts.append("| --- | ---: | ---: | ---: |")
        parts += [f"| {' | '.join(_line(figure, lang))} |" for figure in figures]
    return "\n".join(parts) + "\n"


def said(cell: Cell | None, unit: Unit, lang: str) -> str:
    """A number as people read it; why there is none, where there is none."""
    if cell is None:
        return ""
    if cell.value is None:
        return words.REASONS[lang][cell.reason] if cell.reason else ""
    if unit is Unit.SHARE:
        return f"{cell.value:.1%}"
    if unit is Unit.SECONDS:
        return f"{cell.value / HOUR:.1f} h"
    return f"{cell.value:,.1f}" if unit is Unit.RATIO else f"{cell.value:,.0f}"


def _stamp(page: Dashboard, lang: str) -> str:
    as_of = f"{page.as_of:%Y-%m-%d %H:%M} UTC" if page.as_of else words.NEVER[lang]
    place = {"first": page.first, "last": page.last, "zone": page.zone, "as_of": as_of}
    return words.STAMP[lang].format(**place)


def _line(figure: Figure, lang: str) -> tuple[str, str, str, str]:
    # Half a percent up or down is neither.
    change = "" if figure.change is None else f"{round(figure.change, 2) + 0.0:+.0%}"
    title = figure.title.zh if lang == "zh" else figure.title.en
    return (
        title,
        said(figure.now, figure.unit, lang),
        said(figure.before, figure.unit, lang),
        change,
    )


def _table(figures: list[Figure], lang: str) -> str:
    heads = "".join(f"<th>{escape(name)}</th>" for name in words.COLUMNS[lang])
    rows = []
    for figure in figures:
        cells = _line(figure, lang)
        style = ' class="none"' if figure.now.value is None else ""
        rest = "".join(f"<td{style}>{escape(text)}</td>" for text in cells[1:])
        rows.append(f"<tr><td>{escape(cells[0])}</td>{rest}</tr>")
    return f"<table><tr>{heads}</tr>{''.join(rows)}</table>"


def _pictures(page: Dashboard, chapter: str, lang: str) -> list[str]:
    names = words.PICTURES[lang]
    if chapter == "engagement":
        found = [
            (names["talk"], _drawn(page, ("inbound", "replies"), lang)),
            (names["rates"], _drawn(page, ("reply_rate", "attainment"), lang, times=100, unit="%")),
            (names["speed"], _drawn(page, ("response_time",), lang, times=1 / HOUR)),
        ]
    elif chapter == "sentiment":
        shares = ("negative_share", "positive_share")
        causes = {
            words.CAUSES[lang].get(key, key.replace("_", " ")): float(count)
            for key, count in page.negative_breakdown.items()
        }
        found = [
            (names["mood"], _drawn(page, shares, lang, times=100, unit="%")),
            (names["causes"], charts.bars(causes, names["causes"])),
        ]
    elif chapter == "growth":
        found = [("", _drawn(page, ("new_followers", "lost_followers"), lang))]
    else:
        found = []
    return [f"<p>{escape(name)}</p>{picture}" for name, picture in found if picture]


def _drawn(
    page: Dashboard, names: tuple[str, ...], lang: str, *, times: float = 1, unit: str = ""
) -> str:
    titles = {
        figure.name: figure.title.zh if lang == "zh" else figure.title.en
        for figures in page.chapters.values()
        for figure in figures
    }
    series = {
        titles[name]: [
            None if point.value is None else point.value * times for point in page.series[name]
        ]
        for name in names
    }
    days = [point.day.isoformat() for point in page.series[names[0]]]
    return charts.lines(days, series, unit=unit)

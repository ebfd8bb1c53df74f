"""Writes the list of metrics in docs/metrics.md out of their definitions.

`python -m tests.support.metrics_page` writes it; a house test keeps it current.
"""

from pathlib import Path

from services.core.metrics.definitions import FAMILIES, REGISTRY
from services.core.metrics.rules import splits
from services.core.metrics.types import Definition

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN = "<!-- the list begins: written by tests/support/metrics_page.py -->\n"
HEADING = "| name | title | unit | what is counted | left out | by |"
END = "<!-- the list ends -->\n"


def told(one: Definition) -> str:
    by = ", ".join(each.value for each in splits(one, REGISTRY)) or "–"
    left_out = ", ".join(each.value for each in one.exclusions) or "–"
    of = f" `{one.of[0]}` and `{one.of[1]}`." if one.of else ""
    summed = "" if one.rolled is None else " Kept as sums of days."
    return (
        f"| `{one.name}` v{one.version} | {one.title.en} · {one.title.zh} | {one.unit.value},"
        f" {one.measure.value} | {one.meaning.en}{of}{summed}<br>{one.meaning.zh} |"
        f" {left_out} | {by} |"
    )


def listed() -> str:
    parts = []
    for family, definitions in FAMILIES.items():
        parts += [f"\n### {family.capitalize()}", HEADING, "| --- | --- | --- | --- | --- | --- |"]
        parts += [told(one) for one in definitions]
    return "\n".join(parts) + "\n\n"


def page() -> str:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{listed()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

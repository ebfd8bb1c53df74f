"""What was measured, beside what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the page. `met` is None where nothing was asked for."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Chapter:
    """Figures that were measured together, how, and (`measured`) when and how much of it."""

    title: str
    method: str
    measured: str = ""
    figures: list[Figure] = field(default_factory=list)

    def add(self, what: str, measured: str, target: str = "", *, met: bool | None = None) -> None:
        self.figures.append(Figure(what, measured, target, met))


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 10 else f"{seconds:,.1f} s"

"""A climb in words: which step told whom, which comes next and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.core.alerts.climbing import Climb


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of an alert's ladder, told as often as `rounds` says; `number` counts from 1.

    `at` is when it comes, None where it does not. `why` says why nobody was told, or how far the
    circle was widened.
    """

    number: int
    meant: str
    rounds: int = 0
    at: datetime | None = None
    done_at: datetime | None = None
    told: tuple[str, ...] = ()
    why: str = ""


def read_rungs(climb: dict[str, Any]) -> list[Rung]:
    """The rungs of what `GET /v1/alerts/{id}/steps` says, in their order."""
    return [
        _rung(
            position,
            step["audience"],
            [one for one in climb["done"] if one["position"] == position],
            [one["due_at"] for one in climb["ahead"] if one["position"] == position],
        )
        for position, step in enumerate(climb["steps"])
    ]


def rungs_of(climb: "Climb") -> list[Rung]:
    """The same of a climb that was read from the database."""
    done = [
        {
            "position": one.position,
            "outcome": one.outcome.value,
            "reason": one.reason,
            "detail": one.detail,
            "done_at": one.done_at.isoformat(),
        }
        for one in climb.done
    ]
    steps = [
        {"audience": [{"kind": one.kind.value, "role": one.role} for one in step.audience]}
        for step in climb.steps
    ]
    ahead = [{"position": one.position, "due_at": one.at.isoformat()} for one in climb.ahead]
    return read_rungs({"steps": steps, "done": done, "ahead": ahead})


def as_line(rung: Rung, of: int) -> str:
    """One rung as a sentence for a log or a pipe."""
    head = f"step {rung.number} of {of}"
    if rung.done_at is None:
        return f"{head} is for {rung.meant}"
    return f"{head}, {rung.done_at.astimezone():%H:%M:%S}: {_became(rung)}"


def stands(rung: Rung, now: datetime) -> str:
    """Where a rung stands now: who was told, or in how many seconds it comes."""
    if rung.done_at is not None:
        return _became(rung)
    if rung.at is None:
        return "not told"
    left = int((rung.at - now).total_seconds())
    return f"in {left} s" if left > 0 else "now"


def _became(rung: Rung) -> str:
    if not rung.told:
        return rung.why or "told"
    times = f", {rung.rounds} times" if rung.rounds > 1 else ""
    return f"{', '.join(rung.told)} told{times}{f' ({rung.why})' if rung.why else ''}"


def _rung(
    position: int, audience: list[dict[str, Any]], done: list[dict[str, Any]], ahead: list[str]
) -> Rung:
    told = [one for one in done if one["outcome"] == "told"]
    last: dict[str, Any] = done[-1] if done else {"reason": None, "detail": {}}
    return Rung(
        number=position + 1,
        meant=" and ".join(map(_who, audience)) or "everybody on its channels",
        rounds=len(told),
        at=datetime.fromisoformat(ahead[0]) if ahead else None,
        done_at=datetime.fromisoformat(last["done_at"]) if done else None,
        told=tuple(one["name"] for one in last["detail"].get("people", ())),
        why=_why(last["reason"], last["detail"].get("widened_to")),
    )


def _who(audience: dict[str, Any]) -> str:
    if audience["kind"] == "role":
        return f"{audience['role']}s"
    return str(audience["kind"]).replace("_", " ")


def _why(reason: str | None, widened: str | None) -> str:
    if reason is not None:
        return f"nobody told: {reason.replace('_', ' ')}"
    if widened == "nobody":
        return "its channels told, nobody in particular"
    return f"nobody of those was there: {widened}" if widened else ""

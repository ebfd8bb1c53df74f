"""An explanation in words that a community manager understands when they are read aloud."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from services.core.calendars.types import DayReason
from services.core.conversations.types import Direction
from services.core.explain.speech import Speech
from services.core.explain.types import (
    Condition,
    Explanation,
    First,
    Lang,
    NamedDay,
    PassedOver,
    PauseTold,
    Raised,
    StepTold,
    Stretch,
)
from services.core.sla.rules import is_held
from services.core.sla.types import ClockKind, ClockState, TimerState

# More stretches than this are tiring to hear: the first ones and the last are said.
SAID_SPANS = 5
# A worker looks every second or so; less than this nobody calls late.
ON_TIME = 5
NAMED_CONDITIONS = {
    "channels": "channel",
    "tiers": "tier",
    "categories": "category",
    "languages": "language",
    "follower_tiers": "follower",
}


def tell(told: Explanation, lang: Lang, zone: tzinfo) -> list[str]:
    """Paragraphs: how it began, the policy, the due time, what counted, pauses, end, steps."""
    speech = Speech(lang, zone, told.as_of.astimezone(zone).year)
    glue = "" if lang is Lang.ZH else " "
    paragraphs = (
        _start(told, speech),
        _policy(told, speech),
        _due(told, speech),
        _counted(told, speech),
        _pauses(told, speech),
        _end_of_window(told, speech) if _is_closed_window(told) else _outcome(told, speech),
        _steps(told, speech),
        _history(told, speech),
    )
    return [text for part in paragraphs if (text := glue.join(part))]


def _start(told: Explanation, speech: Speech) -> Iterator[str]:
    said, shape = told.started_by, told.clock.shape
    kind = speech.say(f"kind.{told.clock.kind.value}")
    if said is None or said.at != shape.started_at:
        # A reopening starts a clock of its own, on the old question.
        yield speech.say("started.alone", kind=kind, when=speech.moment(shape.started_at))
        return
    yield speech.say(
        "started" if said.excerpt else "started.silent",
        who=said.who or speech.say("somebody"),
        text=said.excerpt,
        when=speech.moment(said.at),
        kind=kind,
    )


def _policy(told: Explanation, speech: Speech) -> Iterator[str]:
    policy = told.policy
    key = "policy.matched" if policy.matched else "policy.everything"
    if policy.is_default:
        key = "policy.default" if policy.passed_over else "policy.only"
    because = [_condition("condition", each, speech) for each in policy.matched]
    yield speech.say(
        key,
        name=policy.name,
        version=policy.version,
        because=speech.listed(because) if because else "",
    )
    for other in policy.passed_over:
        yield _passed_over(other, speech)


def _passed_over(other: PassedOver, speech: Speech) -> str:
    if not other.failed:
        return speech.say("failed.newer", name=other.name)
    because = [_condition("failed", each, speech) for each in other.failed]
    return speech.say("failed", name=other.name, because=speech.listed(because))


def _condition(key: str, condition: Condition, speech: Speech) -> str:
    is_of_follower = condition.name == "follower_tiers"

    def named(value: str | None) -> str:
        if value is None:
            return speech.say("follower.none" if is_of_follower else "unknown")
        known = f"{NAMED_CONDITIONS.get(condition.name)}.{value}"
        return speech.say(known) if speech.knows(known) else value

    wanted = speech.listed([f"“{named(each)}”" for each in condition.wanted])
    return speech.say(f"{key}.{condition.name}", wanted=wanted, found=named(condition.found))


def _due(told: Explanation, speech: Speech) -> Iterator[str]:
    due = told.due
    if told.clock.kind is ClockKind.REPLY_WINDOW:
        yield speech.say("window", when=speech.moment(due.due_at))
        return
    yield speech.say(
        "target",
        tier=speech.say(f"tier.{due.tier.value}"),
        seconds=speech.length(due.target_seconds),
        when=speech.moment(due.target_due_at),
    )
    if due.promise_due_at is not None and due.promised_seconds is not None:
        yield speech.say(
            "promise",
            seconds=speech.length(due.promised_seconds),
            when=speech.moment(due.promise_due_at),
        )
        first: First = due.first
        yield speech.say(f"first.{first.value}", when=speech.moment(due.due_at))
    if due.limit_at is not None:
        yield speech.say("limit", when=speech.moment(due.limit_at))


def _counted(told: Explanation, speech: Speech) -> Iterator[str]:
    if told.calendar is None:
        yield speech.say("always")
    else:
        yield speech.say("calendar", name=told.calendar, zone=_place(told.zone))
    if told.calendar is None or str(speech.zone) != told.zone:
        yield speech.say("zone", zone=_place(str(speech.zone)))
    if told.calendar is None:
        return
    if told.spans:
        key = "counted.so_far" if is_held(told.clock.shape) else "counted"
        yield speech.say(
            f"{key}.one" if len(told.spans) == 1 else key,
            spans=speech.listed(_spans(told, speech)),
            seconds=speech.length(sum(span.seconds for span in told.spans)),
        )
    yield from _closed(told, speech)


def _place(zone: str) -> str:
    return zone.replace("_", " ")


def _spans(told: Explanation, speech: Speech) -> list[str]:
    def said(span: Stretch, before: Stretch | None) -> str:
        start = speech.later(span.start, before.end) if before else speech.moment(span.start)
        end = speech.later(span.end, span.start)
        return speech.say("span", start=start, end=end, seconds=speech.length(span.seconds))

    hidden = len(told.spans) + told.more_spans - SAID_SPANS
    spans = told.spans if hidden <= 1 else told.spans[: SAID_SPANS - 1]
    shown = [said(span, before) for span, before in zip(spans, (None, *spans), strict=False)]
    if hidden <= 1:
        return shown
    return [*shown, speech.say("more", count=hidden), said(told.spans[-1], None)]


def _closed(told: Explanation, speech: Speech) -> Iterator[str]:
    named = {each.day: each for each in told.named_days}
    closed = list(dict.fromkeys(day for gap in told.skipped for day in gap.days))
    days = []
    for day in closed:
        name = named.get(day)
        if name is None:
            days.append(speech.say("day", day=speech.day(day)))
            continue
        label = name.label or speech.say(f"reason.{name.reason.value}")
        days.append(speech.say("day.named", day=speech.day(day), label=label))
    if days:
        yield speech.say("closed", days=speech.listed(days))
    if any(not gap.days for gap in told.skipped):
        yield speech.say("closed.nights" if days else "closed.hours")
    for each in told.named_days:
        if each.worked:
            yield _worked(each, speech)


def _worked(day: NamedDay, speech: Speech) -> str:
    key = "day.partly" if day.reason is DayReason.FEED else "day.worked"
    reason = speech.say(f"reason.{day.reason.value}")
    label = speech.say("day.named", day=reason, label=day.label) if day.label else reason
    return speech.say(key, day=speech.day(day.day), label=label)


def _pauses(told: Explanation, speech: Speech) -> Iterator[str]:
    end = told.clock.shape.settled_at
    if told.clock.kind is ClockKind.REPLY_WINDOW:
        return  # the platform's window waits for nobody
    for pause in told.pauses:
        until = pause.until or end
        yield speech.say(
            _pause_key(told, pause) if until else "paused.open",
            start=speech.moment(pause.start),
            until=speech.later(until, pause.start) if until else "",
            reason=speech.say(f"{'now' if until is None else 'pause'}.{pause.reason.value}"),
            seconds=speech.length(pause.counted_seconds),
        )


def _pause_key(told: Explanation, pause: PauseTold) -> str:
    if pause.counted_seconds:
        return "paused"
    if pause.start >= told.clock.shape.due_at:
        return "paused.late"
    # Where every hour counts, only another pause can have taken it.
    return "paused.free" if told.calendar else "paused.again"


def _is_late(told: Explanation) -> bool:
    """A promise past its due time is broken a moment before a worker writes it down."""
    shape = told.clock.shape
    ran_out = shape.state is ClockState.RUNNING and shape.due_at <= told.as_of
    return ran_out or shape.state is ClockState.MISSED


def _outcome(told: Explanation, speech: Speech) -> Iterator[str]:
    shape, kind = told.clock.shape, told.clock.kind
    settled = shape.settled_at
    if shape.state is ClockState.VOID:
        known = f"void.{shape.void_reason}"
        key = known if speech.knows(known) else "void.other"
        reason = speech.say(key)
        yield speech.say("void", when=speech.moment(settled or told.as_of), reason=reason)
    elif settled is None and not _is_late(told):
        yield speech.say(
            "running" if shape.state is ClockState.RUNNING else "paused.now",
            gone=speech.length(told.elapsed_seconds),
            budget=speech.length(shape.budget_seconds),
            left=speech.length(max(shape.budget_seconds - told.elapsed_seconds, 0)),
        )
    elif settled is None:
        late = round((told.as_of - shape.due_at).total_seconds())
        ending = ".resolution" if kind is ClockKind.RESOLUTION else ""
        yield speech.say(f"missed.open{ending}", seconds=speech.long(late))
    else:
        beside = abs(round((shape.due_at - settled).total_seconds()))
        who = told.stopped_by.who if told.stopped_by else None
        yield speech.say(
            shape.state.value + _ending(told),
            who=_capital(who or speech.say("the_brand")),
            when=speech.moment(settled),
            seconds=speech.long(beside),
        )


def _ending(told: Explanation) -> str:
    """How the sentence of a kept or missed promise goes on: who ended it, and with what."""
    if told.clock.kind is ClockKind.RESOLUTION or told.stopped_by is None:
        return ".closed"
    # A follower's word ends our promise only where it is an advocate's.
    return ".advocate" if told.stopped_by.direction == Direction.INBOUND else ""


def _is_closed_window(told: Explanation) -> bool:
    ended = told.clock.shape.state in {ClockState.MET, ClockState.MISSED}
    return ended and told.clock.kind is ClockKind.REPLY_WINDOW


def _end_of_window(told: Explanation, speech: Speech) -> Iterator[str]:
    shape = told.clock.shape
    at = (shape.settled_at or shape.due_at) if shape.state is ClockState.MET else shape.due_at
    before = round((shape.due_at - at).total_seconds())
    yield speech.say(
        f"{shape.state.value}.window", when=speech.moment(at), seconds=speech.long(before)
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _steps(told: Explanation, speech: Speech) -> Iterator[str]:
    """Those of the present plan, and of earlier ones what really came; alike ones together."""
    came = {step.percent for step in told.steps if step.state is TimerState.FIRED}
    said: dict[str, list[StepTold]] = {}
    for step in told.steps:
        if step.state is TimerState.FIRED:
            yield _fired(step, speech)
        elif step.generation == told.clock.generation and step.percent not in came:
            said.setdefault(_manner(step), []).append(step)
    for key, steps in said.items():
        moments = [
            speech.say("step.moment", percent=each.percent, when=speech.moment(each.fire_at))
            for each in steps
        ]
        percents = [str(each.percent) for each in steps]
        yield speech.say(
            f"step.{key}", percent=speech.listed(percents), moments=speech.listed(moments)
        )


def _fired(step: StepTold, speech: Speech) -> str:
    late = step.late_seconds or 0
    return speech.say(
        "step.fired",
        percent=step.percent,
        when=speech.moment(step.fire_at),
        late=speech.say("step.late", seconds=speech.length(late)) if late > ON_TIME else "",
        alert=_alert(step.alert, speech) if step.alert else speech.say("step.silent"),
    )


def _manner(step: StepTold) -> str:
    """How a step that did not come is told."""
    note = step.note or ""
    if step.state is TimerState.PENDING:
        return "pending"
    if note.startswith("overtaken"):
        return "overtaken"
    if step.state is TimerState.SKIPPED:
        return "past" if note.startswith("already past") else "skipped"
    return "settled" if note in {"", "the clock is settled"} else "cancelled"


def _alert(alert: Raised, speech: Speech) -> str:
    taken, over = alert.acknowledged_at, alert.resolved_at
    return speech.say(
        "step.alert",
        severity=speech.say(f"severity.{alert.severity}"),
        acknowledged=speech.say("alert.acknowledged", when=speech.moment(taken)) if taken else "",
        resolved=speech.say("alert.resolved", when=speech.moment(over)) if over else "",
    )


def _history(told: Explanation, speech: Speech) -> Iterator[str]:
    for act in told.acts:
        if speech.knows(f"act.{act.kind}"):
            tier = speech.say(f"tier.{act.tier.value}") if act.tier else ""
            yield speech.say(f"act.{act.kind}", at=speech.moment(act.at), tier=tier)
    if told.replans:
        yield speech.say("replans" if told.replans > 1 else "replans.once", count=told.replans)
    for correction in told.corrections:
        yield _correction(correction, speech)


def _correction_key(correction: dict[str, str]) -> str:
    if correction["from"] == correction["to"]:
        return "correction.same"
    is_open = correction["to"] in {ClockState.RUNNING, ClockState.PAUSED}
    return "correction.open" if is_open else "correction"


def _correction(correction: dict[str, str], speech: Speech) -> str:
    return speech.say(
        _correction_key(correction),
        when=speech.moment(datetime.fromisoformat(correction["corrected_at"])),
        before=speech.say(f"state.{correction['from']}"),
        after=speech.say(f"state.{correction['to']}"),
    )

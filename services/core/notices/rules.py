"""What can truly be said to everybody, and in which words."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.core.calendars.types import DAYS_OF_A_WEEK, MINUTES_OF_A_DAY, CalendarDraft, Span
from services.core.notices.types import Away, Lateness, Promised
from services.core.sla.types import Policy

CHANNELS: Final = ("comment", "dm", "mention")
MOST_BIO_CHARACTERS: Final = 100  # what a profile on Xiaohongshu takes
# Readers in China take times for theirs; any other zone is named.
HOME_ZONE: Final = "Asia/Shanghai"

Texts = Mapping[str, Any]
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def public_promises(
    policies: Sequence[Policy], calendars: Mapping[UUID, CalendarDraft]
) -> tuple[list[Promised], list[str]]:
    """By channel what every policy that may take its questions promises at least.

    Nobody outside knows which policy takes a question. So the longest promise is told, and none
    where a policy promises nothing or counts in other hours; these channels come second.
    """
    promised, unsaid = [], []
    for channel in CHANNELS:
        taking = [
            each for each in policies if not each.match.channels or channel in each.match.channels
        ]
        lengths = [each.promised[channel] for each in taking if channel in each.promised]
        hours = {each.calendar_id for each in taking}
        known = all(each is None or each in calendars for each in hours)
        if lengths and len(lengths) == len(taking) and len(hours) == 1 and known:
            calendar_id = hours.pop()
            calendar = calendars[calendar_id] if calendar_id else None
            promised.append(Promised(channel, max(lengths), calendar))
        elif lengths:
            unsaid.append(channel)
    return promised, unsaid


def bio(promised: Sequence[Promised], texts: Texts) -> str:
    """The first wording that fits a profile; promises are left out from the last when none does."""
    told = list(promised)
    while told:
        for template in texts["bio"][_kind(told)]:
            text = _fill(template, told, texts)
            if len(text) <= MOST_BIO_CHARACTERS:
                return text
        told.pop()
    return str(texts["bio"]["nothing"][0])


def notice(name: str, promised: Sequence[Promised], texts: Texts) -> str:
    """The text under a post, or the one that greets a message."""
    return _fill(texts[name][_kind(promised)], promised, texts)


def away(found: Away, texts: Texts, zone: str) -> str:
    """The team's own words if it wrote some; times in `zone`."""
    if found.own_words:
        return found.own_words
    kind = "covered" if found.stand_in else "slower"
    if found.pauses:
        name = "until" if found.end else "open"
    else:
        name = kind if found.end else f"{kind}_open"
    end = _moment(found.end, texts, zone) if found.end else ""
    start = _moment(found.start, texts, zone)
    return str(texts["away"][name].format(start=start, end=end, stand_in=found.stand_in))


def apology(late: Lateness, now: datetime, texts: Texts) -> str:
    """How late in plain words; what was promised only if it was."""
    if late.promised_seconds is None:
        waited = span((now - late.asked_at).total_seconds(), texts)
        return str(texts["apology"]["asked"].format(waited=waited))
    promised = span(math.ceil(late.promised_seconds / 60) * 60, texts)
    behind = span((now - late.due_at).total_seconds(), texts)
    return str(texts["apology"]["promised"].format(promised=promised, late=behind))


def span(seconds: float, texts: Texts) -> str:
    """In whole minutes, rounded down; in days only from three on, or when it comes out even."""
    rest, parts = int(seconds) // 60 * 60, []
    for size, name in _UNITS:
        if name == "day" and rest < 3 * size:
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append(texts["span"][name].format(n=count))
    return str(texts["span"]["joint"].join(parts) or texts["span"]["moment"])


def hours(calendar: CalendarDraft, texts: Texts) -> str:
    """The week in words, as 周一至周五 9:00–18:00: days that are alike are told as one."""
    words = texts["hours"]
    runs: list[tuple[int, int]] = []
    for day in range(DAYS_OF_A_WEEK):
        if runs and runs[-1][1] == day - 1 and calendar.week[day] == calendar.week[day - 1]:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    told = [
        words["week"].format(days=_days(run, words), spans=_spans(calendar.week[run[0]], texts))
        for run in runs
        if calendar.week[run[0]]
    ]
    text = texts["clause"].join(told)
    if calendar.zone != HOME_ZONE:
        text += words["zone"].format(zone=calendar.zone)
    if calendar.country:
        text += words["holidays"]
    return str(text)


def _kind(promised: Sequence[Promised]) -> str:
    if not promised:
        return "nothing"
    return "in_hours" if any(each.calendar for each in promised) else "around_the_clock"


def _fill(template: str, promised: Sequence[Promised], texts: Texts) -> str:
    weeks = dict.fromkeys(hours(each.calendar, texts) for each in promised if each.calendar)
    text = template.format(promises=_promises(promised, texts), hours=texts["clause"].join(weeks))
    return text[:1].upper() + text[1:]


def _promises(promised: Iterable[Promised], texts: Texts) -> str:
    """Channels that are promised the same are told together."""
    alike: dict[tuple[int, bool], list[str]] = {}
    for each in promised:
        key = (each.seconds, each.calendar is not None)
        alike.setdefault(key, []).append(texts["channels"][each.channel])
    told = [
        texts["promise"]["in_hours" if counted else "around_the_clock"].format(
            channels=texts["list"].join(channels),
            # Up to the full minute: what is told is never shorter than what is kept.
            span=span(math.ceil(seconds / 60) * 60, texts),
        )
        for (seconds, counted), channels in alike.items()
    ]
    return str(texts["clause"].join(told))


def _days(run: tuple[int, int], words: Texts) -> str:
    first, last = run
    if (first, last) == (0, DAYS_OF_A_WEEK - 1):
        return str(words["every_day"])
    if first == last:
        return str(words["days"][first])
    return str(words["from_to"].format(first=words["days"][first], last=words["days"][last]))


def _spans(spans: Sequence[Span], texts: Texts) -> str:
    told = [f"{_clock(each.start, texts)}–{_clock(each.end, texts)}" for each in spans]
    return str(texts["list"].join(told))


def _clock(minute: int, texts: Texts) -> str:
    if minute == MINUTES_OF_A_DAY:
        return str(texts["hours"]["midnight"])
    return f"{minute // 60}:{minute % 60:02}"


def _moment(moment: datetime, texts: Texts, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    if local.second or local.microsecond:
        local += timedelta(minutes=1)
    time = f"{local.hour}:{local.minute:02}"
    told = texts["away"]["moment"].format(month=local.month, day=local.day, time=time)
    return str(told)

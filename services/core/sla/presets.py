"""Policies to begin with: a team takes one, changes what it likes, and saves it as its own."""

from dataclasses import dataclass, replace

from services.core.sla.rules import DEFAULT_DRAFT, HOUR
from services.core.sla.types import PolicyDraft, PolicyMatch, Target
from services.core.triage.types import Tier


@dataclass(frozen=True, slots=True)
class Preset:
    """A policy ready to be saved. One that `needs_calendar` is given one before it is."""

    key: str
    zh: str
    en: str
    draft: PolicyDraft
    needs_calendar: bool = False


_TWO_HOURS = Target(2 * HOUR, 2 * HOUR, 24 * HOUR)
_FAST = dict.fromkeys((Tier.URGENT, Tier.IMPORTANT, Tier.ROUTINE), _TWO_HOURS)
# What takes a day around the clock takes a working day of eight hours here.
_WORKING = {
    Tier.URGENT: Target(HOUR, HOUR, 8 * HOUR),
    Tier.IMPORTANT: Target(4 * HOUR, 4 * HOUR, 16 * HOUR),
    Tier.ROUTINE: Target(8 * HOUR, 8 * HOUR, 24 * HOUR, limit=16 * HOUR),
}

PRESETS = (
    Preset(
        "default",
        "默认：紧急 2 小时，重要 12 小时，日常 24 小时；评论 4 小时内、私信 24 小时内回复",
        "Default: urgent 2 h, important 12 h, routine 24 h; comments within 4 h, DMs within 24 h",
        replace(DEFAULT_DRAFT, name="Default promises"),
    ),
    Preset(
        "fast_dms",
        "私信 2 小时内回复",
        "DMs within 2 h",
        PolicyDraft(
            name="DMs within 2 h",
            targets=_FAST,
            promised={"dm": 2 * HOUR},
            match=PolicyMatch(channels=("dm",)),
            position=50,
        ),
    ),
    Preset(
        "office_hours",
        "只计工作时间：先选好日历",
        "Office hours: choose a calendar first",
        PolicyDraft(name="Office hours", targets=_WORKING),
        needs_calendar=True,
    ),
)

"""The one definition of a promise kept and a promise broken; every report counts by it.

A promise is *met* when it was answered up to and including its due time, and *missed* when the
due time went by without an answer, be it answered afterwards or not at all. Met and missed are
*decided*; what still runs or stands still is *open*, what was withdrawn is *void* and counts
nowhere, as the windows that platforms leave for replies do not: they promise nothing.

Attainment is met ÷ (met + missed) of the responses, first and next; resolution is told apart. A
promise belongs to the day its clock was due, however early it was kept.

A clock carries two due times, the tier's target and what the public was told, and is due with the
earlier. Each can be asked for: the three counts are of the same clocks, and a clock nothing was
promised for in public is left out of the third.
"""

from typing import Final

# `c` is a row of clocks; bound are :now and nothing else.
IS_PROMISE: Final = "c.kind <> 'reply_window' AND c.state <> 'void'"
IS_RESPONSE: Final = "c.kind IN ('first_response', 'next_response')"

CLOCK: Final = "c.due_at"
# Rows written before there were two due times have one.
TARGET: Final = "coalesce(c.target_due_at, c.due_at)"
PROMISE: Final = "c.promise_due_at"

# The clock's own state is written by the same rule, to the moment; a promise past its due time is
# broken a moment before its timer says so.
MET: Final = "c.state = 'met'"
MISSED: Final = f"(c.state = 'missed' OR (c.state = 'running' AND {CLOCK} <= :now))"
OPEN: Final = f"(c.state = 'paused' OR (c.state = 'running' AND {CLOCK} > :now))"

# How long an answer took is known where a message gave it; a person's act, or a withdrawal, ends a
# response too, but is none. A case may be closed by an act as well as by a message.
IS_TIMED: Final = (
    "(c.settled_at IS NOT NULL AND (c.settling_message_id IS NOT NULL OR c.kind = 'resolution'))"
)

# In the time its promise counts in, pauses left out. Working time is written when a clock is
# settled; rows settled before that was kept have none.
COUNTED: Final = (
    "CASE WHEN c.calendar_version IS NULL"
    " THEN greatest(extract(epoch FROM c.settled_at - c.started_at) - c.paused_seconds, 0)"
    " ELSE c.counted_seconds END"
)


def met(moment: str) -> str:
    """Kept, as against one of the due times."""
    return MET if moment == CLOCK else f"(c.settled_at <= {moment})"


def missed(moment: str) -> str:
    """Broken, as against one of the due times. A clock that stands still breaks nothing."""
    if moment == CLOCK:
        return MISSED
    late = f"c.settled_at IS NULL AND c.state <> 'paused' AND {moment} <= :now"
    return f"(c.settled_at > {moment} OR ({late}))"


def is_open(moment: str) -> str:
    """Neither, so far."""
    if moment == CLOCK:
        return OPEN
    waits = f"c.settled_at IS NULL AND (c.state = 'paused' OR {moment} > :now)"
    return f"({moment} IS NOT NULL AND {waits})"

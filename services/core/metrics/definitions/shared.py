"""What many definitions stand on: which messages count, whose day it is, and what to split by.

Put together from constants; nothing of a request but bound values reaches the SQL.
"""

from typing import Final

from services.core.metrics.types import Rows, Split

# `m` is a row of messages; stubs, of which only a deletion is known, are none.
SAID: Final = """m.workspace_id = :workspace_id
  AND m.occurred_at >= :start AND m.occurred_at < :end
  AND m.content_at IS NOT NULL AND m.deleted_at IS NULL"""
# From followers, and not thrown away: neither spam nor hidden.
INBOUND: Final = f"""{SAID} AND m.direction = 'in' AND m.tier IS NOT NULL
  AND m.tier <> 'spam' AND NOT m.hidden"""
COMMENTS: Final = f"{INBOUND} AND m.kind = 'comment'"
OURS: Final = f"{SAID} AND m.direction = 'out'"

DAYS: Final = (Split.DAY, Split.MONTH, Split.HOUR, Split.WEEKDAY, Split.HOUR_OF_WEEK)


def local(moment: str) -> str:
    return f"({moment} AT TIME ZONE CAST(:zone AS text))"


def moments(moment: str) -> dict[Split, str]:
    """Splits by time: days and months as ISO dates, weekdays from 1 (Monday), `1-09` for 9 h."""
    here = local(moment)
    return {
        Split.DAY: f"to_char({here}, 'YYYY-MM-DD')",
        Split.MONTH: f"to_char({here}, 'YYYY-MM')",
        Split.HOUR: f"to_char({here}, 'HH24')",
        Split.WEEKDAY: f"to_char({here}, 'ID')",
        Split.HOUR_OF_WEEK: f"to_char({here}, 'ID-HH24')",
    }


def text_of(expression: str) -> str:
    return f"coalesce(CAST({expression} AS text), 'unknown')"


MESSAGE_KEYS: Final = {
    **moments("m.occurred_at"),
    Split.TIER: text_of("m.tier"),
    Split.KIND: "m.kind",
    Split.CATEGORY: text_of("m.category"),
    Split.SENTIMENT: text_of("m.sentiment"),
    Split.SOURCE: "CAST(m.source_id AS text)",
    Split.FOLLOWER: text_of("m.author_id"),
    Split.POST: text_of("m.post_id"),
}
REPLY_KEYS: Final = {
    **moments("m.occurred_at"),
    Split.SOURCE: "CAST(m.source_id AS text)",
    Split.MEMBER: text_of("m.member_handle"),
    Split.POST: text_of("m.post_id"),
}


def messages(where: str, *, mark: str = "false") -> Rows:
    """Single messages that meet a condition."""
    return Rows(
        subject="message",
        relation="messages m",
        id="m.id",
        at="m.occurred_at",
        where=where,
        keys=MESSAGE_KEYS,
        mark=mark,
    )

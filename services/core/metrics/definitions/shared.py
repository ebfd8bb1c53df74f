"""What many definitions stand on: which messages count, whose day it is, and what to split by.

Put together from constants; nothing of a request but bound values reaches the SQL.
"""

from typing import Final

from services.core.metrics.types import By, Rows

# `m` is a row of messages; stubs, of which only a deletion is known, are none.
SAID: Final = """m.workspace_id = :workspace_id
  AND m.occurred_at >= :start AND m.occurred_at < :end
  AND m.content_at IS NOT NULL AND m.deleted_at IS NULL"""
# From followers, and not thrown away: neither spam nor hidden.
INBOUND: Final = f"""{SAID} AND m.direction = 'in' AND m.tier IS NOT NULL
  AND m.tier <> 'spam' AND NOT m.hidden"""
COMMENTS: Final = f"{INBOUND} AND m.kind = 'comment'"
OURS: Final = f"{SAID} AND m.direction = 'out'"

DAYS: Final = (By.DAY, By.MONTH, By.HOUR, By.WEEKDAY, By.HOUR_OF_WEEK)


def local(moment: str) -> str:
    return f"({moment} AT TIME ZONE CAST(:zone AS text))"


def moments(moment: str) -> dict[By, str]:
    """Splits by time: days and months as ISO dates, weekdays from 1 (Monday), `1-09` for 9 h."""
    here = local(moment)
    return {
        By.DAY: f"to_char({here}, 'YYYY-MM-DD')",
        By.MONTH: f"to_char({here}, 'YYYY-MM')",
        By.HOUR: f"to_char({here}, 'HH24')",
        By.WEEKDAY: f"to_char({here}, 'ID')",
        By.HOUR_OF_WEEK: f"to_char({here}, 'ID-HH24')",
    }


def text_of(expression: str) -> str:
    return f"coalesce(CAST({expression} AS text), 'unknown')"


MESSAGE_KEYS: Final = {
    **moments("m.occurred_at"),
    By.TIER: text_of("m.tier"),
    By.KIND: "m.kind",
    By.CATEGORY: text_of("m.category"),
    By.SENTIMENT: text_of("m.sentiment"),
    By.SOURCE: "CAST(m.source_id AS text)",
    By.FOLLOWER: text_of("m.author_id"),
    By.POST: text_of("m.post_id"),
}
REPLY_KEYS: Final = {
    **moments("m.occurred_at"),
    By.SOURCE: "CAST(m.source_id AS text)",
    By.MEMBER: text_of("m.member_handle"),
    By.POST: text_of("m.post_id"),
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

"""What may be ordered, and how rows become pieces of a file."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.core.exports.types import ExportDraft, FileFormat, What
from services.core.kit.errors import FieldProblem
from services.core.objectives.sheets import harmless

MOST_LIVE: Final = 5
MOST_FAILURES: Final = 5
KEPT: Final = timedelta(days=3)
LINK_HOLDS: Final = timedelta(minutes=15)
# With it a spreadsheet program reads Chinese as such.
BYTE_ORDER_MARK: Final = "\ufeff"

COLUMNS: Final[Mapping[What, tuple[str, ...]]] = {
    What.CASES: (
        "id", "state", "tier", "category", "sentiment", "channel", "source_id", "follower_id",
        "post_id", "assignee_id", "unanswered", "reopened", "opened_at", "last_message_at",
        "answered_at", "resolved_at", "next_due_at",
    ),
    What.MESSAGES: (
        "id", "source_id", "external_id", "kind", "direction", "case_id", "post_id", "author_id",
        "member_handle", "occurred_at", "received_at", "tier", "category", "sentiment",
        "needs_reply", "hidden", "deleted_at", "text",
    ),
    What.FOLLOWERS: (
        "id", "source_id", "external_id", "handle", "name", "followers_count", "verified",
        "following", "followed_at", "unfollowed_at", "first_seen_at", "last_seen_at",
    ),
    What.ALERTS: (
        "id", "kind", "case_id", "rule_id", "message_id", "step", "severity", "tier", "state",
        "fire_at", "fired_at", "due_at", "acknowledged_at", "acknowledged_by", "resolved_at",
        "resolved_by", "resolution",
    ),
    What.METRICS: ("metric", "split", "key", "day", "count", "part", "total"),
    What.AUDIT: (
        "id", "at", "actor_kind", "actor_id", "actor_label", "action", "subject_kind",
        "subject_id", "detail", "request_id",
    ),
}  # fmt: skip

FILTERS: Final[Mapping[What, frozenset[str]]] = {
    What.CASES: frozenset({"source_id", "tier", "state", "since", "until"}),
    What.MESSAGES: frozenset({"source_id", "tier", "kind", "since", "until"}),
    What.FOLLOWERS: frozenset({"source_id"}),
    What.ALERTS: frozenset({"tier", "state", "kind", "since", "until"}),
    What.METRICS: frozenset({"metric", "since", "until"}),
    What.AUDIT: frozenset({"since", "until"}),
}


def problems_of(draft: ExportDraft) -> list[FieldProblem]:
    """Filters that are none of what is written out, and a range that is none."""
    found = [
        FieldProblem(
            f"/filters/{name}", "not_a_filter_of_this", f"{draft.what} has no such filter."
        )
        for name in sorted(draft.filters.keys() - FILTERS[draft.what])
    ]
    ends = [draft.filters[name] for name in ("since", "until") if name in draft.filters]
    moments = [datetime.fromisoformat(end) for end in ends]
    if moments != sorted(set(moments)):
        found.append(FieldProblem("/filters/until", "not_after_since", "It ends after it begins."))
    return found


def render(draft: ExportDraft, rows: Sequence[Mapping[str, Any]], *, is_first: bool) -> bytes:
    """One piece of the file; the first one of a CSV begins with the line of names."""
    columns = COLUMNS[draft.what]
    if draft.format is FileFormat.NDJSON:
        lines = ({name: _plain(row[name]) for name in columns} for row in rows)
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()
    paper = io.StringIO()
    writer = csv.writer(paper, lineterminator="\r\n")
    if is_first:
        paper.write(BYTE_ORDER_MARK)
        writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return paper.getvalue().encode()


def _plain(value: Any) -> Any:
    """As JSON spells it: times and ids are strings."""
    if value is None or isinstance(value, bool | int | float | str | dict | list):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _cell(value: Any) -> Any:
    """No cell a spreadsheet would run, and documents as JSON."""
    if isinstance(value, dict | list):
        return harmless(json.dumps(value, ensure_ascii=False))
    return harmless(_plain(value))

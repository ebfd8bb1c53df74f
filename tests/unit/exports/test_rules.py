import csv
import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.core.exports import rules
from services.core.exports.types import ExportDraft, FileFormat, What

SOURCE = UUID(int=1)
SEEN = datetime(2026, 11, 21, 8, tzinfo=UTC)


def follower(**changes: Any) -> dict[str, Any]:
    return (
        dict.fromkeys(rules.COLUMNS[What.FOLLOWERS])
        | {"id": SOURCE, "last_seen_at": SEEN}
        | changes
    )


def test_a_csv_begins_with_its_mark_and_names_and_runs_nothing() -> None:
    draft = ExportDraft(What.FOLLOWERS)
    first = rules.render(draft, [follower(handle="=1+1", name='a,"b"\n莉莉')], is_first=True)
    rest = rules.render(draft, [follower(handle="@lily", verified=True)], is_first=False)
    assert first.startswith(b"\xef\xbb\xbfid,")
    lines = list(csv.DictReader(io.StringIO((first + rest).decode("utf-8-sig"))))
    assert [line["handle"] for line in lines] == ["'=1+1", "'@lily"]
    assert lines[0]["name"] == 'a,"b"\n莉莉'
    assert lines[0]["last_seen_at"] == "2026-11-21T08:00:00+00:00"
    assert (lines[1]["verified"], lines[1]["following"]) == ("True", "")


def test_ndjson_is_an_object_a_line_and_keeps_types() -> None:
    draft = ExportDraft(What.FOLLOWERS, FileFormat.NDJSON)
    (line,) = rules.render(
        draft, [follower(verified=True, handle="=1")], is_first=True
    ).splitlines()
    read = json.loads(line)
    assert (read["id"], read["verified"], read["handle"], read["name"]) == (
        str(SOURCE),
        True,
        "=1",
        None,
    )


def test_a_document_in_a_cell_is_json() -> None:
    row = dict.fromkeys(rules.COLUMNS[What.AUDIT]) | {"detail": {"名": [1]}}
    written = rules.render(ExportDraft(What.AUDIT), [row], is_first=False).decode()
    assert '"{""名"": [1]}"' in written


@pytest.mark.parametrize(
    ("draft", "pointers"),
    [
        (ExportDraft(What.MESSAGES, filters={"tier": "urgent", "source_id": str(SOURCE)}), []),
        (ExportDraft(What.FOLLOWERS, filters={"tier": "urgent"}), ["/filters/tier"]),
        (ExportDraft(What.AUDIT, filters={"since": "2026-11-21T00:00:00Z"}), []),
        (
            ExportDraft(
                What.AUDIT,
                filters={"since": "2026-11-21T00:00:00.5Z", "until": "2026-11-21T00:00:00Z"},
            ),
            ["/filters/until"],
        ),
    ],
)
def test_a_filter_that_means_nothing_is_named(draft: ExportDraft, pointers: list[str]) -> None:
    assert [problem.pointer for problem in rules.problems_of(draft)] == pointers

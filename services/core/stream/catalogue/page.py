"""Write the catalogue down as a page for people who build on facts (`docs/facts.md`)."""

import json
from typing import Any, Final

from services.core.stream.catalogue import CATALOGUE
from services.core.stream.catalogue.shapes import FactKind

_HEAD: Final = """\
# Facts

Everything that happens is announced as a *fact*: past tense, dotted, with ids and numbers and
never a text. The same facts, in the same shape, come by the live stream (`GET /v1/stream`), by
asking (`GET /v1/facts?after=`) and by signed webhooks ([subscriptions](subscriptions.md)).

```json
{"seq": 42, "kind": "case.opened", "subject_kind": "case", "subject_id": "0199…",
 "payload": {"tier": "urgent"}, "at": "2026-11-21T10:15:04Z"}
```

Two kinds come with every message and are announced only while a subscription of the workspace
(paused ones too) asks for them, by name, by `message.*` or by `*`: `message.received` and
`message.judged`.

`seq` is dense and only ever grows within a workspace: it is the place to go on from. Fields are
only ever added to a payload; ignore those you do not know.

This page is written by `warmline facts` from `services/core/stream/catalogue`; the same as JSON is
at `GET /v1/facts/kinds`.
"""


def write_page() -> str:
    """The whole page; ends with a line break."""
    rows = [f"| [`{one.kind}`](#{_anchor(one)}) | {one.en} | {one.zh} |" for one in _sorted()]
    table = ["| kind | in English | 中文 |", "| --- | --- | --- |", *rows]
    return "\n".join([_HEAD, *table, "", *(_chapter(one) for one in _sorted())]) + "\n"


def document_of(one: FactKind) -> dict[str, Any]:
    """An entry as JSON."""
    return {
        "kind": one.kind,
        "subject_kind": one.subject_kind,
        "sentence": {"zh": one.zh, "en": one.en},
        "since": one.since,
        "payload_schema": dict(one.schema),
    }


def _sorted() -> list[FactKind]:
    return [CATALOGUE[kind] for kind in sorted(CATALOGUE)]


def _anchor(one: FactKind) -> str:
    return one.kind.replace(".", "")


def _chapter(one: FactKind) -> str:
    schema = json.dumps(one.schema, ensure_ascii=False, indent=1)
    return (
        f"\n## {one.kind}\n\n{one.en} {one.zh}\n\nAbout: `{one.subject_kind}`. Since {one.since}."
        f"\n\n```json\n{schema}\n```"
    )

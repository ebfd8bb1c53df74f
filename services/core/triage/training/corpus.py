"""The labelled messages that the weights are made of."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from services.core.triage.rules import TIER
from services.core.triage.types import Category, MessageKind, TriageInput

FILES = ("beauty.jsonl", "gear.jsonl", "living.jsonl", "plain.jsonl")


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled message. `labels` names the class of every head that has one for it.

    Each author's ids begin with letters of their own.
    """

    id: str
    message: TriageInput
    trade: str
    lang: str
    hard: tuple[str, ...]
    author: str
    labels: dict[str, str]


def read_row(entry: dict[str, Any]) -> Row:
    """Read one entry; raises KeyError or ValueError where it is no labelled message."""
    category = Category(entry["category"])
    labels = {
        "category": category.value,
        "tier": entry.get("tier") or TIER[category].value,
        "sentiment": entry["sentiment"],
        "needs_reply": "yes" if entry["reply"] else "no",
    }
    if entry["neg"] is not None:
        labels["negative_subtype"] = entry["neg"]
    if entry["dm"] is not None:
        labels["dm_category"] = entry["dm"]
    return Row(
        id=entry["id"],
        message=TriageInput(MessageKind(entry["kind"]), entry["text"]),
        trade=entry["trade"],
        lang=entry["lang"],
        hard=tuple(entry["hard"]),
        author=entry["id"].partition("-")[0],
        labels=labels,
    )


def read_entries() -> Iterator[dict[str, Any]]:
    """Read the packaged corpus as it stands in its files."""
    for line in _lines():
        yield json.loads(line)


def load_corpus() -> list[Row]:
    """Read the packaged corpus."""
    return [read_row(entry) for entry in read_entries()]


def corpus_digest() -> str:
    """Name the corpus by its content; a changed label changes it."""
    return hashlib.sha256("\n".join(_lines()).encode()).hexdigest()[:12]


def _lines() -> Sequence[str]:
    folder = files("services.core.triage").joinpath("corpus")
    texts = [folder.joinpath(name).read_text("utf-8") for name in FILES]
    return [line for text in texts for line in text.splitlines() if line.strip()]

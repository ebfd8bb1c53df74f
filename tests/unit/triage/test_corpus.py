"""The corpus is what the product promises: large, varied, ours, and labelled within the rules."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.core.triage.model import HEADS
from services.core.triage.shipped import load_manifest
from services.core.triage.training.corpus import (
    FILES,
    corpus_digest,
    load_corpus,
    read_entries,
)
from services.core.triage.types import Category, MessageKind, Tier

DEVELOPMENT_SET = Path(__file__).parents[4] / "shared" / "triage" / "dev.jsonl"
FOLDER = Path(__file__).parents[3] / "services" / "core" / "triage" / "corpus"
HARD = {
    "traditional", "short", "sarcasm", "negation", "unmarked_question", "typo", "lookalike_spam",
    "tagged_urgent", "two_acts", "hypothesis", "evasion", "emoji_only", "dialect_slang",
}  # fmt: skip
CLOSE = 0.6
FEWEST_TRIGRAMS = 3

entries = list(read_entries())


def trigrams(text: str) -> frozenset[str]:
    folded = "".join(text.lower().split())
    return frozenset(folded[at : at + 3] for at in range(len(folded) - 2))


def close_pairs(
    texts: Sequence[str], others: Sequence[str] | None = None
) -> Iterator[tuple[int, int]]:
    """Pairs whose character trigrams have a Jaccard index above 0.6.

    Texts of a few letters are close only when they are equal: two bookmarks share all they have.
    """
    mine = [trigrams(text) for text in texts]
    theirs = mine if others is None else [trigrams(text) for text in others]
    holders: dict[str, list[int]] = {}
    for at, grams in enumerate(theirs):
        for gram in grams:
            holders.setdefault(gram, []).append(at)
    sizes = np.array([len(grams) for grams in theirs])
    for at, grams in enumerate(mine):
        if len(grams) < FEWEST_TRIGRAMS:
            continue
        met = np.bincount([each for gram in grams for each in holders.get(gram, ())])
        near = np.flatnonzero(met > CLOSE * (len(grams) + sizes[: len(met)] - met))
        yield from ((at, int(other)) for other in near if others is not None or other > at)


def test_there_are_enough_messages_in_every_language_trade_and_category() -> None:
    count = len(entries)
    languages = Counter(entry["lang"] for entry in entries)
    assert count >= 4_000
    assert languages["zh"] >= 0.6 * count
    assert languages["en"] >= 0.2 * count
    assert languages["mixed"] >= 0.1 * count
    assert len({entry["trade"] for entry in entries}) >= 12
    assert all(
        Counter(entry["category"] for entry in entries)[category] >= 250 for category in Category
    )


@pytest.mark.parametrize("kind", sorted(HARD))
def test_every_hard_kind_is_there_on_purpose(kind: str) -> None:
    assert sum(kind in entry["hard"] for entry in entries) >= 20


def test_every_label_is_one_of_the_rules() -> None:
    required = {
        "id", "kind", "text", "lang", "trade", "category", "sentiment", "neg", "dm", "reply",
        "hard",
    }  # fmt: skip
    for entry in entries:
        assert required <= set(entry) <= required | {"tier"}, entry["id"]
        assert entry["kind"] in list(MessageKind)
        assert entry["lang"] in {"zh", "en", "mixed"}
        assert entry["category"] in HEADS["category"]
        assert entry["sentiment"] in HEADS["sentiment"]
        assert entry["neg"] is None or entry["neg"] in HEADS["negative_subtype"]
        assert (entry["dm"] in HEADS["dm_category"]) == (entry["kind"] == "dm"), entry["id"]
        assert isinstance(entry["reply"], bool)
        assert set(entry["hard"]) <= HARD, entry["id"]
        assert entry["text"].strip()


def test_only_a_passing_opinion_has_a_tier_of_its_own() -> None:
    own = [entry for entry in entries if "tier" in entry]
    assert {(entry["category"], entry["tier"]) for entry in own} <= {("feedback", "routine")}


def test_spam_is_owed_no_answer_and_urgent_messages_are() -> None:
    for row in load_corpus():
        if row.labels["tier"] in {Tier.URGENT, Tier.IMPORTANT}:
            assert row.labels["needs_reply"] == "yes", row.id
        if row.labels["tier"] == Tier.SPAM:
            assert row.labels["needs_reply"] == "no", row.id


def test_every_id_and_every_text_is_there_once() -> None:
    assert len({entry["id"] for entry in entries}) == len(entries)
    texts = Counter(entry["text"] for entry in entries if len(entry["text"]) > 4)
    assert [text for text, count in texts.items() if count > 1] == []


def test_hardly_any_two_messages_are_alike() -> None:
    alike = {at for pair in close_pairs([entry["text"] for entry in entries]) for at in pair}
    assert len(alike) < 0.01 * len(entries)


def test_two_texts_that_differ_in_a_noun_are_seen_as_alike() -> None:
    said = "真的太好用了吧 用完这一瓶我还要再回购两瓶"
    texts = [f"这个面霜{said}", f"这个精华{said}", "别的话"]
    assert list(close_pairs(texts)) == [(0, 1)]


@pytest.mark.skipif(not DEVELOPMENT_SET.exists(), reason="the development set is not beside us")
def test_no_message_is_close_to_the_development_set() -> None:
    lines = DEVELOPMENT_SET.read_text("utf-8").splitlines()
    others: list[str] = [json.loads(line)["text"] for line in lines]
    texts: list[Any] = [entry["text"] for entry in entries]
    assert [entries[at]["id"] for at, _ in close_pairs(texts, others)] == []


def test_every_file_is_named_in_the_manifest_and_no_other() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.jsonl")) == sorted(FILES)
    manifest = (FOLDER / "manifest.toml").read_text("utf-8")
    assert all(name in manifest for name in FILES)


def test_the_shipped_weights_were_made_of_this_corpus() -> None:
    """When it fails, a label was corrected since: `make train`."""
    assert load_manifest()["corpus"] == {"digest": corpus_digest(), "rows": len(entries)}

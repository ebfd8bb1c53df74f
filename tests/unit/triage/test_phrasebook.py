"""The phrase book against Python's own regular expressions, and its work against its input."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.triage.cuebook import load_cuebook
from services.core.triage.grams import Grams, KeyTable, keys_of
from services.core.triage.normalise import HEAD, TAIL
from services.core.triage.patterns import spell_out
from services.core.triage.phrasebook import LONGEST_PREFIX, PhraseBook
from services.core.triage.types import MessageKind, TriageInput

book = load_cuebook()
PATTERNS = [
    "退(款|钱)", "客服.{0,4}不(回|理)", r"\bship(ping)? to\b", "[0-9]{2}元", "不.{1,2}用", "^好",
    "吗$", "a.{0,2}b.{0,2}c", "五天无理由退换货", "12315",
]  # fmt: skip


def found(patterns: Sequence[str], *texts: str) -> set[tuple[int, int, str]]:
    phrases = PhraseBook(
        (at, chain) for at, pattern in enumerate(patterns) for chain in spell_out(pattern)
    )
    view = book.normaliser.fold([TriageInput(MessageKind.COMMENT, text) for text in texts]).plain
    grams = Grams(view.codes)
    hits = phrases.find(view, grams, grams.windows(LONGEST_PREFIX))
    shown = set()
    for number, start, end in zip(hits.lists, hits.starts, hits.ends, strict=True):
        owner = int(view.owner[start])
        first, last = view.original(int(start), int(end))
        shown.add((owner, int(number), texts[owner][first:last]))
    return shown


def test_a_phrase_is_found_in_every_message_of_a_batch() -> None:
    assert found(["退(款|钱)"], "我要退款", "好", "退钱退款") == {
        (0, 0, "退款"),
        (2, 0, "退钱"),
        (2, 0, "退款"),
    }


def test_a_chain_keeps_to_its_gap_and_to_its_message() -> None:
    assert found(["客服.{0,2}不回"], "客服也不回") == {(0, 0, "客服也不回")}
    assert found(["客服.{0,2}不回"], "客服一直都不回") == set()
    assert found(["客服.{0,2}不回"], "客服", "不回") == set()


def test_a_border_of_a_latin_word_is_kept() -> None:
    assert found([r"\bship\b"], "we ship it", "shipping", "friendship") == {(0, 0, "ship")}
    assert found([r"\bship"], "shipping") == {(0, 0, "ship")}


def test_digits_in_a_pattern_are_those_digits_and_a_class_is_any() -> None:
    assert found(["12315", "[0-9]{5}"], "打12315", "打12345") == {
        (0, 0, "12315"),
        (0, 1, "12315"),
        (1, 1, "12345"),
    }


def test_a_word_longer_than_a_look_up_is_compared_whole() -> None:
    assert found(["五天无理由退换货"], "五天无理由退换货", "五天无理由退换吗") == {
        (0, 0, "五天无理由退换货")
    }


@given(
    st.lists(st.sampled_from([*"退款客服不回理用好吗0127元abc ", "ship", "ship to"]), max_size=24)
)
def test_a_message_has_a_phrase_exactly_when_a_regular_expression_says_so(
    letters: list[str],
) -> None:
    text = "".join(letters)
    view = book.normaliser.fold([TriageInput(MessageKind.COMMENT, text)]).plain
    folded = book.normaliser.letters.shown(view.text(0))
    seen = {number for _, number, _ in found(PATTERNS, folded)}
    wanted = {at for at, each in enumerate(PATTERNS) if re.search(each, folded, re.ASCII)}
    # What repeats is calmed once more when the folded text is folded again.
    calm = view.codes[1:-1]
    if not np.any((calm[2:] == calm[1:-1]) & (calm[1:-1] == calm[:-2])):
        assert seen == wanted


@pytest.mark.parametrize("letter", ["退", "不", "a", "1", " ", "哈", "⟦", "客服", "ab", "?!"])
def test_the_work_grows_no_faster_than_the_text_that_is_read(letter: str) -> None:
    def work(length: int) -> int:
        text = (letter * length)[:length]
        view = book.normaliser.fold([TriageInput(MessageKind.COMMENT, text)]).plain
        grams = Grams(view.codes)
        hits = book.plain.find(view, grams, grams.windows(LONGEST_PREFIX))
        return len(view.codes) + len(hits.lists)

    assert work(4_000) <= 4 * work(1_000) + 64
    assert work(1_000_000) <= work(HEAD + TAIL) + 64


def test_no_packaged_cue_says_more_than_its_share_about_a_text_made_of_itself() -> None:
    """Each cue's own words, repeated to a million letters: bounded hits, whatever they are."""
    for cue in book.cues:
        word = "".join(min(link, key=len).strip("\x02\ue000") for link in cue.chains[0].links)
        text = (word or "a") * (1_000_000 // max(len(word), 1))
        folded = book.normaliser.fold([TriageInput(MessageKind.COMMENT, text)])
        view = folded.plain if cue.view == "plain" else folded.contact
        grams = Grams(view.codes)
        phrases = book.plain if cue.view == "plain" else book.contact
        hits = phrases.find(view, grams, grams.windows(LONGEST_PREFIX))
        assert len(view.codes) <= HEAD + TAIL + 2
        assert len(hits.lists) <= 16 * len(view.codes), cue.name


def test_keys_are_found_whatever_their_slots_hold() -> None:
    keys = np.sort(keys_of([f"w{at}x" * 2 for at in range(50)]))
    crowded = np.sort(np.concatenate((keys, keys + np.uint64(1), keys + np.uint64(2))))
    places, rows = KeyTable(crowded).find(np.append(crowded[::-1], np.uint64(7)))
    assert (crowded[rows] == crowded[::-1][places]).all()
    assert len(places) == len(crowded)


def test_the_hash_of_a_run_is_the_hash_of_the_word() -> None:
    codes = book.normaliser.letters.read("我要退款5元")
    windows = Grams(codes).windows(4)
    assert windows[1, 2] == keys_of(["退款"])[0]
    assert windows[1, 4] == keys_of(["9元"])[0] != keys_of(["9元"], digits_apart=True)[0]

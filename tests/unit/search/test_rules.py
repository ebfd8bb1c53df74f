import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.search import rules
from services.core.search.types import Span, Wanted


def ask(question: str) -> Wanted:
    """Folded, as the database does it."""
    return rules.read_question(unicodedata.normalize("NFKC", question).lower())


def spans(text: str, question: str) -> list[tuple[int, int]]:
    parts = ask(question).parts
    return [(span.start, span.end) for span in rules.find_spans(text, parts)]


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("烂脸", ("烂脸",)),
        ("烂脸了", ("烂脸", "脸了")),
        ("refund", ("^refu",)),
        ("re", ("^re",)),
        ("moisturizer", ("^moisturi",)),
        ("b5精华", ("5精", "精华", "^b5")),
        ("5折", ("5折",)),
        ("lily_2023", ("^lily", "^2023")),
        ("烂脸 refund 烂脸", ("烂脸", "^refu")),
        ("烂，脸", ()),
        ("脸", ()),
        ("a", ()),
        ("привет", ("^прив",)),
    ],
)
def test_signs_are_looked_up_in_pairs_and_words_by_their_beginnings(
    question: str, terms: tuple[str, ...]
) -> None:
    assert ask(question).terms == terms


@pytest.mark.parametrize("question", ["", "  ", "!!!", "%", "_", "，。", "\\", "@ #"])
def test_punctuation_is_no_question(question: str) -> None:
    wanted = ask(question)
    assert wanted.parts == wanted.terms == wanted.patterns == ()


def test_what_stands_around_a_part_is_not_looked_for_and_what_stands_in_it_is() -> None:
    assert ask("@lily_w! 100%").parts == ("lily_w", "100")


def test_a_pattern_means_its_letters_and_begins_where_a_word_does() -> None:
    word, sign = ask("a.*b 烂.*脸").patterns
    assert word.endswith(r"a\.\*b")
    assert word.startswith("(^|[^")
    assert sign == r"烂\.\*脸"


def test_a_word_is_found_at_its_beginning_and_signs_anywhere() -> None:
    assert spans("Refund, no refunds; prerefund", "refund") == [(0, 6), (11, 17)]
    assert spans("用了烂脸了", "烂脸") == [(2, 4)]


def test_spans_count_the_letters_as_they_were_written() -> None:
    # Full width, an accent that stands apart, and one letter that is two when folded.
    assert spans("😀ＲＥＦＵＮＤ！", "refund") == [(1, 7)]
    assert spans("cafe\u0301 烂脸", "caf\u00e9 烂脸") == [(0, 5), (6, 8)]
    assert spans("㍿烂脸", "会社烂") == [(0, 2)]


def test_places_that_touch_are_one_and_there_are_no_more_than_fifty() -> None:
    assert spans("烂脸烂脸", "烂脸 脸烂") == [(0, 4)]
    assert len(spans("烂脸，" * 60, "烂脸")) == rules.MOST_SPANS


@given(st.text(max_size=40), st.text(max_size=20))
def test_every_span_lies_in_its_text(text: str, question: str) -> None:
    found = rules.find_spans(text, ask(question).parts)
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert found == sorted(found, key=lambda span: span.start)


def test_no_text_has_no_spans() -> None:
    assert rules.find_spans("", ("烂脸",)) == []
    assert rules.find_spans("烂脸", ("烂脸",)) == [Span(0, 2)]

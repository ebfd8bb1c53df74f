import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.text import REPLACEMENT, clean, clean_tree

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    "text", ["", "hello", "烂脸了", "a\r\n\tb", "👩‍👩‍👧", "\u202eabc\u200b", "e\u0301"]
)
def test_ordinary_text_of_any_language_stays_as_it_is(text: str) -> None:
    assert clean(text) == (text, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b", "a\ufffdb"),
        ("你\x00好", "你\ufffd好"),
        ("\ud800", "\ufffd"),
        ("a\udfffb", "a\ufffdb"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
    ],
)
def test_nul_and_lone_surrogates_are_replaced_and_reported(text: str, expected: str) -> None:
    assert clean(text) == (expected, True)


@given(ANY_TEXT)
def test_cleaned_text_is_storable_and_as_long_as_before(text: str) -> None:
    cleaned, replaced = clean(text)

    assert b"\x00" not in cleaned.encode()
    assert len(cleaned) == len(text)
    assert replaced == (cleaned != text)
    assert clean(cleaned) == (cleaned, False)


def test_a_tree_is_cleaned_in_its_keys_lists_and_leaves() -> None:
    tree = {"a\x00": ["x", {"b": "\ud800"}], "n": 1, "none": None, "yes": True}

    cleaned, replaced = clean_tree(tree)

    assert replaced
    assert cleaned == {
        f"a{REPLACEMENT}": ["x", {"b": REPLACEMENT}],
        "n": 1,
        "none": None,
        "yes": True,
    }


@pytest.mark.parametrize("tree", [{"a\x00": 1}, ["\x00"], {"a": {"b": ["\x00"]}}])
def test_one_replacement_anywhere_in_a_tree_is_reported(tree: object) -> None:
    assert clean_tree(tree)[1]


def test_a_clean_tree_is_equal_and_not_reported() -> None:
    tree = {"a": ["x", {"b": 1.5}], "c": None}

    assert clean_tree(tree) == (tree, False)

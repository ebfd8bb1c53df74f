from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.core.triage.cuebook import load_cuebook
from services.core.triage.normalise import Normaliser, View

# Any code point at all, lone surrogates and NUL included.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)

normaliser = load_cuebook().normaliser


def plain(text: str) -> str:
    return normaliser.fold(text).plain.text


def contact(text: str) -> str:
    return normaliser.fold(text).contact.text


def test_full_width_circled_and_capital_letters_become_plain() -> None:
    assert plain("ＶＸ①② Abc！") == "vx12 abc!"


def test_traditional_becomes_simplified_in_place() -> None:
    folded = normaliser.fold("這個質量真的很爛").plain
    assert folded.text == "这个质量真的很烂"
    assert folded.original(2, 4) == (2, 4)


def test_a_nul_does_not_cut_a_traditional_text_short() -> None:
    assert plain("爛\x00臉\ud800") == "烂 脸\ufffd"


def test_shouting_is_calmed() -> None:
    assert plain("好好好好看！！！！") == "好好看!"
    assert plain("sooooo") == "soo"
    assert plain("1000000") == "1000000"


def test_a_calmed_run_still_spans_all_it_came_from() -> None:
    folded = normaliser.fold("差！！！").plain
    assert folded.original(0, len(folded.text)) == (0, 4)


def test_emoji_become_their_class() -> None:
    assert plain("😍😍好") == "⟦LOVE⟧好"
    assert plain("👍🏽") == "⟦UP⟧"


def test_platform_emoticons_become_their_class_and_keep_their_span() -> None:
    folded = normaliser.fold("贵[哭惹R]").plain
    assert folded.text == "贵⟦CRY⟧"
    assert folded.original(1, len(folded.text)) == (1, 6)


def test_an_unknown_emoticon_is_a_sign_and_other_brackets_are_text() -> None:
    assert plain("[新表情R]") == "⟦SIGN⟧"
    assert plain("[补货]") == "[补货]"
    assert plain("[没关") == "[没关"


def test_class_marks_typed_by_a_person_are_mere_brackets() -> None:
    assert plain("⟦LOVE⟧") == "[love]"


def test_smuggled_contact_details_are_unwrapped() -> None:
    assert contact("➕ 薇·信 ❤ 壹②3") == "加微信信123"
    assert contact("佳 V : a b c") == "加vabc"


def test_a_conversion_that_changes_the_length_is_done_letter_by_letter() -> None:
    longer = Normaliser(
        emoji={}, emoticons={}, lookalikes={}, simplify=lambda text: text.replace("后裡", "后里面")
    )
    assert longer.fold("后裡").plain.text == "后裡"
    by_letter = {"裡": "里", "囍": "喜喜"}
    single = Normaliser(
        emoji={},
        emoticons={},
        lookalikes={},
        simplify=lambda text: "".join(by_letter.get(letter, letter) for letter in text),
    )
    assert single.fold("裡囍").plain.text == "里囍"


def _is_monotone(view: View, length: int) -> bool:
    pairs = list(zip(view.starts, view.ends, strict=True))
    ordered = all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(pairs))
    return ordered and all(0 <= start < end <= length for start, end in pairs)


@given(ANY_TEXT)
def test_every_folded_letter_knows_where_it_came_from(text: str) -> None:
    folded = normaliser.fold(text)
    for view in (folded.plain, folded.contact):
        assert len(view.starts) == len(view.ends) == len(view.text)
        assert _is_monotone(view, len(text))
        view.text.encode()

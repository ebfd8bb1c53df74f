import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.triage.cuebook import load_cuebook
from services.core.triage.normalise import HEAD, TAIL, Folded, View
from services.core.triage.types import MessageKind, TriageInput

# Any code point at all, lone surrogates and NUL included.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)

normaliser = load_cuebook().normaliser
letters = normaliser.letters


def fold(*texts: str, kind: MessageKind = MessageKind.COMMENT, own: tuple[str, ...] = ()) -> Folded:
    return normaliser.fold([TriageInput(kind, text, own) for text in texts])


def shown(view: View, message: int = 0) -> str:
    return letters.shown(view.text(message))


def plain(text: str) -> str:
    return shown(fold(text).plain)


def contact(text: str) -> str:
    return shown(fold(text).contact)


def original(text: str, part: str) -> str:
    """The words of the original that a part of the folded text came from."""
    view = fold(text).plain
    start = int(view.starts[0]) + "".join(map(chr, view.text(0))).index(part)
    first, last = view.original(start, start + len(part))
    return text[first:last]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＶＸ①② Abc！", "vx12 abc!"),
        ("這個質量真的很爛", "这个质量真的很烂"),
        ("妳乾著用", "你干着用"),
        ("爛\x00臉\ud800", "烂 脸 "),
        ("好好好好看！！！！", "好好看!"),
        ("sooooo", "soo"),
        ("1000000", "1000000"),
        ("等……很久", "等.很久"),
        ("\u200b好\u0301\u0302", "好"),
        ("\ue000\ue010", " "),
    ],
)
def test_letters_become_plain_and_shouting_is_calmed(text: str, folded: str) -> None:
    assert plain(text) == folded


def test_a_calmed_run_still_spans_all_it_came_from() -> None:
    assert original("太差！！！", "差!") == "差！！！"


def test_emoji_become_their_class() -> None:
    assert plain("😍😍好") == "⟦LOVE⟧好"
    assert plain("👍🏽") == "⟦UP⟧"


def test_platform_emoticons_become_their_class_and_keep_their_span() -> None:
    view = fold("贵[哭惹R]").plain
    assert shown(view) == "贵⟦CRY⟧"
    assert view.original(int(view.starts[0]) + 1, int(view.ends[0])) == (1, 6)


def test_an_unknown_emoticon_is_a_sign_and_other_brackets_are_text() -> None:
    assert plain("[新表情R]") == "⟦SIGN⟧"
    assert plain("[补货]") == "[补货]"
    assert plain("[没关") == "[没关"


def test_class_marks_typed_by_a_person_are_mere_brackets() -> None:
    assert plain("⟦LOVE⟧") == "[love]"


@pytest.mark.parametrize(
    ("text", "meant"),
    [("yyds！", "永远的神!"), ("JMS冲", "姐妹们冲"), ("求dd链接", "求滴滴链接"), ("add", "add")],
)
def test_abbreviations_are_written_out(text: str, meant: str) -> None:
    assert plain(text) == meant


def test_a_written_out_abbreviation_spans_what_was_typed() -> None:
    assert original("真的yyds！", "永远的神") == "yyds"


@pytest.mark.parametrize(
    ("text", "unwrapped"),
    [
        ("➕ 薇·信 ❤ 壹②3", "加微信信123"),
        ("佳 V : a b c", "加vabc"),
        ("ｖ·ｘ ①②③", "vx123"),
    ],
)
def test_smuggled_contact_details_are_unwrapped(text: str, unwrapped: str) -> None:
    assert contact(text) == unwrapped


def test_a_brands_handle_and_a_friends_are_told_apart() -> None:
    assert plain("@山月咖啡 好喝") == "⟦BRAND⟧ 好喝"
    assert plain("@阿宁 快看") == "⟦SOMEBODY⟧ 快看"
    known = fold("@阿宁 快看", own=("@阿宁",))
    assert (shown(known.plain), bool(known.brand[0])) == ("⟦BRAND⟧ 快看", True)


def test_the_first_handle_of_a_mention_is_the_brands() -> None:
    folded = fold("@山月 给@阿宁 看看", kind=MessageKind.MENTION)
    assert shown(folded.plain) == "⟦BRAND⟧ 给⟦SOMEBODY⟧ 看看"
    assert (bool(folded.brand[0]), bool(folded.somebody[0])) == (True, True)


def test_a_brands_name_that_runs_into_the_sentence_ends_where_names_end() -> None:
    assert plain("被@蹦豆研究所的豆子拿捏") == "被⟦BRAND⟧的豆子拿捏"


def test_an_address_is_one_sign() -> None:
    assert plain("看https://a.example/b?c=1 这里") == "看⟦ADDRESS⟧ 这里"


def test_messages_of_a_batch_do_not_touch() -> None:
    folded = fold("好", "", "好\n@", "[哭惹R")
    assert [shown(folded.plain, at) for at in range(4)] == ["好", "", "好\n@", "[哭惹r"]


def test_of_a_very_long_text_the_ends_are_read_and_point_to_their_place() -> None:
    text = "甲" + "乙丙" * 10_000 + "丁"
    view = fold(text).plain
    assert len(view.text(0)) == HEAD + TAIL
    end = int(view.ends[0])
    assert view.original(end - 1, end) == (len(text) - 1, len(text))


@given(ANY_TEXT, ANY_TEXT)
def test_every_folded_letter_knows_where_it_came_from(text: str, other: str) -> None:
    folded = fold(text, other)
    for view in (folded.plain, folded.contact):
        for message, source in enumerate((text, other)):
            begin, end = int(view.starts[message]), int(view.ends[message])
            spans = [view.original(at, at + 1) for at in range(begin, end)]
            assert all(0 <= first < last <= len(source) for first, last in spans)
            assert spans == sorted(spans)
            letters.shown(view.text(message)).encode()


@given(ANY_TEXT, ANY_TEXT)
def test_a_message_is_folded_alike_alone_and_in_company(text: str, other: str) -> None:
    assert plain(text) == shown(fold(other, text).plain, 1)

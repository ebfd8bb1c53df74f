import pytest

from services.core.rulebook import patterns


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("烂脸(?=了)", "lookaround"),
        ("(?<!不)好用", "lookaround"),
        (r"(哈)\1", "backreference"),
        ("a{1000}{1000}", "too_large"),
        (r"(\w{1,50}\s){1,19}", "too_large"),
        ("(好", "syntax"),
        ("[z-a]", "syntax"),
        ("好" * 171, "too_long"),
        ("a*", "matches_nothing"),
        ("x|", "matches_nothing"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_with_its_reason(pattern: str, code: str) -> None:
    found = patterns.problem(pattern, "/conditions/patterns/0")
    assert found is not None
    assert (found.code, found.pointer) == (code, "/conditions/patterns/0")
    assert pattern not in found.detail


@pytest.mark.parametrize("pattern", ["多少钱|怎么卖", "(x+x+)+y", "好" * 170, r"\d{3,5}元"])
def test_a_pattern_in_linear_time_is_welcome(pattern: str) -> None:
    assert patterns.problem(pattern, "") is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("烂脸", "爛臉了"),
        ("爛臉", "烂脸了"),
        ("refund", "ＲＥＦＵＮＤ please"),
        ("REFUND", "refund"),
    ],
)
def test_capitals_width_and_traditional_characters_make_no_difference(
    pattern: str, text: str
) -> None:
    found = patterns.compile_pattern(pattern).find(patterns.prepare(text))
    assert found == (0, len(pattern))


@pytest.mark.parametrize("text", ["", "\ud800", "\0", "﷽" * 3, "a\u0301" * 500, "ﬃ烂脸"])
def test_strange_texts_are_read_without_a_stumble(text: str) -> None:
    patterns.compile_pattern("烂脸").find(patterns.prepare(text))

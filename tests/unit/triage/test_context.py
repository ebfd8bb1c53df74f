import pytest

from services.core.triage.context import Context
from services.core.triage.cuebook import Effects, load_cuebook, read_cue

BAD: Effects = (("sentiment:negative", 0.8),)
GOOD: Effects = (("sentiment:positive", 0.6),)
ASKED: Effects = (("ask", 0.4),)
CUE = read_cue(
    {
        "name": "test.bad",
        "patterns": ["烂", "bad"],
        "argues": dict(BAD),
        "negated": dict(GOOD),
        "doubted": dict(ASKED),
    }
)
DEAF = read_cue({"name": "test.deaf", "patterns": ["烂", "bad"], "argues": dict(BAD)})


def effects(text: str, *, deaf: bool = False) -> Effects:
    text = load_cuebook().normaliser.fold(text).plain.text
    word = "烂" if "烂" in text else "bad"
    start = text.index(word)
    context = Context(text, load_cuebook())
    return context.effects(DEAF if deaf else CUE, start, start + len(word))


@pytest.mark.parametrize("text", ["烂", "真烂", "不好用，烂", "没用 烂", "not today. bad"])
def test_a_cue_argues_for_itself_when_nothing_in_its_clause_speaks_against_it(text: str) -> None:
    assert effects(text) == BAD


@pytest.mark.parametrize(
    "text", ["不烂", "并不会烂", "没有烂", "it is not bad", "isn't really bad"]
)
def test_a_negator_in_the_clause_turns_a_cue(text: str) -> None:
    assert effects(text) == GOOD


@pytest.mark.parametrize(
    "text", ["不是不烂", "不得不说烂", "不要太烂", "特别烂", "no wonder it's bad"]
)
def test_two_negators_or_a_phrase_that_only_looks_like_one_turn_nothing(text: str) -> None:
    assert effects(text) == BAD


def test_a_negator_out_of_reach_turns_nothing() -> None:
    assert effects("不知道你们家的这一款面霜到底烂") == BAD


def test_a_phrase_cut_by_the_edge_of_the_window_is_still_recognised() -> None:
    assert effects("不得不承认它烂") == BAD


@pytest.mark.parametrize(
    "text", ["会不会烂", "听说会烂", "烂吗", "烂了是真的吗", "heard it is bad"]
)
def test_a_supposition_doubts_a_cue(text: str) -> None:
    assert effects(text) == ASKED


@pytest.mark.parametrize("text", ["听说我用了也烂", "烂，是吗", "是不是我收到的烂"])
def test_a_case_of_ones_own_or_another_clause_doubts_nothing(text: str) -> None:
    assert effects(text) == BAD


@pytest.mark.parametrize("text", ["不烂", "会不会烂", "烂吗"])
def test_a_cue_without_a_second_mind_is_deaf_to_both(text: str) -> None:
    assert effects(text, deaf=True) == BAD


def test_a_bad_word_about_another_brand_is_eased() -> None:
    assert dict(effects("别家的烂")) == pytest.approx({"sentiment:negative": 0.28})

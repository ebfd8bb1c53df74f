import tomllib
from importlib.resources import files

import pytest

from services.core.triage.context import Traits
from services.core.triage.cuebook import State, make_cuebook, read_cue
from services.core.triage.evidence import Evidence
from services.core.triage.types import MessageKind, TriageInput

CUE = {
    "name": "test.bad",
    "patterns": ["烂", "bad"],
    "argues": {"sentiment:negative": 0.8},
    "negated": {"sentiment:positive": 0.6},
    "doubted": {"ask": 0.4},
}
DEAF = {"name": "test.deaf", "patterns": ["烂", "bad"], "argues": {"act": 0.5}}

_folder = files("services.core.triage").joinpath("cues")
_windows, _emoji = (
    tomllib.loads(_folder.joinpath(name).read_text("utf-8"))
    for name in ("windows.toml", "emoji.toml")
)
book = make_cuebook([read_cue(CUE), read_cue(DEAF)], _windows, _emoji, "test")
SAID, NEGATED, DOUBTED, ELSEWHERE = State


def state(text: str, *, deaf: bool = False) -> State:
    """How the last hit of the cue stands, between two messages that have nothing to do with it."""
    texts = ["不", text, "吗"]
    messages = [TriageInput(MessageKind.COMMENT, each) for each in texts]
    hits = Evidence(messages, book, Traits(book)).cues
    mine = [
        State(state)
        for owner, cue, state in zip(hits.owner, hits.cues, hits.states, strict=True)
        if owner == 1 and cue == int(deaf)
    ]
    return mine[-1]


@pytest.mark.parametrize("text", ["烂", "真烂", "不好用，烂", "没用 烂", "not today. bad"])
def test_a_cue_argues_for_itself_when_nothing_in_its_clause_speaks_against_it(text: str) -> None:
    assert state(text) is SAID


@pytest.mark.parametrize(
    "text", ["不烂", "并不会烂", "没有烂", "it is not bad", "isn't really bad"]
)
def test_a_negator_in_the_clause_turns_a_cue(text: str) -> None:
    assert state(text) is NEGATED


@pytest.mark.parametrize(
    "text", ["不是不烂", "不得不说烂", "不要太烂", "特别烂", "no wonder it's bad"]
)
def test_two_negators_or_a_phrase_that_only_looks_like_one_turn_nothing(text: str) -> None:
    assert state(text) is SAID


def test_a_negator_out_of_reach_turns_nothing() -> None:
    assert state("不知道你们家的这一款面霜到底烂") is SAID


def test_a_phrase_cut_by_the_edge_of_the_window_is_still_recognised() -> None:
    assert state("不得不承认它烂") is SAID


@pytest.mark.parametrize(
    "text", ["会不会烂", "听说会烂", "烂吗", "烂了是真的吗", "heard it is bad"]
)
def test_a_supposition_doubts_a_cue(text: str) -> None:
    assert state(text) is DOUBTED


@pytest.mark.parametrize("text", ["听说我用了也烂", "烂，是吗", "是不是我收到的烂"])
def test_a_case_of_ones_own_or_another_clause_doubts_nothing(text: str) -> None:
    assert state(text) is SAID


@pytest.mark.parametrize("text", ["不烂", "会不会烂", "烂吗"])
def test_a_cue_without_a_second_mind_is_deaf_to_both(text: str) -> None:
    assert state(text, deaf=True) is SAID


def test_a_bad_word_about_another_brand_stands_elsewhere() -> None:
    assert state("别家的烂") is ELSEWHERE

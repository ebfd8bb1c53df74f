import pytest

from services.core.triage.cuebook import CueFileError, State, load_cuebook, read_cue
from services.core.triage.engine import load_classifier
from services.core.triage.types import MessageKind, TriageInput

ENTRY = {"name": "test.cue", "patterns": ["退款"], "argues": {"act": 0.5}}


def test_the_packaged_files_are_read_and_every_cue_has_its_own_name() -> None:
    names = [cue.name for cue in load_cuebook().cues]
    assert len(names) == len(set(names)) > 120


def test_every_flag_and_effect_is_a_known_one() -> None:
    known = {"act", "problem", "own_case", "ask", "actionable", "passing", "greeting"}
    known |= {"spam", "not_spam", "contact"}
    kinds = {"category", "sentiment", "subtype", "topic"}
    for cue in load_cuebook().cues:
        for state in State:
            for effect, weight in cue.effects(state):
                assert effect in known or effect.split(":")[0] in kinds, (cue.name, effect)
                assert 0 < weight < 1


def test_a_cue_says_what_its_state_makes_of_it() -> None:
    cue = read_cue(ENTRY | {"negated": {"problem": 0.4}})
    assert cue.effects(State.SAID) == cue.effects(State.ELSEWHERE) == (("act", 0.5),)
    assert cue.effects(State.NEGATED) == (("problem", 0.4),)
    assert cue.effects(State.DOUBTED) == ()


def test_a_brand_may_add_a_cue_of_its_own_and_it_is_named_among_the_reasons() -> None:
    cue = read_cue(ENTRY | {"name": "ours.bean", "patterns": ["瑰夏豆"]})
    assert cue.name == "ours.bean"
    assert [set(chain.links[0]) for chain in cue.chains] == [{"瑰夏豆"}]


def test_the_group_of_every_question_a_manager_asks_has_cues() -> None:
    classifier = load_classifier()

    def cues(text: str) -> str:
        reasons = classifier.judge(TriageInput(MessageKind.COMMENT, text)).reasons
        return " ".join(reason.cue for reason in reasons)

    for text, name in (
        ("还没发货", "problem"),
        ("退款", "redress"), ("一点用都没有", "verdict"),
        ("去了急诊", "crisis.medical"), ("太贵了", "price"), ("客服不理人", "no_answer"),
        ("求链接", "product.buy"), ("背景音乐叫什么", "content"), ("希望能出小样", "suggestion"),
        ("马住", "bookmark"),
        ("无限回购", "praise"), ("互粉吗", "spam"), ("找你们合作", "business"),
    ):  # fmt: skip
        assert name in cues(text), text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wieght": 1}, "wieght"),
        ({"view": "sideways"}, "sideways"),
        ({"argues": {"act": 1.5}}, "between 0 and 1"),
        ({"patterns": ["(a"]}, "test.cue"),
        ({"patterns": ["(?=a)"]}, "test.cue"),
        ({"patterns": [".*"]}, "no letter at all"),
    ],
)
def test_a_malformed_cue_is_refused_by_name(change: dict[str, object], words: str) -> None:
    with pytest.raises(CueFileError, match=r"test\.cue") as refusal:
        read_cue(ENTRY | change)
    assert words in str(refusal.value)


def test_a_cue_without_a_name_is_refused() -> None:
    with pytest.raises(CueFileError, match="without a name"):
        read_cue({"patterns": ["a"], "argues": {"act": 0.5}})

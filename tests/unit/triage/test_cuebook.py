import pytest
import re2

from services.core.triage.cuebook import CueFileError, load_cuebook, read_cue

ENTRY = {"name": "test.cue", "patterns": ["退款"], "argues": {"act": 0.5}}


def test_the_packaged_files_are_read_and_every_cue_has_its_own_name() -> None:
    book = load_cuebook()
    names = [cue.name for cues in book.cues.values() for cue in cues]
    assert len(names) == len(set(names)) > 80


def test_every_packaged_pattern_is_bounded_and_matches_no_empty_text() -> None:
    for cues in load_cuebook().cues.values():
        for cue in cues:
            assert cue.pattern.fullmatch("") is None, cue.name


def test_every_flag_and_effect_is_a_known_one() -> None:
    known = {"act", "problem", "own_case", "ask", "actionable", "passing", "greeting"}
    known |= {"spam", "not_spam", "contact"}
    for cues in load_cuebook().cues.values():
        for cue in cues:
            for effects in (cue.argues, cue.negated or (), cue.doubted or ()):
                for effect, _ in effects:
                    assert effect in known or effect.split(":")[0] in {
                        "category",
                        "sentiment",
                        "subtype",
                        "topic",
                    }, (cue.name, effect)


def test_a_cue_finds_its_words_by_letter_not_by_byte() -> None:
    found = {(cue.name, start, end) for cue, start, end in load_cuebook().hits("plain", "我想退款")}
    assert ("zh.redress.money", 2, 4) in found or ("zh.redress.money", 1, 3) in found


def test_a_text_without_a_cue_has_no_hits() -> None:
    assert list(load_cuebook().hits("plain", "qzx")) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wieght": 1}, "wieght"),
        ({"view": "sideways"}, "sideways"),
        ({"argues": {"act": 1.5}}, "between 0 and 1"),
        ({"patterns": ["(a"]}, "test.cue"),
        ({"patterns": ["(?=a)"]}, "test.cue"),
    ],
)
def test_a_malformed_cue_is_refused_by_name(change: dict[str, object], words: str) -> None:
    with pytest.raises(CueFileError, match=r"test\.cue") as refusal:
        read_cue(ENTRY | change)
    assert words in str(refusal.value)


def test_a_cue_without_a_name_is_refused() -> None:
    with pytest.raises(CueFileError, match="without a name"):
        read_cue({"patterns": ["a"], "argues": {"act": 0.5}})


def test_a_pattern_that_would_never_end_elsewhere_ends_here() -> None:
    cue = read_cue(ENTRY | {"patterns": ["(a+)+$"]})
    assert cue.pattern.search("a" * 5_000 + "b") is None
    assert isinstance(cue.pattern, type(re2.compile("a")))

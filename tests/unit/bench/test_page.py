"""The page of figures keeps what was not measured again."""

from tests.bench.figures import Chapter
from tests.bench.page import write


def chapter(title: str, figure: str) -> Chapter:
    made = Chapter(title, f"How {title} is measured.", "2026-11-22, all of the work was done.")
    made.add("Events a second", figure, "≥ 4", met=True)
    return made


def test_a_chapter_measured_again_replaces_the_one_that_stood_there_and_no_other() -> None:
    before = write([chapter("Intake", "786"), chapter("Search", "52 ms")])
    after = write([chapter("Intake", "901"), chapter("Numbers", "26 ms")], kept=before)
    assert after == write(
        [chapter("Intake", "901"), chapter("Search", "52 ms"), chapter("Numbers", "26 ms")]
    )
    assert before.count("786") == 1
    assert "786" not in after
    assert "| Events a second | 901 | ≥ 4 | met |" in after

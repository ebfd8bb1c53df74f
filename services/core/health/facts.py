"""What an auditor announces, to every workspace: its alerts may be late, or are on time again."""

from services.core.kit import ids
from services.core.stream.types import Fact


def stage_changed(stage: str, *, stalled: bool) -> Fact:
    """`stage.stalled` and `stage.resumed`; the subject is the stage, under an id of its own."""
    return Fact(
        kind="stage.stalled" if stalled else "stage.resumed",
        subject_kind="stage",
        subject_id=ids.derived_id("stage", stage),
        payload={"stage": stage},
    )

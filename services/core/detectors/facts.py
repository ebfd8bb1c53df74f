"""What detectors announce."""

from services.core.detectors.types import Detector, Firing
from services.core.stream.types import Fact


def detector_changed(verb: str, detector: Detector) -> Fact:
    """`detector.created`, `detector.changed`, `detector.archived`."""
    draft = detector.draft
    payload = {"version": detector.version, "kind": draft.kind.value, "enabled": draft.enabled}
    return Fact(f"detector.{verb}", "detector", detector.id, payload)


def firing_changed(verb: str, firing: Firing) -> Fact:
    """`detector.fired`, `detector.cleared`; the figures are those of the moment it began."""
    figures = {name: value for name, value in firing.figures.items() if name != "sentence"}
    payload = {"firing_id": str(firing.id), "subject": firing.subject or None, "figures": figures}
    return Fact(f"detector.{verb}", "detector", firing.detector_id, payload)

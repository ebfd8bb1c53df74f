"""The catalogue spells what features mean, and every entry can be relied on."""

from enum import StrEnum

import jsonschema_rs
import pytest

from services.core.alerts.types import AlertKind, AlertState, Severity
from services.core.calendars.types import StandstillReason
from services.core.cases.types import CaseState
from services.core.conversations.types import Channel
from services.core.detectors.types import DetectorKind
from services.core.learning.types import ModelState
from services.core.presence.types import Doing
from services.core.rulebook.types import RunOutcome
from services.core.sla.types import ClockKind
from services.core.stream.catalogue import CATALOGUE, covers, is_known, words
from services.core.stream.catalogue.shapes import Schema
from services.core.subscriptions.types import PauseReason
from services.core.triage.types import Category, Sentiment, Tier


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        (words.TIER, Tier),
        (words.CATEGORY, Category),
        (words.CHANNEL, Channel),
        (words.SENTIMENT, Sentiment),
        (words.CASE_STATE, CaseState),
        (words.CLOCK_KIND, ClockKind),
        (words.ALERT_KIND, AlertKind),
        (words.ALERT_STATE, AlertState),
        (words.SEVERITY, Severity),
        (words.DOING, Doing),
        (words.RUN_OUTCOME, RunOutcome),
        (words.MODEL_STATE, ModelState),
        (words.STANDSTILL_REASON, StandstillReason),
        (words.DETECTOR_KIND, DetectorKind),
        (words.PAUSE_REASON, PauseReason),
    ],
)
def test_closed_lists_are_spelled_as_the_features_have_them(
    spelled: Schema, meant: type[StrEnum]
) -> None:
    assert sorted(spelled["enum"]) == sorted(meant)


def test_every_entry_has_words_in_both_languages_and_a_schema_that_is_one() -> None:
    for one in CATALOGUE.values():
        assert one.zh.endswith("。"), one.kind
        assert one.en.endswith("."), one.kind
        jsonschema_rs.meta.validate(dict(one.schema))


def test_a_schema_refuses_a_payload_with_a_field_too_many_or_too_few() -> None:
    schema = jsonschema_rs.validator_for(dict(CATALOGUE["burst.opened"].schema))
    fine = {"post_id": "01990000-0000-7000-8000-000000000000", "cases": 2}
    assert schema.is_valid(fine)
    assert not schema.is_valid(fine | {"text": "hello"})
    assert not schema.is_valid({"cases": 2})


def test_patterns_mean_kinds_by_their_beginning_only() -> None:
    assert covers("*", "case.opened")
    assert covers("case.*", "case.opened")
    assert not covers("case.*", "casework.opened")
    assert not covers("case.open", "case.opened")
    assert is_known("alert.*")
    assert not is_known("alert*")
    assert not is_known("weather.*")

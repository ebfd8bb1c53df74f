"""A workspace learns at once, is measured weekly, and takes new weights through a shadow."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.desk import correcting
from services.core.kit.errors import NotFoundError
from services.core.learning import service as learning
from services.core.learning.errors import NoSuchModelError, WorseModelError
from services.core.learning.types import Correction, Model, ModelState
from services.core.triage.types import Category, Tier
from services.core.workspaces import service as workspaces
from tests.support.line import THANKS, URGENT, Line, comment

TEXT = "嗯嗯 那我就再等等看吧"


async def correct(line: Line, external_id: str, correction: Correction) -> None:
    row = await line.row("SELECT id FROM messages WHERE external_id = :id", id=external_id)
    async with line.database.unit(line.workspace_id) as uow:
        await correcting.correct(uow, row.id, correction)


async def tier_of(line: Line, external_id: str) -> str:
    row = await line.row("SELECT tier FROM messages WHERE external_id = :id", id=external_id)
    return str(row.tier)


async def train(line: Line) -> Model:
    return await learning.retrain(line.database, line.workspace_id, line.classifier)


async def in_unit(line: Line, story: Any, *more: Any) -> Any:
    async with line.database.unit(line.workspace_id) as uow:
        return await story(uow, *more)


async def test_the_next_message_like_it_is_judged_as_the_person_said(line: Line) -> None:
    await line.hear(comment("c1", TEXT))
    before = await tier_of(line, "c1")
    await correct(line, "c1", Correction(category=Category.COMPLAINT))
    await line.hear(comment("c2", f"{TEXT}！", minutes=1, author="mia"))
    assert (before, await tier_of(line, "c2")) == ("routine", "urgent")
    judgement = await line.row(
        "SELECT j.* FROM judgements j JOIN messages m ON m.judgement_id = j.id"
        " WHERE m.external_id = 'c2'"
    )
    assert (judgement.decided_by, judgement.reasons[-1]["effect"]) == ("engine", "tier:urgent")
    assert "+m" in judgement.engine_version


async def test_a_deleted_text_teaches_nothing_and_no_other_workspace_learns(line: Line) -> None:
    await line.hear(comment("c1", TEXT))
    await correct(line, "c1", Correction(category=Category.COMPLAINT))
    stranger = await workspaces.create_workspace(line.database, "Stranger")
    async with line.database.unit(stranger.id) as uow:
        assert await learning.tailor(uow, line.classifier) is line.classifier


async def test_a_sample_is_drawn_once_and_tells_how_many_urgent_ones_were_missed(
    line: Line,
) -> None:
    texts = [THANKS, "嗯嗯", URGENT]
    await line.hear(*(comment(f"c{n}", text, author=f"u{n}") for n, text in enumerate(texts)))
    line.clock.advance(timedelta(days=7))
    await learning.draw_samples(line.database)
    await learning.draw_samples(line.database)
    week = await in_unit(line, learning.get_sample_week)
    assert (week.population, len(week.items), week.checked) == (2, 3, 0)
    by_text = {item.text: item for item in week.items}
    for text, tier in ((THANKS, Tier.ROUTINE), ("嗯嗯", Tier.URGENT), (URGENT, Tier.URGENT)):
        async with line.database.unit(line.workspace_id) as uow:
            await correcting.check_sample(uow, by_text[text].id, tier=tier)
    async with line.database.unit(line.workspace_id) as uow:
        quality = await learning.measure(uow, days=7)
    # The decoy counts for nothing: it was never called routine.
    assert (quality.missed_urgent.hits, quality.missed_urgent.checked) == (1, 2)
    assert quality.confusion["routine"] == {"urgent": 1, "important": 0, "routine": 1, "spam": 0}
    assert (quality.reviewed, quality.agreement) == (3, 0.6667)
    assert await tier_of(line, "c1") == "urgent"


async def test_new_weights_judge_beside_without_effect_until_they_are_promoted(
    line: Line,
) -> None:
    await line.hear(comment("c1", TEXT))
    await correct(line, "c1", Correction(category=Category.COMPLAINT))
    model = await train(line)
    assert (model.state, model.lessons, model.number) == (ModelState.SHADOW, 1, 1)
    await line.hear(comment("c2", THANKS, minutes=1, author="mia"))
    assert "+w" not in (await line.row("SELECT max(engine_version) AS v FROM judgements")).v
    comparison = await in_unit(line, learning.compare, model.id)
    assert comparison.judged == 1
    assert (await in_unit(line, learning.promote, model.id)).state is ModelState.ACTIVE
    await line.hear(comment("c3", THANKS, minutes=2, author="zoe"))
    assert "+w1" in (await line.row("SELECT max(engine_version) AS v FROM judgements")).v


async def test_one_call_goes_back_to_the_model_before_and_then_to_the_engine(line: Line) -> None:
    first = await train(line)
    await in_unit(line, learning.promote, first.id)
    second = await train(line)
    await in_unit(line, learning.promote, second.id)
    assert (await in_unit(line, learning.roll_back)).id == first.id
    assert await in_unit(line, learning.roll_back) is None
    with pytest.raises(NoSuchModelError):
        await in_unit(line, learning.roll_back)
    facts = await line.rows("SELECT kind FROM facts WHERE subject_kind = 'model' ORDER BY id")
    assert [row.kind for row in facts].count("model.retired") == 2
    trail = await line.rows("SELECT 1 FROM audit_log WHERE action = 'model.promoted'")
    assert len(trail) == 3


async def test_a_model_that_does_worse_is_not_promoted_and_a_newer_shadow_replaces_it(
    line: Line,
) -> None:
    worse = await train(line)
    await in_unit(line, _spoil, worse.id)
    with pytest.raises(WorseModelError):
        await in_unit(line, learning.promote, worse.id)
    newer = await train(line)
    states = {model.id: model.state for model in await in_unit(line, learning.list_models)}
    assert states == {worse.id: ModelState.REJECTED, newer.id: ModelState.SHADOW}
    with pytest.raises(NoSuchModelError):
        await in_unit(line, learning.promote, worse.id)
    stranger = await workspaces.create_workspace(line.database, "Stranger")
    with pytest.raises(NotFoundError):
        async with line.database.unit(stranger.id) as uow:
            await learning.promote(uow, newer.id)


async def test_a_retrain_waits_for_enough_that_is_new(line: Line) -> None:
    await line.hear(*(comment(f"c{n}", f"{THANKS}{n}", author=f"u{n}") for n in range(20)))
    for number in range(19):
        await correct(line, f"c{number}", Correction(tier=Tier.ROUTINE))
    assert await learning.retrain_due(line.database, line.classifier) == 0
    await correct(line, "c19", Correction(tier=Tier.ROUTINE))
    line.clock.advance(timedelta(minutes=1))
    assert await learning.retrain_due(line.database, line.classifier) == 1
    assert await learning.retrain_due(line.database, line.classifier) == 0


async def _spoil(uow: Any, model_id: UUID) -> None:
    await uow.execute(
        "UPDATE triage_models SET figures = '{\"passes\": false}' WHERE id = :id", {"id": model_id}
    )

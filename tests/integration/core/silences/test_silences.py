"""Silences are made with an end and a reason, looked at beforehand, listed and ended."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import UnitOfWork
from services.core.silences import rules
from services.core.silences import service as silences
from services.core.silences.errors import (
    BuiltInError,
    SilenceOverError,
    TooManyInhibitionsError,
    TooManySilencesError,
)
from services.core.silences.types import (
    Conditions,
    InhibitionDraft,
    Preview,
    QuietHours,
    QuietSpan,
    Sameness,
    SilenceDraft,
    SilenceState,
    Source,
    Target,
)
from tests.support.alerts import HOUR, NOON
from tests.support.quiet import QuietDesk, draft

LOUD = InhibitionDraft("Loud", Source(severity_at_least="breach"), Target(), Sameness.GROUP)


async def preview(desk: QuietDesk, wanted: SilenceDraft) -> Preview:
    async with desk.database.read(desk.workspace_id) as uow:
        return await silences.preview(uow, wanted)


async def states(desk: QuietDesk, state: SilenceState | None = None) -> list[str]:
    async with desk.database.read(desk.workspace_id) as uow:
        return [one.reason for one in await silences.list_silences(uow, state)]


async def test_a_preview_counts_the_firing_alerts_it_would_hold(desk: QuietDesk) -> None:
    post = uuid4()
    meant = await desk.alert(case={"post_id": post})
    await desk.alert()
    await desk.alert(case={"post_id": post}, tier="urgent")
    await desk.set_state("acknowledged", [await desk.alert(case={"post_id": post})])
    about = draft(Conditions(post_id=post))
    assert await preview(desk, about) == Preview(1, 3, True, (meant.id,))  # noqa: FBT003 - as read
    with_urgent = draft(Conditions(post_id=post), also_urgent=True)
    assert (await preview(desk, with_urgent)).matching == 2


async def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(desk: QuietDesk) -> None:
    wrong = draft(Conditions(), ends_at=NOON - HOUR, reason="")
    for act in (silences.create_silence, silences.preview):
        with pytest.raises(InvalidInputError) as refused:
            async with desk.database.unit(desk.workspace_id) as uow:
                await act(uow, wrong)
        assert [one.pointer for one in refused.value.errors] == [
            "/until",
            "/until",
            "/conditions",
            "/reason",
        ]
    assert await states(desk) == []


async def test_silences_are_listed_by_state_with_the_last_to_end_first(desk: QuietDesk) -> None:
    await desk.silence(reason="now")
    await desk.silence(reason="later", starts_at=NOON + HOUR, ends_at=NOON + 3 * HOUR)
    await desk.silence(reason="soon over", ends_at=NOON + timedelta(minutes=1))
    desk.clock.advance(timedelta(minutes=1))
    assert await states(desk) == ["later", "now", "soon over"]
    assert await states(desk, SilenceState.UPCOMING) == ["later"]
    assert await states(desk, SilenceState.ACTIVE) == ["now"]
    assert await states(desk, SilenceState.EXPIRED) == ["soon over"]
    async with desk.database.read(desk.workspace_id) as uow:
        (first,) = await silences.list_silences(uow, wanted=newest(1))
        rest = await silences.list_silences(
            uow, wanted=Stretch((first.ends_at, first.id), descending=True)
        )
    assert [one.reason for one in rest] == ["now", "soon over"]


async def test_a_silence_ends_once_and_one_to_come_is_taken_back(desk: QuietDesk) -> None:
    later = await desk.silence(starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    async with desk.database.unit(desk.workspace_id) as uow:
        ended = await silences.end_silence(uow, later.id)
        assert (ended.starts_at, ended.ends_at, ended.ended_by) == (NOON, NOON, "warmline")
        with pytest.raises(SilenceOverError):
            await silences.end_silence(uow, later.id)
        with pytest.raises(NotFoundError):
            await silences.end_silence(uow, uuid4())


async def test_the_same_silence_is_made_once(desk: QuietDesk) -> None:
    wanted = uuid4()
    for _ in range(2):
        async with desk.database.unit(desk.workspace_id) as uow:
            made = await silences.create_silence(uow, draft(), silence_id=wanted)
        assert made.id == wanted
    assert await states(desk) == ["Stocktaking"]
    assert (await desk.kinds_of_facts()).count("silence.created") == 1


async def test_those_held_by_a_silence_are_found_by_it(desk: QuietDesk) -> None:
    alert = await desk.alert()
    await desk.alert(tier="urgent")
    silence = await desk.silence()
    async with desk.database.read(desk.workspace_id) as uow:
        assert await silences.list_held_by(uow, silence) == [alert.id]


Act = Callable[[UnitOfWork], Awaitable[Any]]


@pytest.mark.parametrize(
    ("most", "act", "error"),
    [
        (
            "MOST_SILENCES",
            lambda uow: silences.create_silence(uow, draft()),
            TooManySilencesError,
        ),
        (
            "MOST_INHIBITIONS",
            lambda uow: silences.create_inhibition(uow, LOUD),
            TooManyInhibitionsError,
        ),
    ],
)
async def test_there_are_so_many_at_most(
    desk: QuietDesk, monkeypatch: pytest.MonkeyPatch, most: str, act: Act, error: type[Exception]
) -> None:
    # The built-in inhibition is one of two.
    monkeypatch.setattr(rules, most, 2 if most == "MOST_INHIBITIONS" else 1)
    async with desk.database.unit(desk.workspace_id) as uow:
        await act(uow)
        with pytest.raises(error):
            await act(uow)


async def test_an_inhibition_is_changed_and_taken_away(desk: QuietDesk) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        made = await silences.create_inhibition(uow, LOUD)
        changed = InhibitionDraft("Louder", LOUD.source, LOUD.target, Sameness.POST, enabled=False)
        saved = await silences.change_inhibition(uow, made.id, changed)
        assert (saved.name, saved.same, saved.enabled) == ("Louder", Sameness.POST, False)
        await silences.remove_inhibition(uow, made.id)
        with pytest.raises(NotFoundError):
            await silences.change_inhibition(uow, made.id, changed)
        (built_in,) = await silences.list_inhibitions(uow)
        with pytest.raises(BuiltInError):
            await silences.remove_inhibition(uow, built_in.id)
    with pytest.raises(InvalidInputError):
        async with desk.database.unit(desk.workspace_id) as uow:
            nothing = InhibitionDraft("All", Source(), Target(), Sameness.POST)
            await silences.create_inhibition(uow, nothing)


async def test_quiet_hours_are_saved_and_refused_with_reasons(desk: QuietDesk) -> None:
    async with desk.database.unit(desk.workspace_id) as uow:
        assert (await silences.get_quiet_hours(uow)).spans == ()
        hours = QuietHours("Asia/Shanghai", (QuietSpan(1320, 480, (0, 1)),))
        saved = await silences.save_quiet_hours(uow, hours)
        assert (saved.zone, saved.spans, saved.updated_at) == (hours.zone, hours.spans, NOON)
        with pytest.raises(InvalidInputError):
            await silences.save_quiet_hours(uow, QuietHours("Mars/Base"))
    assert "quiet_hours.saved" in await desk.trail()

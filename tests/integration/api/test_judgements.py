"""What a message is taken for over HTTP: why, and what a person says it is."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces.types import Scope, Workspace
from tests.support import rows as make
from tests.support.client import client_of, codes, make_key


@pytest.fixture
async def story(database: Database, workspace: Workspace) -> Any:
    """A comment that deserves a reply, folded into a case with its promises."""
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        story = await make.add_story(uow)
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
    return story


def address(story: Any) -> str:
    return f"/v1/messages/{story.said.id}/judgement"


async def test_a_judgement_shows_its_words_and_every_version_that_made_it(
    api: httpx.AsyncClient, story: Any
) -> None:
    told = (await api.get(address(story))).json()
    (judgement,) = told["judgements"]
    assert told["in_force"] == judgement["id"]
    assert judgement["reasons"][0]["cue"] == "harm.skin"
    assert {judgement["engine"], judgement["engine_version"], judgement["rules_version"]}
    assert (told["policy_version"], told["case_id"] is None) == (1, False)


async def test_a_correction_answers_with_both_judgements_the_newest_first(
    api: httpx.AsyncClient, story: Any
) -> None:
    response = await api.post(address(story), json={"tier": "important", "note": "只是问问"})
    assert response.status_code == 201, response.text
    told = response.json()
    mine, engines = told["judgements"]
    assert told["in_force"] == mine["id"]
    assert (mine["decided_by"], mine["tier"], mine["note"]) == ("member", "important", "只是问问")
    assert (engines["decided_by"], engines["tier"]) == ("engine", "urgent")
    case = (await api.get(f"/v1/cases/{told['case_id']}")).json()
    assert (case["tier"], case["clocks"][0]["tier"]) == ("important", "important")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "empty"),
        ({"spam": True, "tier": "urgent"}, "contradiction"),
        ({"tier": "huge"}, None),
        ({"needs_reply": "yes"}, None),
        ({"mood": "bad"}, None),
    ],
)
async def test_a_correction_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, story: Any, body: dict[str, Any], code: str | None
) -> None:
    response = await api.post(address(story), json=body)
    assert response.status_code == 422, response.text
    if code is not None:
        assert codes(response) == [code]
    assert len((await api.get(address(story))).json()["judgements"]) == 1


async def test_a_message_nobody_knows_is_not_found(api: httpx.AsyncClient) -> None:
    for response in (
        await api.get(f"/v1/messages/{uuid4()}/judgement"),
        await api.post(f"/v1/messages/{uuid4()}/judgement", json={"tier": "urgent"}),
    ):
        assert response.status_code == 404


async def test_who_may_only_read_may_not_correct(
    app: Any, database: Database, workspace: Workspace, story: Any
) -> None:
    key = await make_key(database, workspace.id, Scope.READ)
    async with client_of(app, key) as reader:
        assert (await reader.get(address(story))).status_code == 200
        refused = await reader.post(address(story), json={"tier": "urgent"})
    assert refused.status_code == 403

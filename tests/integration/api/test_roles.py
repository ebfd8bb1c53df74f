"""Every role × every operation: who signed in may do what the page of roles says, and no more."""

from http import HTTPStatus
from uuid import uuid4

import pytest
from fastapi import FastAPI

from services.api.roles import may
from services.core.kit.uow import Database
from services.core.workspaces.types import Role, Scope, Workspace
from tests.integration.api.test_scopes import GUARDED
from tests.support.people import browser_of, come_in, make_person


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_a_role_opens_what_it_is_for_and_nothing_else(
    app: FastAPI, database: Database, workspace: Workspace, role: Role
) -> None:
    wrong = {}
    async with browser_of(app) as browser:
        await come_in(browser, await make_person(database, workspace.id, role=role))
        for each in GUARDED:
            scope = Scope(each.told["x-required-scope"])
            assert scope is each.scope, each.name
            # What changes something is tried where it is refused; keys try it where it is not.
            if may(role, scope) and each.method != "GET":
                continue
            answer = await browser.request(each.method, each.at(str(uuid4())))
            if (answer.status_code == HTTPStatus.FORBIDDEN) is may(role, scope):
                wrong[each.name] = answer.status_code
    assert wrong == {}

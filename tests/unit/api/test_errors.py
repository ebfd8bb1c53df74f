"""What the database says becomes an answer: an outage is ours, a bad value the sender's."""

from collections.abc import Iterator
from typing import ClassVar

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from services.api import errors
from services.api.errors import DeadlineError, problem_response, problems, status_of
from services.api.middleware import RequestContext
from services.core.kit.errors import (
    DomainError,
    ErrorKind,
    FieldProblem,
    InvalidInputError,
    UnavailableError,
)


class RefusedError(Exception):
    """What a driver raises, as far as we look at it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("what somebody wrote")
        self.sqlstate = sqlstate


@pytest.fixture
def app() -> FastAPI:
    application = FastAPI()
    errors.register(application)
    application.add_middleware(RequestContext)
    return application


async def answer(app: FastAPI, raised: Exception) -> httpx.Response:
    async def stumble() -> None:
        raise raised

    app.add_api_route("/", stumble)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://warmline.test"
    ) as client:
        return await client.get("/")


@pytest.mark.parametrize(
    ("sqlstate", "status", "code"),
    [
        ("22P05", 422, "invalid_request"),
        ("22003", 422, "invalid_request"),
        ("57P01", 503, "unavailable"),
        ("53100", 503, "unavailable"),
        ("40P01", 503, "unavailable"),
        ("42601", 500, "internal"),
        ("", 500, "internal"),
    ],
)
async def test_a_refusal_of_postgres_is_told_by_its_class(
    app: FastAPI, sqlstate: str, status: int, code: str
) -> None:
    response = await answer(app, DBAPIError("SELECT", {"text": "hush"}, RefusedError(sqlstate)))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "hush" not in response.text
    assert "somebody wrote" not in response.text


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "invalid_json"), (404, "not_found"), (405, "method_not_allowed"), (418, "im_a_teapot")],
)
async def test_a_refusal_of_the_framework_is_a_problem_too(
    app: FastAPI, status: int, code: str
) -> None:
    response = await answer(app, HTTPException(status, detail="hush"))
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "hush" not in response.text


def kinds(base: type[DomainError] = DomainError) -> Iterator[ErrorKind]:
    yield base.kind
    for each in base.__subclasses__():
        yield from kinds(each)


def test_every_kind_has_a_status() -> None:
    assert set(errors.STATUS) == set(ErrorKind) >= set(kinds())
    assert status_of(DeadlineError(1)) == status_of(DeadlineError) == 408


def test_only_as_many_errors_are_told_as_a_person_reads() -> None:
    found = [FieldProblem("/a", "x", "No.", index) for index in range(5_000)]
    body = problem_response(InvalidInputError("No.", errors=found), None).body
    assert body.count(b'"pointer"') == 100


def test_when_to_come_back_is_told_in_whole_seconds_rounded_up() -> None:
    class SoonError(UnavailableError):
        code: ClassVar[str] = "soon"

    error = SoonError()
    for seconds, told in ((0.0, "1"), (0.2, "1"), (1.1, "2")):
        error.retry_after = seconds
        assert problem_response(error, None).headers["retry-after"] == told


def test_codes_of_one_status_are_documented_together() -> None:
    documented = problems(InvalidInputError, UnavailableError, DeadlineError)
    assert list(documented) == [408, 422, 503]
    assert documented[422]["description"] == "`invalid_request`"

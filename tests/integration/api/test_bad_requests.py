"""What the framework would answer wrongly or not at all: methods, times, places in a stream."""

import httpx
import pytest

from tests.support.webhooks import is_problem


@pytest.mark.parametrize(
    ("call", "methods"),
    [
        ("PUT /v1/sources", "GET, POST"),
        ("OPTIONS /v1/sources/{id}", "DELETE, GET, PATCH"),
        ("GET /v1/sources/{id}/deliveries", "POST"),
        ("TRACE /v1/keys", "GET, POST"),
        ("PROPFIND /v1/keys", "GET, POST"),
    ],
)
async def test_a_refused_method_is_told_every_method_of_the_address(
    api: httpx.AsyncClient, call: str, methods: str
) -> None:
    method, path = call.replace("{id}", "019aa2f1-7c1e-7d0a-9c55-0a4f6d0b8f11").split()
    response = await api.request(method, path)
    assert is_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == methods


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2000-01-01T00:00:00Z", 200),
        ("2100-12-31T23:59:59.999999Z", 200),
        ("2038-01-19T03:14:08Z", 200),
        ("2000-01-01T00:00:00+14:00", 422),
        ("2100-12-31T23:59:59-00:01", 422),
        ("0001-01-01T00:00:00+14:00", 422),
        ("9999-12-31T23:59:59-14:00", 422),
        ("20000-01-01T00:00:00Z", 422),
        ("1970-01-01T00:00:00Z", 422),
        ("2026-11-21T08:15:04", 422),
        ("infinity", 422),
        ("0", 422),
    ],
)
async def test_a_time_lies_in_the_years_2000_to_2100_in_utc(
    api: httpx.AsyncClient, moment: str, status: int
) -> None:
    response = await api.get("/v1/cases", params={"due_before": moment})
    assert response.status_code == status, response.text


@pytest.mark.parametrize("place", ["-1", "x", "1.5", "١", "9" * 21])
async def test_a_place_in_the_stream_is_a_number(api: httpx.AsyncClient, place: str) -> None:
    headers = [(b"last-event-id", place.encode())]
    response = await api.get("/v1/stream", headers=headers)
    assert is_problem(response, 422, "invalid_request")

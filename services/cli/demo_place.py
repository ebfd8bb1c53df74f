"""Furnishes a workspace for the demo over the public API, as any customer would do it."""

from typing import TYPE_CHECKING, Any, Final, Self

from services.cli.terminal import CommandError

if TYPE_CHECKING:
    import httpx

    from services.cli.demo_memory import DemoMemory

POLICY_NAME: Final = "demo (seconds instead of hours)"
SOURCE_NAME: Final = "Simulated platform"
CHANNEL_NAME: Final = "Demo receiver"
LADDER_NAME: Final = "demo (seconds instead of minutes)"
_TIMEOUT: Final = 10.0
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_REFUSED: Final = 400


def _target(first: int, limit: int | None = None) -> dict[str, int | None]:
    """Seconds allowed; an hour of the real defaults is ten seconds here, roughly."""
    return {
        "first_response_seconds": first,
        "next_response_seconds": first,
        "resolution_seconds": first * 6,
        "limit_seconds": limit,
    }


def _rung(percent: int, wait: int, *audience: str) -> dict[str, Any]:
    people = [
        {"kind": one} if one in {"assignee", "everybody"} else {"kind": "role", "role": one}
        for one in audience
    ]
    return {"percent": percent, "wait_seconds": wait, "audience": people}


TEAM: Final = (
    ("lin", "林夏", "moderator"),
    ("mo", "莫云", "moderator"),
    ("mei", "梅岚", "manager"),
)
STEPS: Final = (
    _rung(0, 0, "assignee", "moderator"),
    _rung(100, 0, "assignee", "moderator"),
    _rung(100, 6, "manager"),
    _rung(100, 12, "everybody"),
    _rung(200, 0, "everybody"),
)
# Nothing between a breach and twice the time: one alert climbs alone, for all to see.
RESPONSE_STEPS: Final = (50, 80, 100, 200)
TARGETS: Final = {"urgent": _target(20), "important": _target(45), "routine": _target(90, 180)}


class Customer:
    """Speaks to the API with one key. Use as `async with`."""

    def __init__(self, url: str, key: str) -> None:
        import httpx

        self.http: httpx.AsyncClient = httpx.AsyncClient(
            base_url=url,
            headers={"authorization": f"Bearer {key}"},
            timeout=_TIMEOUT,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        return _body(await self.http.get(path, params=query))

    async def send(self, method: str, path: str, body: Any, *allowed: int) -> Any:
        """The answer's JSON; None for a refusal with one of the `allowed` statuses."""
        answer = await self.http.request(method, path, json=body)
        return None if answer.status_code in allowed else _body(answer)


async def furnish(customer: Customer, memory: "DemoMemory", receiver_url: str, own: str) -> None:
    """A source, a team, a channel to the receiver, a ladder, and a policy for that source alone.

    What is remembered and still there is used again; `memory` is completed and written.

    Raises:
        CommandError: the API refuses.
    """
    await _ensure_source(customer, memory, own)
    await _ensure_channel(customer, memory, receiver_url)
    await _ensure_team(customer)
    await _ensure_policy(customer, memory, await _ensure_ladder(customer))
    memory.write()


async def _ensure_source(customer: Customer, memory: "DemoMemory", own: str) -> None:
    if memory.source_id:
        answer = await customer.http.get(f"/v1/sources/{memory.source_id}")
        if answer.status_code < _REFUSED:
            return
    wanted = {"name": SOURCE_NAME, "platform": "simulated", "own_accounts": [own]}
    made = await customer.send("POST", "/v1/sources", wanted)
    memory.source_id, memory.source_secret = made["id"], made["secret"]


async def _ensure_channel(customer: Customer, memory: "DemoMemory", receiver_url: str) -> None:
    if memory.channel_id:
        path = f"/v1/channels/{memory.channel_id}"
        if await customer.send("PATCH", path, {"url": receiver_url}, _NOT_FOUND) is not None:
            return
    wanted = {
        "name": CHANNEL_NAME,
        "kind": "webhook",
        "url": receiver_url,
        "secret": memory.channel_secret,
    }
    made = await customer.send("POST", "/v1/channels", wanted, _CONFLICT)
    if made is None:  # left behind by a demo whose memory is gone, and signed for nobody
        listed = await customer.get("/v1/channels")
        for old in (each for each in listed["items"] if each["name"] == CHANNEL_NAME):
            await customer.send("DELETE", f"/v1/channels/{old['id']}", None)
        made = await customer.send("POST", "/v1/channels", wanted)
    memory.channel_id = made["id"]


async def _ensure_team(customer: Customer) -> None:
    for handle, name, role in TEAM:
        body = {"handle": handle, "name": name, "role": role}
        await customer.send("POST", "/v1/members", body, _CONFLICT)


async def _ensure_ladder(customer: Customer) -> str:
    """Its id; one that somebody changed meanwhile stays as it is."""
    listed = await customer.get("/v1/ladders")
    found = [each for each in listed["items"] if each["name"] == LADDER_NAME]
    if not found:
        body = {"name": LADDER_NAME, "steps": STEPS}
        found = [await customer.send("POST", "/v1/ladders", body)]
    return str(found[0]["id"])


async def _ensure_policy(customer: Customer, memory: "DemoMemory", ladder_id: str) -> None:
    wanted = {
        "name": POLICY_NAME,
        "targets": TARGETS,
        "match": {"source_ids": [memory.source_id]},
        "position": 1,
        "response_steps": RESPONSE_STEPS,
        "ladder_id": ladder_id,
    }
    listed = await customer.get("/v1/policies")
    found = [each for each in listed["items"] if each["name"] == POLICY_NAME]
    own = {"match": {"source_ids": [memory.source_id]}, "ladder_id": ladder_id}
    if found and _is_same(found[0], own):
        memory.policy_id = found[0]["id"]
        return
    path = f"/v1/policies/{found[0]['id']}" if found else "/v1/policies"
    saved = await customer.send("PUT" if found else "POST", path, wanted)
    memory.policy_id = saved["id"]


def _is_same(policy: dict[str, Any], own: dict[str, Any]) -> bool:
    is_ours: bool = policy["match"]["source_ids"] == own["match"]["source_ids"]
    return is_ours and str(policy["ladder_id"]) == own["ladder_id"]


def _body(answer: "httpx.Response") -> Any:
    if answer.status_code < _REFUSED:
        return answer.json() if answer.content else {}
    what = f"{answer.request.method} {answer.request.url.path}"
    try:
        problem = answer.json()
        why = f"{problem['detail']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        why = f"status {answer.status_code}"
    raise CommandError(f"{what} was refused: {why}")

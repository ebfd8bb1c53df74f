"""One campaign of schemathesis: all its phases and checks against a target, and what they found.

Webhooks are signed on the way out, as the last thing, so that the generated bodies get past the
door; everything else is sent as it was generated.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import requests
import schemathesis
from schemathesis import BaseSchema, Case, HookContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from schemathesis.openapi.checks import JsonSchemaError
from schemathesis.specs.openapi.checks import RejectedPositiveData

from services.core.kit.db import create_engine
from services.core.kit.uow import Database
from tests.support.deliveries import FULLEST
from tests.support.factories import comment
from tests.support.published import SCHEMA
from tests.support.worlds import World, make_world

LONG: Final = os.environ.get("WARMLINE_TEST_LONG") == "1"
SEED: Final = 20_261_121
PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
# They take what the operations that make these things take; and the two largest bodies there are,
# whose boundaries alone are a thousand cases. Generated bodies are sent to all of them.
_LARGE: Final = (
    r"^(PUT|PATCH) /v1/(policies|ladders|members|sources|rules)/|POST /v1/(policies|rules)"
)

_FIRST_FEW: Final = 3
# A stream has no end to wait for: what has come by then is what is checked.
_STREAM_SECONDS: Final = 1
_ANSWER_SECONDS: Final = 60

_NDJSON: Final = "application/x-ndjson"
_CLOUDEVENTS: Final = "application/cloudevents+json"
_SIGNED: Final = frozenset(
    {"/v1/sources/{source_id}/deliveries", "/v1/sources/{source_id}/backfill"}
)
# What a schema can say: a request that fits it must not be refused for one of these. All other
# refusals are of rules it has no words for: what is there, what is over, where a name leads.
_SAYABLE: Final = (
    "bool_", "datetime_", "dict_type", "enum", "float_", "greater_", "int_parsing", "invalid_json",
    "less_", "list_type", "literal_error", "model_", "string_", "unknown_field", "uuid_",
)  # fmt: skip
_SAYABLE_COUNTS: Final = frozenset({"too_long", "too_short"})
# Postgres refused what our own checks let pass.
_LET_PASS: Final = "A value of the request cannot be stored."


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried. `examples` is per operation and phase; coverage tries what there is.

    With `one_in`, of the boundaries that coverage finds only so many: see `_Sampled`.
    """

    examples: int
    phases: tuple[str, ...] = PHASES
    without_large: bool = False
    one_in: int = 1
    at_least: int = 0


@dataclass(slots=True)
class Report:
    """What happened. `findings` are broken checks, `troubles` what could not be tried at all."""

    answers: Counter[int] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return self.answers.total()

    @property
    def server_errors(self) -> int:
        return sum(count for status, count in self.answers.items() if status >= 500)

    def take(self, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            answer = interaction.response
            self.answers[answer.status_code if answer is not None else 0] += 1
            for check in recorder.checks.get(case_id, []):
                if check.status is Status.FAILURE and check.failure_info is not None:
                    failure = check.failure_info.failure
                    name = f"{check.name} · {failure.operation} · {failure.title}"
                    told = answer.content[:500] if answer is not None and answer.content else b""
                    sample = f"{failure.message}\n{check.failure_info.code_sample}\n{told!r}"
                    self.findings.setdefault(name, sample[:3_000])


@dataclass(frozen=True, slots=True)
class Ground:
    """A workspace that has seen everything once, and what must survive in it to go on."""

    world: World
    spared: frozenset[str]


async def prepared_ground(database_url: str) -> Ground:
    database = Database(create_engine(database_url))
    try:
        world = await make_world(database, "Fuzzed")
        async with database.system() as uow:
            keys = await uow.execute(
                "SELECT id FROM api_keys WHERE prefix = :prefix",
                {"prefix": world.key.split("_")[1]},
            )
            spared = {str(keys.scalar_one()), str(world.source.id)}
    finally:
        await database.close()
    return Ground(world, frozenset(spared))


def _shadowed(paths: Iterable[str]) -> list[str]:
    """Addresses that are also a thing of another one: `/rules/runs` beside `/rules/{rule_id}`."""
    templates = [path for path in paths if path.endswith("}")]
    return [
        path
        for path in paths
        for template in templates
        if path.rpartition("/")[0] == template.rpartition("/")[0] and path != template
    ]


def config_for(world: World, size: Size) -> SchemathesisConfig:
    """The same seed gives the same cases."""
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "continue-on-failure": True,
            "headers": {"Authorization": f"Bearer {world.key}"},
            "request-timeout": _ANSWER_SECONDS,
            "max-stream-events": 1,
            "generation": {
                "deterministic": True,
                "max-examples": size.examples,
                "database": "none",
                "no-shrink": not LONG,
                "allow-x00": True,
            },
            "phases": {phase: {"enabled": phase in size.phases} for phase in PHASES},
            "operations": [
                {"include-path": "/v1/stream", "request-timeout": _STREAM_SECONDS},
                # Any bytes are lines; a bad one is told in an answer that is a success.
                {
                    "include-path": "/v1/sources/{source_id}/backfill",
                    "checks": {"negative_data_rejection": {"enabled": False}},
                },
                # What is over stays readable in its history.
                {
                    "include-path-regex": "/versions$",
                    "checks": {"use_after_free": {"enabled": False}},
                },
                *(
                    {
                        "include-path": path,
                        # Other methods reach the things beside it, and name them.
                        "checks": {
                            "unsupported_method": {"enabled": False},
                            "allow_header_conformance": {"enabled": False},
                        },
                    }
                    for path in _shadowed(SCHEMA["paths"])
                ),
            ],
        }
    )


def run(schema: BaseSchema, ground: Ground, size: Size) -> Report:
    """Try everything; blocks until it is done."""
    report = Report()
    if size.without_large:
        schema = schema.exclude(name_regex=_LARGE)
    schema.hook("filter_failure")(_is_a_finding)
    schema.hook("filter_case")(lambda _, case: not _would_saw_off_the_branch(case, ground))
    sampled = _Sampled(size.one_in)
    schema.hook("filter_case")(lambda _, case: sampled.takes(case))
    with _signing(ground.world):
        for happened in from_schema(schema).execute():
            match happened:
                case events.ScenarioFinished():
                    report.phases[happened.phase.value] += len(happened.recorder.interactions)
                    report.take(happened.recorder)
                case events.NonFatalError():
                    trouble = f"{happened.label}: {happened.value!r}"
                    # A stream with nothing to say is silent for as long as one listens.
                    if not ("/v1/stream" in trouble and "timed out" in trouble):
                        report.troubles.append(trouble)
                case events.FatalError():
                    report.troubles.append(repr(happened.exception))
                case _:
                    continue
    return report


def _is_a_finding(_context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether a broken check is our mistake: not if a rule no schema can hold was broken."""
    if isinstance(failure, JsonSchemaError) and response.status_code == HTTPStatus.OK:
        # Rows that were cut to the fields asked for are no whole rows.
        return "fields" not in (case.query or {})
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    # An empty list cannot be written in a query: what is sent for it is one empty name.
    empty = {f"query/{name}/0" for name, sent in (case.query or {}).items() if sent in ([], "")}
    errors = [part for part in problem.get("errors", ()) if part["pointer"] not in empty]
    broken = [part["code"] for part in errors]
    said = any(code in _SAYABLE_COUNTS or code.startswith(_SAYABLE) for code in broken)
    return problem["detail"] == _LET_PASS or said


def _would_saw_off_the_branch(case: Case, ground: Ground) -> bool:
    """Ending the key in use, closing the source that signs, or giving it another secret."""
    named = set(map(str, (case.path_parameters or {}).values()))
    ends = case.method == "DELETE" or case.operation.path.endswith(("/secrets", "/rotation"))
    return ends and not named.isdisjoint(ground.spared)


@dataclass(slots=True)
class _Sampled:
    """Of each operation's boundaries the first few, then one in so many: the same ones every time.

    What is right comes before what is wrong, so both are among them. The webhooks' door is tried
    at every boundary it has.
    """

    one_in: int
    seen: Counter[str] = field(default_factory=Counter)

    def takes(self, case: Case) -> bool:
        if (
            case.meta is None
            or case.meta.phase.name != "coverage"
            or case.operation.path in _SIGNED
        ):
            return True
        place = self.seen[case.operation.label]
        self.seen[case.operation.label] += 1
        return place < _FIRST_FEW or place % self.one_in == 0


@contextmanager
def _signing(world: World) -> Iterator[None]:
    def before_call(_context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
        _unconditional(case)
        if case.operation.path not in _SIGNED or case.method != "POST" or case.meta is None:
            return
        headers = case.meta.components.get(ParameterLocation.HEADER)
        if headers is None or headers.mode.is_negative:
            # The signature's own headers are what is wrong on purpose.
            return
        if case.meta.generation.mode.is_positive:
            case.path_parameters = {"source_id": str(world.source.id)}
            case.body = _plausible(case.body, case.media_type)
        kwargs["auth"] = Signature(world)

    schemathesis.serializer.alias(_NDJSON, "text/plain")
    schemathesis.hook(before_call)
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(before_call)


class Signature(requests.auth.AuthBase):
    """Signs the bytes that will travel."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        signed = self._world.source.headers(body)
        del signed["content-type"]
        request.headers.update(signed)
        return request


def _unconditional(case: Case) -> None:
    """Made-up tags and keys would have every change refused before anything of it was tried."""
    told = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
    if case.headers and not (told and told.mode.is_negative):
        for name in ("If-Match", "Idempotency-Key"):
            case.headers.pop(name, None)


def _plausible(generated: object, media: str | None) -> object:
    """What a platform might send, with what was generated in places where anything may be."""
    if media == _NDJSON:
        return f"{json.dumps(_native({}))}\n{generated}\n"
    native = _native(generated if isinstance(generated, dict) else {})
    if media != _CLOUDEVENTS:
        return native
    return native | {"specversion": "1.0", "source": "/fuzz", "time": native["timestamp"]}


def _native(extra: dict[str, Any]) -> dict[str, Any]:
    kinds = sorted(FULLEST)
    kind = kinds[len(extra) % len(kinds)]
    return comment(uuid4().hex) | {"type": kind, "data": {**extra, **FULLEST[kind]}}

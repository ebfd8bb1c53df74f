"""Holds a query to what its route publishes, and cuts what is read to the fields asked for.

Laid around every route once (`contract.keep`); without a query it costs one look at nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard, get_args

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from services.api import conditions
from services.api.errors import HARMLESS_NAME
from services.core.kit.errors import FieldProblem, InvalidInputError

Handler = Callable[[Request], Awaitable[Response]]

FIELDS: Final = "fields"
# Called by programs of others, which add words of their own: probes, scrapers, providers.
OF_OTHERS: Final = frozenset({"/healthz", "/readyz", "/metrics", "/v1/sign-in/openid/callback"})
_UNKNOWN: Final = "unknown_field"
# What the answer of a list says of where it goes on, on its last page too.
_LEADS_ON: Final = ("next_cursor", "next_after")
# One thing, read by its id.
_ONE: Final = re.compile(r".*\{\w+_id\}")


def names_of(route: APIRoute) -> frozenset[str]:
    """Every parameter a query of this route may have."""
    found = set(_declared(route.dependant))
    return frozenset(found | {FIELDS} if fields_of(route) else found)


def is_strict(route: APIRoute) -> bool:
    """Pages for people are opened by links that chat programs decorate; webhooks are read raw."""
    signed = {"webhook-signature"} & {
        each.get("name") for each in (route.openapi_extra or {}).get("parameters", ())
    }
    return route.include_in_schema and route.path not in OF_OTHERS and not signed


def fields_of(route: APIRoute) -> frozenset[str]:
    """What may be asked for in `fields`: of the rows of a list, or of one thing."""
    model = route.response_model
    if "GET" in (route.methods or ()) and _ONE.fullmatch(route.path) and _is_model(model):
        return _written(model)
    return frozenset().union(*rows_of(route).values())


def rows_of(route: APIRoute) -> Mapping[str, frozenset[str]]:
    """Of a list: where its rows stand in the answer, and which fields they may have."""
    fields = getattr(route.response_model, "model_fields", {})
    if "GET" not in (route.methods or ()) or not any(leads in fields for leads in _LEADS_ON):
        return {}
    rows = {name: _model_in(field.annotation) for name, field in fields.items()}
    return {name: _written(row) for name, row in rows.items() if row}


def keep(route: APIRoute, handler: Handler) -> Handler:
    """The handler behind a look at its query."""
    if not is_strict(route):
        return handler
    names, rows, known = names_of(route), rows_of(route), fields_of(route)

    async def checked(request: Request) -> Response:
        if not request.scope["query_string"]:
            return await handler(request)
        require_known(list(request.query_params), names)
        wanted = _read_fields(request.query_params.getlist(FIELDS), known) if known else None
        response = await handler(request)
        if wanted is not None and isinstance(getattr(response, "body", None), bytes):
            _cut(response, rows, wanted)
        return response

    return checked


def require_known(sent: Sequence[str], names: frozenset[str]) -> None:
    """Raises InvalidInputError for what the route does not know: a condition that is no condition.

    Ignored, a mistyped one would answer with everything.
    """
    unknown = [name for name in dict.fromkeys(sent) if name not in names]
    if not unknown:
        return
    takes = ", ".join(f"`{name}`" for name in sorted(names))
    said = f"There is no such parameter. There are: {takes}." if takes else "It takes no query."
    problems = [
        FieldProblem(f"query/{name}" if HARMLESS_NAME.fullmatch(name) else "query", _UNKNOWN, said)
        for name in unknown
    ]
    raise InvalidInputError("The request is not valid.", errors=problems)


def _read_fields(sent: Sequence[str], known: frozenset[str]) -> frozenset[str] | None:
    """Names between commas, or one a parameter; None when all fields are wanted."""
    if not sent:
        return None
    wanted = frozenset(name for part in sent for name in part.split(","))
    if not wanted <= known:
        said = f"A field is one of {', '.join(sorted(known))}."
        problem = FieldProblem(f"query/{FIELDS}", _UNKNOWN, said)
        raise InvalidInputError("The request is not valid.", errors=[problem])
    return wanted


def _cut(response: Response, rows: Mapping[str, frozenset[str]], wanted: frozenset[str]) -> None:
    """Leave nothing in the rows, or in the one thing, but what is `wanted`."""
    answer = orjson.loads(response.body)
    for name in rows:
        if answer.get(name):
            answer[name] = [_part_of(row, wanted) for row in answer[name]]
    if not rows:
        conditions.mark_whole(response)
        answer = _part_of(answer, wanted)
    response.body = orjson.dumps(answer)
    response.headers["content-length"] = str(len(response.body))


def _part_of(whole: Mapping[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    return {field: value for field, value in whole.items() if field in wanted}


def _declared(dependant: Dependant) -> frozenset[str]:
    found: set[str] = set()
    for parameter in dependant.query_params:
        model = parameter.field_info.annotation
        if _is_model(model):
            found |= {field.alias or name for name, field in model.model_fields.items()}
        else:
            found.add(parameter.alias)
    return frozenset(found).union(*(_declared(part) for part in dependant.dependencies))


def _written(row: type[BaseModel]) -> frozenset[str]:
    """The names its fields have in an answer."""
    named = row.model_fields.items()
    return frozenset(field.serialization_alias or field.alias or name for name, field in named)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model of a list's rows: of `list[Row]`, and of `list[Row] | None`."""
    for part in (annotation, *get_args(annotation)):
        (row,) = get_args(part) or (None,) if getattr(part, "__origin__", None) is list else (None,)
        if _is_model(row):
            return row
    return None


def _is_model(told: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(told, type) and issubclass(told, BaseModel)

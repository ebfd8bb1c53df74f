"""Holds a query to what its route publishes, and cuts the rows of a list to the fields asked for.

Laid around every route once (`contract.keep`); without a query it costs one look at nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, get_args

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from services.core.kit.errors import FieldProblem, InvalidInputError

Handler = Callable[[Request], Awaitable[Response]]

FIELDS: Final = "fields"
# Called by programs of others, which add words of their own: probes, scrapers, providers.
OF_OTHERS: Final = frozenset({"/healthz", "/readyz", "/metrics", "/v1/sign-in/openid/callback"})
_UNKNOWN: Final = "unknown_field"
# Names people mistype; what looks like anything else, a key perhaps, is not repeated.
_HARMLESS: Final = re.compile(r"[a-z_]{1,40}")


def names_of(route: APIRoute) -> frozenset[str]:
    """Every parameter a query of this route may have."""
    found = set(_declared(route.dependant))
    return frozenset(found | {FIELDS} if rows_of(route) else found)


def is_strict(route: APIRoute) -> bool:
    """Pages for people are opened by links that chat programs decorate; webhooks are read raw."""
    signed = {"webhook-signature"} & {
        each.get("name") for each in (route.openapi_extra or {}).get("parameters", ())
    }
    return route.include_in_schema and route.path not in OF_OTHERS and not signed


def rows_of(route: APIRoute) -> Mapping[str, frozenset[str]]:
    """Of a list in pages: where its rows stand in the answer, and which fields they may have."""
    fields = getattr(route.response_model, "model_fields", {})
    if "next_cursor" not in fields or "cursor" not in _declared(route.dependant):
        return {}
    rows = {name: _model_in(field.annotation) for name, field in fields.items()}
    return {name: _written(row) for name, row in rows.items() if row}


def keep(route: APIRoute, handler: Handler) -> Handler:
    """The handler behind a look at its query."""
    if not is_strict(route):
        return handler
    names, rows = names_of(route), rows_of(route)
    known = frozenset().union(*rows.values())

    async def checked(request: Request) -> Response:
        if not request.scope["query_string"]:
            return await handler(request)
        require_known(list(request.query_params), names)
        wanted = _read_fields(request.query_params.getlist(FIELDS), known) if rows else None
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
        FieldProblem(f"query/{name}" if _HARMLESS.fullmatch(name) else "query", _UNKNOWN, said)
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
    """Leave nothing in the rows but what is `wanted`; problems have no rows."""
    answer = orjson.loads(response.body)
    for name in rows:
        listed = answer.get(name)
        if listed:
            answer[name] = [
                {field: value for field, value in row.items() if field in wanted} for row in listed
            ]
    response.body = orjson.dumps(answer)
    response.headers["content-length"] = str(len(response.body))


def _declared(dependant: Dependant) -> frozenset[str]:
    found: set[str] = set()
    for parameter in dependant.query_params:
        model = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
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
        if isinstance(row, type) and issubclass(row, BaseModel):
            return row
    return None

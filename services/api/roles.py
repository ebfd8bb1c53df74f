"""The page of who may do what: every operation × every role, read off the routes themselves."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.core.workspaces.rules import SCOPES_OF
from services.core.workspaces.types import Role, Scope

ORDER: Final = (Role.VIEWER, Role.CREATOR, Role.MODERATOR, Role.MANAGER, Role.ADMIN)
HEAD: Final = """\
# Roles

Who signs in acts with the scopes of their role; a key has the scopes it was made with. This page is
written by `warmline roles` and compared with the routes in CI. How people sign in:
[sign-in.md](sign-in.md).

| role | scopes |
| --- | --- |
"""
MIDDLE: Final = """
`admin` holds every other scope. Only an admin makes somebody an admin, or changes one. Signing in
and out, and what is one's own (`/v1/me`), asks for no scope.

| operation | scope | viewer | creator | moderator | manager | admin |
| --- | --- | --- | --- | --- | --- | --- |
"""


def may(role: Role, scope: Scope) -> bool:
    """Whether somebody of this role passes a route that asks for the scope."""
    return not SCOPES_OF[role].isdisjoint({scope, Scope.ADMIN})


def write_page(schema: Mapping[str, Any]) -> str:
    """Markdown, with one final newline; `schema` is the published one."""
    roles = "".join(f"| {role} | {_listed(SCOPES_OF[role])} |\n" for role in ORDER)
    return HEAD + roles + MIDDLE + "".join(f"{row}\n" for row in sorted(_rows(schema)))


def _listed(scopes: frozenset[Scope]) -> str:
    return ", ".join(f"`{scope}`" for scope in Scope if scope in scopes)


def _rows(schema: Mapping[str, Any]) -> Iterator[str]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            scope = operation.get("x-required-scope")
            if scope is not None:
                marks = " | ".join("yes" if may(role, Scope(scope)) else "·" for role in ORDER)
                yield f"| `{path}` {method.upper()} | `{scope}` | {marks} |"

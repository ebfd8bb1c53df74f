"""Being on call: write rotas, teams and contacts, lay shifts out, find whom an audience names."""

from services.core.rotas.service.covering import (
    list_gaps,
    list_on_call,
    list_shifts,
    show_on_call,
)
from services.core.rotas.service.reaching import resolve_audiences
from services.core.rotas.service.teaming import (
    archive_team,
    change_team,
    create_team,
    get_team,
    list_contacts,
    list_teams,
    put_contacts,
)
from services.core.rotas.service.writing import (
    archive_rota,
    change_rota,
    create_rota,
    end_override,
    get_rota,
    list_overrides,
    list_rotas,
    list_versions,
    override_rota,
)

__all__ = [
    "archive_rota",
    "archive_team",
    "change_rota",
    "change_team",
    "create_rota",
    "create_team",
    "end_override",
    "get_rota",
    "get_team",
    "list_contacts",
    "list_gaps",
    "list_on_call",
    "list_overrides",
    "list_rotas",
    "list_shifts",
    "list_teams",
    "list_versions",
    "override_rota",
    "put_contacts",
    "resolve_audiences",
    "show_on_call",
]

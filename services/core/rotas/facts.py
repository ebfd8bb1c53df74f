"""What rotas and teams announce."""

from services.core.rotas.types import Override, Rota, Team
from services.core.stream.types import Fact


def rota_changed(verb: str, rota: Rota) -> Fact:
    """`rota.created`, `rota.changed` or `rota.archived`."""
    detail = {"name": rota.draft.name, "version": rota.version}
    return Fact(f"rota.{verb}", "rota", rota.id, detail)


def override_changed(verb: str, override: Override) -> Fact:
    """`rota.overridden`, or `rota.override_ended` when one was cut short or taken back."""
    detail = {
        "override_id": str(override.id),
        "member_id": str(override.member_id),
        "starts_at": override.starts_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
    }
    return Fact(f"rota.{verb}", "rota", override.rota_id, detail)


def team_changed(verb: str, team: Team) -> Fact:
    """`team.created`, `team.changed` or `team.archived`."""
    detail = {"name": team.name, "version": team.version, "members": len(team.member_ids)}
    return Fact(f"team.{verb}", "team", team.id, detail)

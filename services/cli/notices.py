"""`warmline notices`: texts for the public, true to what is promised now."""

from pathlib import Path

from services.cli.choices import find_workspace
from services.cli.processes import opened_database, resolve_settings
from services.cli.terminal import run, say
from services.core.notices.types import Language, Notices


def print_notices(*, lang: str, workspace: str, data_dir: Path | None) -> None:
    """Each text under its name, ready to be copied."""
    written = run(_write(Language(lang), workspace, data_dir))
    texts = [("profile", written.bio), ("post", written.post), ("direct message", written.dm)]
    texts += [("away", absence.text) for absence in written.away]
    for name, text in texts:
        say(f"{name} ({len(text)} characters)")
        say(f"  {text}")
    for channel in written.unsaid:
        say(f"Nothing is said of {channel}: its policies differ.")


async def _write(language: Language, workspace: str, data_dir: Path | None) -> Notices:
    from services.core.notices import service as notices

    async with opened_database(resolve_settings(data_dir)) as database:
        found = await find_workspace(database, workspace)
        async with database.read(found) as uow:
            return await notices.write_notices(uow, language)

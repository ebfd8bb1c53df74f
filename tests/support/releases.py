"""The next release of the product: today's code, and one more migration than it has."""

from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

from alembic.script import ScriptDirectory

from tests.support.db import ROOT
from tests.support.processes import Running, Site
from tests.support.waiting import wait_until

MIGRATION = '''
"""A column more, and an index beside the traffic."""

import sqlalchemy as sa
from alembic import op

revision = "9999_next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("mood", sa.Text(), nullable=True))
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '120s'")
        op.execute("SET statement_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_messages_mood")
        op.create_index(
            "ix_messages_mood", "messages", ["workspace_id", "mood"], postgresql_concurrently=True
        )
        op.execute("SET lock_timeout = '200ms'")
        op.execute("SET statement_timeout = '60s'")


def downgrade() -> None:
    op.drop_index("ix_messages_mood", table_name="messages")
    op.drop_column("messages", "mood")
'''
REVISION = "9999_next"
_STARTED = "Application startup complete"
_AS_NEXT = "import sys; sys.path.insert(0, {folder!r}); from services.cli.main import app; app()"


@dataclass(frozen=True, slots=True)
class Release:
    """A folder that holds a release, run beside the one of today."""

    folder: Path

    def command(self, *arguments: str) -> tuple[str, ...]:
        """What Python is given to run this release's `warmline`."""
        return ("-c", _AS_NEXT.format(folder=str(self.folder)), *arguments)

    @property
    def scripts(self) -> Path:
        return self.folder / "migrations"

    async def start_api(self, site: Site) -> Running:
        listener = str(site.door.fileno())
        running = site.launch("next-api", self.command("api"), "--listener", listener)
        # By its own word: at the door the old one would answer for it.
        await wait_until(lambda: _STARTED in running.words(), 120, what="the next API serves")
        return running


def next_release(folder: Path) -> Release:
    """Lay it out below `folder`; the code is a link, so that only the migrations differ."""
    place = folder / "next-release"
    copytree(ROOT / "migrations", place / "migrations", ignore=ignore_patterns("__pycache__"))
    (place / "services").symlink_to(ROOT / "services", target_is_directory=True)
    head = ScriptDirectory(str(place / "migrations")).get_current_head()
    written = place / "migrations" / "versions" / "99990101_0000_next.py"
    written.write_text(MIGRATION.format(head=head), encoding="utf-8")
    return Release(place)

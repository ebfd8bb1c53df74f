"""Let the planner think all workspaces alike in what messages are joined with, too.

Revision: 0041_joined_alike
After: 0040_lanes
"""

from alembic import op

revision = "0041_joined_alike"
down_revision = "0040_lanes"
branch_labels = None
depends_on = None

# Of a workspace that came since the last ANALYZE the planner is sure that it has no rows, and then
# joins all its followers with all its threads (docs/decisions/0030).
TABLES = ("followers", "judgements", "threads")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN workspace_id SET STATISTICS 0")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN workspace_id SET STATISTICS -1")

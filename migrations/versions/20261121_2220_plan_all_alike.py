"""Let the planner think all workspaces alike, so that a new one among large ones is not misjudged.

Revision: 0037_alike
After: 0036_storms
"""

from alembic import op

revision = "0037_alike"
down_revision = "0036_storms"
branch_labels = None
depends_on = None

# A workspace that came since the last ANALYZE can have thousands of messages, and the planner, which
# knows all the others by name, is sure that it has none (docs/decisions/0030).


def upgrade() -> None:
    op.execute("ALTER TABLE messages ALTER COLUMN workspace_id SET STATISTICS 0")


def downgrade() -> None:
    op.execute("ALTER TABLE messages ALTER COLUMN workspace_id SET STATISTICS -1")

"""Remember up to which minute each detector has looked.

Revision: 0034_looks
After: 0033_sorting
"""

import sqlalchemy as sa
from alembic import op

revision = "0034_looks"
down_revision = "0033_sorting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("detectors", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("detectors", "looked_at")

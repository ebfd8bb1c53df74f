"""Keep of each day how many people came back within how long, and let sums of days rest.

Revision: 0030_people
After: 0029_search
"""

import sqlalchemy as sa
from alembic import op

revision = "0030_people"
down_revision = "0029_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("metric_days", sa.Column("people", sa.Integer(), nullable=True))
    op.add_column("metric_days", sa.Column("known", sa.Integer(), nullable=True))
    op.add_column("metric_days", sa.Column("within", sa.ARRAY(sa.Integer()), nullable=True))
    op.add_column(
        "metric_heads", sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("metric_heads", "rests_until")
    for column in ("within", "known", "people"):
        op.drop_column("metric_days", column)

"""Keep, with a delivery, what it said and the alerts that came of it, which request brought it.

Revision: 0042_request_ids
After: 0041_joined_alike
"""

import sqlalchemy as sa
from alembic import op

revision = "0042_request_ids"
down_revision = "0041_joined_alike"
branch_labels = None
depends_on = None

TABLES = ("deliveries", "messages", "alerts")


def upgrade() -> None:
    # Without a default: no row is written, and code of before leaves it empty.
    for table in TABLES:
        op.add_column(table, sa.Column("request_id", sa.Text()))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "request_id")

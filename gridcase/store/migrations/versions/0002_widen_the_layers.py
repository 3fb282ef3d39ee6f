"""Widen the layers: lines, a tolerance, and what was received."""

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import PlainJson

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("grid_feature") as table:
        table.add_column(sa.Column("lines", PlainJson(), nullable=True))
        table.add_column(sa.Column("tolerance_m", sa.Float(), nullable=True))
        table.add_column(sa.Column("received", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("received_crs", sa.String(length=40), nullable=True))


def downgrade() -> None:
    """Take back; lines have no place in the older schema and go."""
    op.execute("DELETE FROM grid_feature WHERE lines IS NOT NULL")
    with op.batch_alter_table("grid_feature") as table:
        table.drop_column("received_crs")
        table.drop_column("received")
        table.drop_column("tolerance_m")
        table.drop_column("lines")

"""Look at visits of campaign places again, which belong to no case."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("anomaly") as table:
        table.alter_column("case_id", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM anomaly WHERE case_id IS NULL")
    with op.batch_alter_table("anomaly") as table:
        table.alter_column("case_id", existing_type=sa.Integer(), nullable=False)

"""Keep the cases behind a month's numbers, and comparisons with the centre's findings that wait or are done."""

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import PlainJson, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add."""
    op.add_column("assessment_run", sa.Column("lists_blob", sa.String(length=64), nullable=False, server_default=""))
    op.create_table(
        "assessment_reconciliation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("complete", PlainJson(), nullable=False),
        sa.Column("answer", PlainJson(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_assessment_reconciliation_status", "assessment_reconciliation", ["status", "id"], unique=False)
    op.create_index("ix_assessment_reconciliation_period", "assessment_reconciliation", ["period", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("assessment_reconciliation")
    op.drop_column("assessment_run", "lists_blob")

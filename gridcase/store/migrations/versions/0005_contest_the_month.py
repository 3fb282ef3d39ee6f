"""Contest the month: appeals, evidence, findings, deliveries."""

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "centre_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=260), nullable=True),
        sa.Column("their_number", sa.String(length=80), nullable=False),
        sa.Column("our_number", sa.String(length=30), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("reworks", sa.Integer(), nullable=True),
        sa.Column("rule_set", sa.String(length=80), nullable=False),
        sa.Column("indicator", sa.String(length=64), nullable=True),
        sa.Column("points", sa.String(length=20), nullable=True),
        sa.Column("found_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_centre_finding_slot", "centre_finding", ["slot"], unique=True)
    op.create_index("ix_centre_finding_period", "centre_finding", ["period", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("centre_finding")

"""Count what was closed on a day without reading what was closed on others."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add."""
    op.create_index("ix_case_state_closed", "case_record", ["state", "closed_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_case_state_closed", "case_record")

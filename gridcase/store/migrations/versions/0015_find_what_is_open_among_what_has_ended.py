"""Find open cases by type and place, and count those of a period by cell, without reading what has ended."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add."""
    op.create_index("ix_case_filed_area", "case_record", ["filed_at", "area"])
    op.create_index("ix_case_state_code", "case_record", ["state", "code", "lon_e7"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_case_state_code", "case_record")
    op.drop_index("ix_case_filed_area", "case_record")

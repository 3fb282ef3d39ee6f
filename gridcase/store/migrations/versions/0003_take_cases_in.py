"""Take cases in from files: what row a foreign number came with, and what other systems call their areas."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("case_reference", sa.Column("digest", sa.String(64), nullable=True))
    op.create_table(
        "area_name",
        sa.Column("layer", sa.String(40), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("layer", "code"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("area_name")
    with op.batch_alter_table("case_reference") as table:
        table.drop_column("digest")

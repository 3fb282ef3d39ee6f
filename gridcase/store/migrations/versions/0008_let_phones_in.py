"""Let phones in: sessions by device, evidence beside photos."""

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("access_token", sa.Column("kind", sa.String(length=10), nullable=False, server_default="token"))
    op.add_column("access_token", sa.Column("device", sa.String(length=80), nullable=True))
    op.add_column("access_token", sa.Column("last_seen_on", sa.Date(), nullable=True))
    op.add_column("access_token", sa.Column("revoked_by", sa.Integer(), nullable=True))
    op.create_table(
        "photo_evidence",
        sa.Column("attachment_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("captured_at", UtcDateTime(), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("original_sha256", sa.String(length=64), nullable=True),
        sa.Column("lon_e7", sa.Integer(), nullable=True),
        sa.Column("lat_e7", sa.Integer(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("device", sa.String(length=80), nullable=True),
        sa.Column("from_gallery", sa.Boolean(), nullable=False),
        sa.Column("exif_taken_at", UtcDateTime(), nullable=True),
        sa.Column("exif_distance_m", sa.Float(), nullable=True),
        sa.Column("exif_seconds", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("attachment_id"),
    )
    op.create_index("ix_photo_evidence_original", "photo_evidence", ["original_sha256"], unique=False)
    op.create_index("ix_photo_evidence_person", "photo_evidence", ["person_id", "taken_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("photo_evidence")
    for name in ("revoked_by", "last_seen_on", "device", "kind"):
        op.drop_column("access_token", name)

"""Let visits be proved: what a phone says beside the visit of a place of a campaign."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import PlainJson, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("observed_at", UtcDateTime()),
    ("seen_lon_e7", sa.Integer()),
    ("seen_lat_e7", sa.Integer()),
    ("accuracy_m", sa.Float()),
    ("device", sa.String(length=80)),
    ("photos", PlainJson()),
    ("doubts", PlainJson()),
    ("override_reason", sa.String(length=500)),
)


def upgrade() -> None:
    """Apply."""
    for name, kind in _COLUMNS:
        op.add_column("campaign_place", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Take back."""
    for name, _ in reversed(_COLUMNS):
        op.drop_column("campaign_place", name)

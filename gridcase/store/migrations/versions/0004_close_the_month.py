"""Close the month: what was done with a run, frozen months, work that waits, reminders."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import PlainJson, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_RUN = (
    ("role", sa.String(length=20), "system"),
    ("status", sa.String(length=8), "done"),
    ("error", sa.Text(), ""),
    ("version", sa.String(length=40), ""),
    ("subject_kind", sa.String(length=10), ""),
    ("basis", sa.String(length=64), ""),
    ("facts", sa.String(length=64), ""),
    ("facts_blob", sa.String(length=64), ""),
    ("cases", sa.Integer(), "0"),
    ("provisional", sa.Integer(), "0"),
    ("owner", sa.String(length=60), ""),
    ("revision", sa.Integer(), "1"),
    ("reason", sa.Text(), ""),
    ("is_packed", sa.Boolean(), sa.false()),
    ("pack_asked", sa.Boolean(), sa.false()),
)
_RUN_NULLABLE: tuple[tuple[str, Any], ...] = (
    ("terms", PlainJson()),
    ("finished_at", UtcDateTime()),
    ("lease_until", UtcDateTime()),
    ("asked_as", sa.String(length=160)),
    ("supersedes", sa.Integer()),
    ("sealed_as", sa.String(length=120)),
)
_RUN_INDEXES = (
    ("ix_assessment_run_basis", ["basis"], False),
    ("ix_assessment_run_status", ["status", "id"], False),
    ("uq_assessment_run_asked_as", ["asked_as"], True),
    ("uq_assessment_run_sealed_as", ["sealed_as"], True),
)


def upgrade() -> None:
    """Apply. Runs made before have no frozen facts and cannot be sealed; running the month again makes one that can."""
    for name, kind, default in _RUN:
        op.add_column("assessment_run", sa.Column(name, kind, nullable=False, server_default=default))
    for name, kind in _RUN_NULLABLE:
        op.add_column("assessment_run", sa.Column(name, kind, nullable=True))
    for name, columns, unique in _RUN_INDEXES:
        op.create_index(name, "assessment_run", columns, unique=unique)
    op.create_table(
        "assessment_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("client_ref", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["assessment_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_assessment_act", "assessment_act", ["run_id", "act"], unique=True)
    op.create_table(
        "assessment_month",
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("cut_off", UtcDateTime(), nullable=False),
        sa.Column("facts", sa.String(length=64), nullable=False),
        sa.Column("facts_blob", sa.String(length=64), nullable=False),
        sa.Column("frozen_at", UtcDateTime(), nullable=False),
        sa.Column("frozen_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("period"),
    )
    op.create_table(
        "assessment_what_if",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked", PlainJson(), nullable=False),
        sa.Column("answer", PlainJson(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("asked_as", sa.String(length=160), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_assessment_what_if_status", "assessment_what_if", ["status", "id"], unique=False)
    op.create_index("uq_assessment_what_if_asked_as", "assessment_what_if", ["asked_as"], unique=True)
    op.create_table(
        "assessment_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_assessment_notice", "assessment_notice", ["period", "step", "role"], unique=True)


def downgrade() -> None:
    """Take back."""
    for table in ("assessment_notice", "assessment_what_if", "assessment_month", "assessment_act"):
        op.drop_table(table)
    for name, _, _ in _RUN_INDEXES:
        op.drop_index(name, table_name="assessment_run")
    for name in [one[0] for one in _RUN_NULLABLE] + [one[0] for one in _RUN]:
        op.drop_column("assessment_run", name)

"""Contest the month: appeals, evidence, findings, deliveries."""

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import PlainJson, UtcDateTime

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
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("rule_set", sa.String(length=80), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("line", sa.String(length=200), nullable=False),
        sa.Column("clause", sa.String(length=80), nullable=False),
        sa.Column("indicator", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=30), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("attachments", PlainJson(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("filed_at", UtcDateTime(), nullable=False),
        sa.Column("filed_by", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("points", sa.String(length=20), nullable=True),
        sa.Column("slot", sa.String(length=340), nullable=True),
        sa.Column("asked_as", sa.String(length=160), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["assessment_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_appeal_period", "appeal", ["period", "id"], unique=False)
    op.create_index("ix_appeal_subject", "appeal", ["subject", "id"], unique=False)
    op.create_index("uq_appeal_asked_as", "appeal", ["asked_as"], unique=True)
    op.create_index("uq_appeal_slot", "appeal", ["slot"], unique=True)
    op.create_table(
        "month_exemption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("rule_set", sa.String(length=80), nullable=False),
        sa.Column("case", sa.String(length=30), nullable=False),
        sa.Column("indicator", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_for", sa.String(length=80), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("appeal_id", sa.Integer(), nullable=True),
        sa.Column("slot", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_month_exemption_period", "month_exemption", ["period", "rule_set"], unique=False)
    op.create_index("uq_month_exemption_slot", "month_exemption", ["slot"], unique=True)
    op.create_table(
        "external_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("rule_set", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("given_by", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_external_score_period", "external_score", ["period", "rule_set"], unique=False)
    op.create_index("uq_external_score_slot", "external_score", ["slot"], unique=True)
    op.create_table(
        "month_adjustment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("rule_set", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("points", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("origin_period", sa.String(length=10), nullable=False),
        sa.Column("case", sa.String(length=30), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("appeal_id", sa.Integer(), nullable=True),
        sa.Column("asked_as", sa.String(length=160), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_month_adjustment_period", "month_adjustment", ["period", "rule_set"], unique=False)
    op.create_index("uq_month_adjustment_asked_as", "month_adjustment", ["asked_as"], unique=True)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rows", PlainJson(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("noted_by", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("asked_as", sa.String(length=160), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["assessment_run.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delivery_run", "delivery", ["run_id", "id"], unique=False)
    op.create_index("uq_delivery_asked_as", "delivery", ["asked_as"], unique=True)


def downgrade() -> None:
    """Take back."""
    for name in ("delivery", "month_adjustment", "external_score", "month_exemption", "appeal", "centre_finding"):
        op.drop_table(name)

"""Tell people: notices to persons, their addresses and choices, digests and their delivery."""

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import PlainJson, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UNREAD = sa.text("read_at IS NULL")
_TO_MAIL = sa.text("mail_id IS NULL AND read_at IS NULL")
#: To whom notices went before there were copies: people of the role, and of the unit.
_COPY = """
INSERT INTO notice_copy (notice_id, person_id, role, why, kind, at, noted_at)
SELECT DISTINCT n.id, g.person_id, g.role,
  CASE WHEN g.role = n.role THEN 'your_role' ELSE 'your_unit' END, n.kind, n.at, n.noted_at
FROM notice n JOIN role_grant g ON g.role = n.role
  OR (g.role IN ('unit_leader', 'handler') AND g.scope_kind = 'unit' AND g.scope_value = n.unit)
"""
#: What happened before is not news: telling begins with the next line.
_CURSOR = """
INSERT INTO feed_cursor (reader, txn, id)
SELECT 'telling', coalesce(e.txn, 0), e.id FROM case_event e ORDER BY coalesce(e.txn, 0) DESC, e.id DESC LIMIT 1
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("person", sa.Column("email", sa.String(length=200), nullable=True))
    _widen_notices()
    op.create_table(
        "notice_copy",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("mail_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("notice_id", "person_id", "role"),
    )
    op.create_index("ix_notice_copy_person", "notice_copy", ["person_id", "role", "at", "notice_id"])
    op.create_index("ix_notice_copy_kind", "notice_copy", ["person_id", "role", "kind", "at", "notice_id"])
    _partial("ix_notice_copy_unread", ["person_id", "role", "at", "notice_id"], _UNREAD)
    _partial("ix_notice_copy_to_mail", ["noted_at", "person_id"], _TO_MAIL)
    op.execute(_COPY)
    op.execute(_CURSOR)
    op.create_table(
        "mail_choice",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("kinds", PlainJson(), nullable=False),
        sa.Column("hours", PlainJson(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "mail_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=80), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_mail_delivery_slot", "mail_delivery", ["person_id", "slot"], unique=True)
    op.create_index("ix_mail_delivery_state", "mail_delivery", ["state", "try_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("mail_delivery")
    op.drop_table("mail_choice")
    op.drop_table("notice_copy")
    op.execute("DELETE FROM feed_cursor WHERE reader = 'telling'")
    # What the former table cannot hold.
    op.execute("DELETE FROM notice WHERE case_id IS NULL OR seq <> 0")
    op.drop_index("ix_notice_case", "notice")
    op.drop_index("uq_notice_key", "notice")
    with op.batch_alter_table("notice") as table:
        table.drop_column("key")
        table.drop_column("seq")
        table.drop_column("subject")
        table.alter_column("case_id", existing_type=sa.Integer(), nullable=False)
        table.alter_column("kind", existing_type=sa.String(length=24), type_=sa.String(length=20))
    op.create_index("uq_notice", "notice", ["case_id", "kind", "stage", "at"], unique=True)
    op.create_index("ix_notice_role", "notice", ["role", "id"])
    op.create_index("ix_notice_unit", "notice", ["unit", "id"])
    with op.batch_alter_table("person") as table:
        table.drop_column("email")


def _widen_notices() -> None:
    for name in ("uq_notice", "ix_notice_role", "ix_notice_unit"):
        op.drop_index(name, "notice")
    with op.batch_alter_table("notice") as table:
        table.add_column(sa.Column("key", sa.String(length=160), nullable=True))
        table.add_column(sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("subject", sa.String(length=80), nullable=True))
        table.alter_column("case_id", existing_type=sa.Integer(), nullable=True)
        table.alter_column("kind", existing_type=sa.String(length=20), type_=sa.String(length=24))
    # Never the key of a new one: those name an instant or a line.
    op.execute("UPDATE notice SET key = 'before/' || id")
    with op.batch_alter_table("notice") as table:
        table.alter_column("key", existing_type=sa.String(length=160), nullable=False)
        table.alter_column("seq", existing_type=sa.Integer(), server_default=None)
    op.create_index("uq_notice_key", "notice", ["key"], unique=True)
    op.create_index("ix_notice_case", "notice", ["case_id", "id"])


def _partial(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "notice_copy", columns, postgresql_where=where, sqlite_where=where)

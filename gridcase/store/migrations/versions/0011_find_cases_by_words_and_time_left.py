"""Find cases by any two neighbouring characters of their texts, and by the time left in their own clock's time.

The pairs are kept by triggers, so that no writer, the import of years of cases included, can leave them behind.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BATCH = 20_000


def upgrade() -> None:
    """Add."""
    op.add_column("case_record", sa.Column("due_clock", sa.String(length=40), nullable=True))
    op.create_index("ix_case_due", "case_record", ["due_at", "id"], unique=False)
    op.create_index(
        "ix_case_reference_number",
        "case_reference",
        ["number"],
        unique=False,
        postgresql_ops={"number": "text_pattern_ops"},
    )
    if op.get_bind().dialect.name == "postgresql":
        _search_postgresql()
    else:
        _search_sqlite()
    _fill_due_clocks()


def downgrade() -> None:
    """Take back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER case_search_follows ON case_record")
        op.execute("DROP TRIGGER case_search_changes ON case_record")
        op.execute("DROP FUNCTION case_search_follow()")
        op.execute("DROP TABLE case_search")
        op.execute("DROP FUNCTION case_grams(text, text, text)")
    else:
        op.execute("DROP TRIGGER case_search_new")
        op.execute("DROP TRIGGER case_search_changed")
        op.execute("DROP TABLE case_search")
    op.drop_index("ix_case_reference_number", table_name="case_reference")
    op.drop_index("ix_case_due", table_name="case_record")
    op.drop_column("case_record", "due_clock")


def _search_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION case_grams(address text, place text, description text) RETURNS text[] "
        "LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
        "SELECT coalesce(array_agg(DISTINCT letters[n] || letters[n + 1]), '{}') FROM (SELECT regexp_split_to_array("
        "translate(concat_ws(chr(10), address, place, description), "
        "'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), '') AS letters) AS split, "
        "generate_series(1, cardinality(letters) - 1) AS n $$"
    )
    op.execute(
        'CREATE TABLE case_search (case_id integer PRIMARY KEY, grams text[] COLLATE "C" NOT NULL)',
    )
    op.execute(
        "CREATE FUNCTION case_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO case_search (case_id, grams) "
        "VALUES (NEW.id, case_grams(NEW.address, NEW.place, NEW.description)) "
        "ON CONFLICT (case_id) DO UPDATE SET grams = EXCLUDED.grams; RETURN NULL; END $$"
    )
    _in_batches(
        "INSERT INTO case_search (case_id, grams) SELECT id, case_grams(address, place, description) "
        "FROM case_record WHERE id > :after AND id <= :up_to"
    )
    op.execute("CREATE INDEX ix_case_search_grams ON case_search USING gin (grams)")
    # Only when a text really changes: an action writes all columns, and an index of pairs is dear to write.
    op.execute(
        "CREATE TRIGGER case_search_follows AFTER INSERT ON case_record "
        "FOR EACH ROW EXECUTE FUNCTION case_search_follow()"
    )
    op.execute(
        "CREATE TRIGGER case_search_changes AFTER UPDATE ON case_record FOR EACH ROW WHEN "
        "((OLD.address, OLD.place, OLD.description) IS DISTINCT FROM (NEW.address, NEW.place, NEW.description)) "
        "EXECUTE FUNCTION case_search_follow()"
    )


def _search_sqlite() -> None:
    # Without content, for the texts stand in their case; without positions, for what is found is compared again.
    op.execute("CREATE VIRTUAL TABLE case_search USING fts5(grams, content='', detail=none)")
    _in_batches(
        "INSERT INTO case_search (rowid, grams) "  # noqa: S608 - the only part filled in is written below
        f"SELECT case_record.id, {_sqlite_grams('case_record')} FROM case_record "
        "WHERE case_record.id > :after AND case_record.id <= :up_to"
    )
    op.execute(
        "CREATE TRIGGER case_search_new AFTER INSERT ON case_record BEGIN "  # noqa: S608 - as above
        f"INSERT INTO case_search (rowid, grams) VALUES (NEW.id, {_sqlite_grams('NEW')}); END"
    )
    op.execute(
        "CREATE TRIGGER case_search_changed AFTER UPDATE OF address, place, description ON case_record "  # noqa: S608
        "WHEN OLD.address IS NOT NEW.address OR OLD.place IS NOT NEW.place "
        "OR OLD.description IS NOT NEW.description BEGIN "
        "INSERT INTO case_search (case_search, rowid, grams) "
        f"VALUES ('delete', OLD.id, {_sqlite_grams('OLD')}); "
        f"INSERT INTO case_search (rowid, grams) VALUES (NEW.id, {_sqlite_grams('NEW')}); END"
    )


def _sqlite_grams(row: str) -> str:
    """Write each pair of characters as one word, in hexadecimal: the tokenizer then has nothing to interpret."""
    told = f"coalesce({row}.address, '') || char(10) || coalesce({row}.place, '') || char(10) "
    told += f"|| coalesce({row}.description, '')"
    return (
        "(SELECT coalesce(group_concat(hex(substr(told.words, counted.n, 2)), ' '), '') "  # noqa: S608 - the row's name is ours
        f"FROM (SELECT lower({told}) AS words) AS told, "
        f"(WITH RECURSIVE up(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM up WHERE n < length({told}) - 1) "
        "SELECT n FROM up) AS counted)"
    )


def _in_batches(statement: str) -> None:
    bind = op.get_bind()
    last = bind.execute(sa.text("SELECT coalesce(max(id), 0) FROM case_record")).scalar_one()
    for after in range(0, last, _BATCH):
        bind.execute(sa.text(statement), {"after": after, "up_to": after + _BATCH})


#: The clock that matters in each open state, as of this version: ``gridcase.workflow.case``.
_STAGES = {
    "received": "register",
    "verifying": "verify",
    "registered": "dispatch",
    "returned": "handle",
    "dispatched": "handle",
    "handling": "handle",
    "reported": "check",
    "checking": "check",
}


def _fill_due_clocks() -> None:
    bind = op.get_bind()
    rows = bind.execute(
        sa.text("SELECT id, state, clocks, check_passed FROM case_record WHERE due_at IS NOT NULL")
    ).fetchall()
    found = []
    for identity, state, clocks, passed in rows:
        stage = "close" if state == "reported" and passed is not None else _STAGES.get(state, "")
        clock = json.loads(clocks).get(stage)
        if clock is not None:
            is_urgent = clock["limit"].split()[1].startswith("urgent")
            name = "urgent" if is_urgent else clock["calendar"].partition("@")[0]
            found.append({"identity": identity, "name": name})
    if found:
        bind.execute(sa.text("UPDATE case_record SET due_clock = :name WHERE id = :identity"), found)

"""Everything the database holds of cases, as plain rows: to show that a refusal left nothing behind."""

from typing import Any

from sqlalchemy import text

from gridcase.services.runtime import Runtime
from gridcase.store.database import Tx

#: Table → column that names its case.
TABLES = {
    "case_record": "id",
    "assignment": "case_id",
    "task": "case_id",
    "case_event": "case_id",
    "case_event_payload": "case_id",
    "case_reference": "case_id",
    "attachment": "case_uid",
}

Rows = dict[str, list[tuple[Any, ...]]]


def everything(rt: Runtime) -> Rows:
    """Return all rows of all cases."""
    with rt.database.reading() as tx:
        return {table: _rows(tx, f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}


def rows_of_case(rt: Runtime, case_id: int) -> Rows:
    """Return the rows of one case, and how many rows there are of all."""
    with rt.database.reading() as tx:
        found = {
            table: _rows(tx, f"SELECT * FROM {table} WHERE {column} = {case_id} ORDER BY 1, 2")
            for table, column in TABLES.items()
            if column != "case_uid"
        }
        counted = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
        used = "(SELECT count(*) FROM attachment WHERE case_uid IS NOT NULL)"
        return found | {"counts": _rows(tx, f"SELECT {counted}, {used}")}


def _rows(tx: Tx, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in tx.execute(text(statement))]

"""Waiting until the feed shows what was committed.

On PostgreSQL a line is shown once no older transaction runs anywhere on the server, and parallel workers share one.
"""

from sqlalchemy import text

from tests.office import Office

_OLDER_RUN = text(
    "SELECT coalesce(max(txn), 0) >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM case_event"
)


def settle(office: Office) -> None:
    """Return when every committed line is shown; asks again until then, bounded by the test's own time limit."""
    if office.rt.database.is_sqlite:
        return
    while True:
        with office.rt.database.engine.connect() as connection:
            if not connection.execute(_OLDER_RUN).scalar_one():
                return

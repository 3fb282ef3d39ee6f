"""A folder of configuration applied: who waits for whom, and what is noted."""

from gridcase.services import configuring
from tests.office import ROOT, Office
from tests.services.test_statements import counted


def test_a_folder_is_compared_with_what_is_in_force_only_when_nobody_else_can_apply_anything(office: Office):
    with counted(office) as seen:
        assert configuring.apply_folder(office.rt, ROOT / "config").changed == ()
    locks = [] if office.rt.database.is_sqlite else ["LOCK TABLE config_version IN SHARE ROW EXCLUSIVE MODE"]
    assert seen[: len(locks) + 1] == [*locks, seen[len(locks)]]
    assert "config_version.body" in seen[len(locks)]

"""A month to be closed: a few cases of October in an office, and the days on which it is run, decided and sealed."""

from datetime import UTC, datetime

from gridcase.services import closing_month, running_month
from gridcase.services.assessing import Run
from tests.feeds import settle
from tests.office import Office

#: Wednesday of the third working day, 18:00 in Changzhou; publicity ends on the following Monday at that time.
CUT_OFF = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
PUBLICITY_ENDS = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
#: After every step of the timetable.
LATER = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PERIOD, RULES = "2026-10", "yuncheng"


def reported_case(office: Office) -> str:
    """File a case, let it be handled, checked and closed in time; return its number."""
    number: str = office.caller("inspector").file().json["number"]
    unit = office.caller("unit_leader")
    unit.act(number, "accept")
    done = unit.act(number, "report", done="已清理", attachments=[unit.photo("handle")])
    assert done.status_code == 200, done.json
    leader, checker = office.caller("shift_leader"), office.caller("inspector2")
    leader.act(number, "request_check", mode="waived", note="处置照片足以证明")
    closed = leader.act(number, "close")
    assert closed.status_code == 200, (closed.json, checker.office)
    settle(office)
    return number


def run_later(office: Office) -> Run:
    """Run October well after it was decided; all its lines can be put under a root by then."""
    settle(office)
    office.clock.instant = LATER
    return running_month.run_month(office.rt, office.actor("assessor"), PERIOD, RULES)


def sealed_month(office: Office) -> Run:
    """Run and seal October."""
    run = run_later(office)
    return closing_month.seal(office.rt, office.actor("assessor"), run.id)

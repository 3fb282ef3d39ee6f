"""The queue's views, their counts, what may be kept, and what a bulk action would do, on both databases."""

from datetime import timedelta

import pytest

from gridcase.domain.case import Action, CaseState, UnitCode
from gridcase.domain.errors import InvalidInputError, NotFoundError
from gridcase.services.bulk import BulkAsk, Chosen, preview
from gridcase.services.queue import (
    QueueView,
    forget_view,
    has_changed,
    keep_view,
    queue_page,
    view_filter,
)
from gridcase.services.reading import CaseFilter, PageAsk
from tests.office import Office
from tests.services.test_statements import counted
from tests.walks import nothing_by_rule

PAGE = PageAsk(order="filed", limit=50)


def page_of(office: Office, username: str, view: QueueView = QueueView.OPEN, page: PageAsk = PAGE):
    actor, rules = office.actor(username), office.rt.reference().rules
    wanted = view_filter(view, actor, rules, office.rt.clock.now())
    return queue_page(office.rt, actor, wanted, page, rules)


@pytest.fixture
def dispatched(office: Office) -> list[str]:
    """Three cases filed and dispatched by rule to the squad, due in two working hours."""
    inspector = office.caller("inspector")
    return [inspector.file(office.filing()).json["number"] for _ in range(3)]


@pytest.fixture
def registered(office: Office) -> list[dict]:
    nothing_by_rule(office)
    inspector = office.caller("inspector")
    return [inspector.file(office.filing()).json for _ in range(3)]


def test_counts_of_views_are_bounded_by_what_a_person_sees(office, dispatched):
    assert page_of(office, "dispatcher").counts[QueueView.OPEN] == 3
    assert page_of(office, "unit_leader").counts[QueueView.OPEN] == 3
    others = page_of(office, "other_unit")
    assert (others.cases, set(others.counts.values())) == ((), {0})


def test_due_within_two_hours_is_counted_by_the_working_clock(office, dispatched):
    # Two working hours from 09:00 are all there is.
    assert page_of(office, "dispatcher").counts[QueueView.SOON] == 3
    office.clock.advance(timedelta(hours=2, seconds=1))
    seen = page_of(office, "dispatcher")
    assert (seen.counts[QueueView.SOON], seen.counts[QueueView.OVERDUE]) == (0, 3)
    assert len(page_of(office, "dispatcher", QueueView.OVERDUE).cases) == 3


def test_what_is_due_after_the_noon_break_is_near_before_it(office):
    office.clock.advance(timedelta(hours=2, minutes=30))
    office.caller("inspector").file(office.filing())
    # Filed at 11:30: due at 15:30, four hours away by the wall clock.
    assert page_of(office, "dispatcher").counts[QueueView.SOON] == 1


def test_a_page_with_counts_marks_and_views_takes_five_statements_whatever_it_holds(office, dispatched):
    with counted(office) as few:
        page_of(office, "dispatcher", page=PageAsk(order="due", limit=1))
    with counted(office) as many:
        seen = page_of(office, "dispatcher", page=PageAsk(order="due", limit=50))
    assert len(seen.cases) == 3
    # One more of each asks for the configuration, which the pages get with the sign-in.
    assert len(few) == len(many) == 6 + 1


def test_a_poll_tells_a_change_in_one_statement_and_nothing_of_others(office, dispatched):
    office.clock.advance(timedelta(minutes=5))
    actor, other = office.actor("dispatcher"), office.actor("other_unit")
    mark, others = page_of(office, "dispatcher").mark, page_of(office, "other_unit").mark
    with counted(office) as seen:
        assert not has_changed(office.rt, actor, mark)
    assert len(seen) == 1

    assert office.caller("unit_leader").act(dispatched[0], "accept").status_code == 200

    assert has_changed(office.rt, actor, mark)
    assert not has_changed(office.rt, other, others)
    assert has_changed(office.rt, actor, "")
    assert has_changed(office.rt, actor, "²." + "9" * 40)


def test_a_mark_of_more_than_an_hour_ago_asks_nothing_and_is_told_everything_anew(office):
    actor, mark = office.actor("dispatcher"), page_of(office, "dispatcher").mark
    office.clock.advance(timedelta(minutes=59))
    assert not has_changed(office.rt, actor, mark)
    office.clock.advance(timedelta(minutes=2))
    with counted(office) as seen:
        assert has_changed(office.rt, actor, mark)
        assert has_changed(office.rt, actor, "0.0.0")
    assert seen == []


def test_saved_views_are_private_replaced_by_name_and_forgotten(office):
    mine, others = office.actor("dispatcher"), office.actor("acceptor")
    keep_view(office.rt, mine, name="  夜班  钟楼 ", query="state=returned")
    keep_view(office.rt, mine, name="夜班 钟楼", query="state=registered")

    (kept,) = page_of(office, "dispatcher").views
    assert (kept.name, kept.query) == ("夜班 钟楼", "state=registered")
    assert page_of(office, "acceptor").views == ()
    with pytest.raises(NotFoundError):
        forget_view(office.rt, others, kept.id)
    with pytest.raises(NotFoundError):
        forget_view(office.rt, mine, 10**12)
    forget_view(office.rt, mine, kept.id)
    assert page_of(office, "dispatcher").views == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * 31])
def test_a_view_needs_a_name_of_reasonable_length(office, name):
    with pytest.raises(InvalidInputError):
        keep_view(office.rt, office.actor("dispatcher"), name=name, query="")


def test_a_view_is_kept_whole_or_refused(office):
    actor, query = office.actor("dispatcher"), "q=" + "%E9%92%9F" * 222
    keep_view(office.rt, actor, name="long", query=query)
    with pytest.raises(InvalidInputError) as refused:
        keep_view(office.rt, actor, name="longer", query=query + "x")
    assert list(refused.value.fields) == ["query"]
    assert [one.query for one in page_of(office, "dispatcher").views] == [query]


def test_a_preview_says_unit_deadline_refusal_and_what_is_stale_and_changes_nothing(office, registered):
    good, refused, stale = registered
    assert office.caller("dispatcher").act(refused["number"], "dispatch", unit="NDJ-ZF").status_code == 200
    at = office.caller("dispatcher").get(f"/cases/{refused['number']}").json["version"]
    assert office.caller("acceptor").act(stale["number"], "correct", address="x", note="y").status_code == 200
    chosen = [
        Chosen(number=good["number"], version=good["version"]),
        Chosen(number=refused["number"], version=at),
        Chosen(number=stale["number"], version=stale["version"]),
        Chosen(number="NDJ000", version=1),
    ]
    ask = BulkAsk(action=Action.DISPATCH, unit=UnitCode("NDJ-HW"))

    told = preview(office.rt, office.actor("dispatcher"), ask, chosen, office.rt.reference())

    assert [one.will_do for one in told] == [True, False, False, False]
    assert (told[0].unit, told[0].due_at is not None) == ("NDJ-HW", True)
    assert told[1].refusal.code == "wrong_state"
    assert told[2].is_stale
    assert told[3].refusal.code == "case_not_found"
    page = queue_page(
        office.rt,
        office.actor("dispatcher"),
        CaseFilter(states=(CaseState.REGISTERED,)),
        PAGE,
        office.rt.reference().rules,
    )
    assert len(page.cases) == 2


def test_a_unit_is_told_that_a_case_left_it_and_nothing_of_what_became_of_it(office, dispatched):
    office.clock.advance(timedelta(minutes=5))
    unit = office.actor("unit_leader")
    mark = page_of(office, "unit_leader").mark
    assert (
        office.caller("dispatcher").act(dispatched[0], "reassign", unit="NDJ-HW", reason="workload").status_code == 200
    )
    assert has_changed(office.rt, unit, mark)
    mark = page_of(office, "unit_leader").mark
    assert office.caller("other_unit").act(dispatched[0], "accept").status_code == 200
    assert not has_changed(office.rt, unit, mark)

"""What people add to a month in the browser: exemptions, outside scores, adjustments, appeals, trials, the ledger.

Beside each stands what is refused. The same use cases are tried below the pages under ``tests/services``.
"""

import io
import re
import zipfile

import pytest

from gridcase.services import closing_month, running_month
from tests.months import LATER, PERIOD, PUBLICITY_ENDS, reported_case, run_later
from tests.office import Office, jpeg
from tests.web.pages import Visitor, form_to, forms_of
from tests.web.test_month import RULES

pytestmark = pytest.mark.usefixtures("plain_packages")

SCRIPT = "<script>alert(1)</script>"


def october(office: Office) -> str:
    number = reported_case(office)
    office.clock.instant = PUBLICITY_ENDS
    return number


def sealed(office: Office) -> int:
    """Run, approve, seal and pack October; returns the run."""
    reported_case(office)
    run = run_later(office)
    closing_month.approve(office.rt, office.actor("leader"), run.id, "")
    closing_month.seal(office.rt, office.actor("assessor"), run.id)
    assert running_month.work_off(office.rt) == 1
    return run.id


def test_an_exemption_is_proposed_by_a_unit_and_granted_by_another(office: Office):
    number = october(office)
    unit, assessor = Visitor(office, "unit_leader"), Visitor(office, "assessor")
    place = f"/month/{PERIOD}/exemptions"
    form = form_to(unit.get(place).text, "/exemptions")
    assert "subject" not in form.names, "a unit speaks for itself"
    given = {"rule_set": "changzhou", "case": number, "reason": "force_majeure"}
    refused = unit.send(form, **given)
    assert (refused.status_code, number in refused.text) == (422, True)
    assert unit.send(form, **given | {"evidence": SCRIPT}).status_code == 303
    page = assessor.get(place).text
    assert (SCRIPT in page, "&lt;script&gt;" in page) == (False, True)
    ruling = form_to(page, "/exemptions/")
    undecided = assessor.post(ruling.action, {"decision": "maybe", "text": "再看看"})
    assert undecided.status_code == 422
    assert form_to(undecided.text, "/exemptions/").fields["text"] == "再看看"
    assert not [one for one in forms_of(unit.get(place).text) if "/exemptions/" in one.action]
    assert unit.send(ruling, text="自己同意").status_code in (403, 422)
    assert assessor.post(ruling.action, {**ruling.fields, "decision": "granted", "text": "属实"}).status_code == 303
    assert "属实" in unit.get(place).text
    again = assessor.post(ruling.action, {"decision": "refused", "text": "改判"})
    assert again.status_code == 409


def test_nobody_decides_their_own_exemption_in_the_browser(office: Office):
    number = october(office)
    assessor, place = Visitor(office, "assessor"), f"/month/{PERIOD}/exemptions"
    form = form_to(assessor.get(place).text, "/exemptions")
    given = {"rule_set": "changzhou", "case": number, "reason": "force_majeure", "evidence": "停电"}
    assert assessor.send(form, **given).status_code == 303
    ruling = form_to(assessor.get(place).text, "/exemptions/")
    answer = assessor.post(ruling.action, {**ruling.fields, "decision": "granted", "text": "x"})
    assert answer.status_code in (403, 409, 422)


def test_an_outside_score_is_given_and_corrected_only_on_purpose(office: Office):
    october(office)
    assessor, place = Visitor(office, "assessor"), f"/month/{PERIOD}/scores"
    form = form_to(assessor.get(place).text, "/scores")
    given = {"rule_set": "nantong-streets", "subject": "NDJ-ZF", "value": "90", "evidence": "现场考核表"}
    given["name"] = next(one for one in form.options["name"] if one in ("on_site", "site", "on_site_score"))
    bad = assessor.send(form, **given | {"value": "viel"})
    assert (bad.status_code, 'id="f-value-error"' in bad.text or "error" in bad.text) == (422, True)
    assert assessor.send(form, **given).status_code == 303
    assert "90" in assessor.get(place).text
    assert assessor.send(form, **given | {"value": "91"}).status_code in (409, 422)
    assert assessor.post(form.action, {**form.fields, **given, "value": "91", "corrects": "1"}).status_code == 303
    assert ">91<" in assessor.get(place).text
    unit = Visitor(office, "unit_leader")
    assert not [one for one in forms_of(unit.get(place).text) if one.action.endswith("/scores")]
    assert unit.send(form, **given).status_code == 403


def test_an_appeal_with_a_photo_is_filed_decided_by_another_and_closed(office: Office):
    october(office)
    run = running_month.run_month(office.rt, office.actor("assessor"), PERIOD, RULES).id
    unit, assessor, leader = (Visitor(office, name) for name in ("unit_leader", "assessor", "leader"))
    page = unit.get(f"/month/runs/{run}/subjects/NDJ-ZF").text
    (address, *_) = re.findall(r'href="(/month/runs/\d+/appeal\?[^"]+)"', page)
    form = form_to(unit.get(address.replace("&amp;", "&")).text, "/appeal")
    refused = unit.post(
        form.action, {**form.fields, "reason": "third_party", "photos": [(io.BytesIO(jpeg()), "a.jpg")]}
    )
    assert refused.status_code == 422
    kept = form_to(refused.text, "/appeal")
    assert (kept.fields["reason"], len(kept.fields.getlist("attachments"))) == ("third_party", 1)
    assert 'id="f-text-error"' in refused.text
    bad = unit.post(form.action, {**form.fields, "text": "见照片", "photos": [(io.BytesIO(b"no photo"), "a.jpg")]})
    assert (bad.status_code, 'id="f-attachments-error"' in bad.text, "见照片" in bad.text) == (422, True, True)
    photos = {"photos": [(io.BytesIO(jpeg()), "../../etc/passwd")]}
    filed = unit.post(form.action, {**form.fields, "reason": "third_party", "text": SCRIPT} | photos)
    assert filed.status_code == 303, filed.text
    place = filed.headers["Location"]
    assert "/api/v1/attachments/" in assessor.get(place).text
    assert Visitor(office, "other_unit").get(place).status_code == 404
    ruling = form_to(assessor.get(place).text, "/decide")
    given = {"decision": "rejected", "text": "证据不足"}
    assert unit.send(ruling, **given).status_code == 403
    drafter = assessor.send(ruling, **given)
    assert drafter.status_code in (403, 409, 422), "who drafted the run does not decide"
    assert leader.send(form_to(leader.get(place).text, "/decide"), **given).status_code == 303
    assert "证据不足" in unit.get(place).text
    assert not forms_of(unit.get(place).text)[-1].action.endswith("/withdraw")


def test_points_are_settled_once_however_often_the_button_is_pressed(office: Office):
    october(office)
    assessor, place = Visitor(office, "assessor"), f"/month/{PERIOD}/adjustments"
    form = form_to(assessor.get(place).text, "/adjustments")
    given = {"rule_set": RULES, "subject": "NDJ-ZF", "points": "-1.5", "reason": "补扣", "evidence": "通报"}
    given["origin_period"] = "2026-09"
    for _ in range(2):
        assert assessor.send(form, **given).status_code == 303
    assert assessor.get(place).text.count("-1.5") == 1
    unit = Visitor(office, "unit_leader")
    assert unit.send(form, **given).status_code == 403


def test_the_ledger_notes_sent_received_and_rejected_rows_and_refuses_what_was_never_sent(office: Office):
    run = sealed(office)
    assessor, place = Visitor(office, "assessor"), f"/month/runs/{run}/deliveries"
    form = form_to(assessor.get(place).text, "/deliveries")
    early = assessor.send(form, what="received", recipient="市中心")
    assert early.status_code in (409, 422), "nothing was sent to them yet"
    assert assessor.send(form, what="sent", recipient="市中心").status_code == 303
    rejected = form_to(assessor.get(place).text, "/deliveries")
    rows = "17 坐标缺失\n18 类别不符"
    assert assessor.send(rejected, what="rejected", recipient="市中心", rows=rows).status_code == 303
    page = assessor.get(place).text
    assert [one in page for one in ("坐标缺失", "类别不符")] == [True, True]
    assert Visitor(office, "unit_leader").get(place).status_code in (403, 404)


def test_the_package_of_the_page_is_the_package_of_the_api_to_the_byte(office: Office):
    run = sealed(office)
    by_page = Visitor(office, "assessor").get(f"/month/runs/{run}/package")
    by_api = office.caller("assessor").get(f"/assessments/{run}/export")
    assert by_page.mimetype == "application/zip"
    assert by_page.data == by_api.data
    by_page.close()
    by_api.close()
    assert "manifest.sig" in zipfile.ZipFile(io.BytesIO(by_page.data)).namelist()
    assert Visitor(office, "unit_leader").get(f"/month/runs/{run}/package").status_code in (403, 404)


def test_a_run_is_withdrawn_with_a_reason_and_a_sealed_one_issued_again(office: Office):
    reported_case(office)
    run = run_later(office).id
    assessor, place = Visitor(office, "assessor"), f"/month/{PERIOD}"
    form = form_to(assessor.get(place).text, "/withdraw")
    assert assessor.send(form).status_code == 422, "without a reason"
    lengthy = assessor.send(form, reason="长" * 3000)
    assert lengthy.status_code == 422
    kept = form_to(lengthy.text, "/withdraw")
    assert kept.fields["reason"] == "长" * 3000
    assert 'id="reason-withdraw-error"' in lengthy.text
    assert assessor.send(form, reason="口径有误").status_code == 303
    assert assessor.post(f"/month/runs/{run}/seal", {}).status_code == 409
    run = run_later(office).id
    assert assessor.post(f"/month/runs/{run}/reissue", {"reason": "早"}).status_code == 409
    closing_month.seal(office.rt, office.actor("assessor"), run)
    assert "/reissue" not in assessor.get(place).text, "its package is still being made"
    assert running_month.work_off(office.rt) == 1
    assert assessor.send(form_to(assessor.get(place).text, "/reissue"), reason="更正").status_code == 303
    assert assessor.post(f"/month/runs/{run}/withdraw", {"reason": "晚"}).status_code == 409


def test_a_draft_of_rules_stands_beside_the_rule_in_force_subject_by_subject(office: Office):
    sealed(office)
    leader = Visitor(office, "leader")
    page = leader.get(f"/month/what-if?period={PERIOD}&against=yuncheng").text
    form = next(one for one in forms_of(page) if "text" in one.names)
    assert form.fields["text"].startswith("name:") or "name: yuncheng" in form.fields["text"]
    draft = form.fields["text"].replace("0.4", "0.1")
    none = leader.post(form.action, {name: value for name, value in form.fields.items() if name != "periods"})
    assert none.status_code == 422
    asked = leader.send(form, text=draft)
    assert asked.status_code == 303, asked.text
    assert running_month.work_off(office.rt) == 1
    told = leader.get(asked.headers["Location"]).text
    assert "NDJ-ZF" in told
    assert told.count("100.00") >= 2, "the score in force, and that of the draft"
    unit = Visitor(office, "unit_leader")
    assert unit.get(asked.headers["Location"]).status_code in (403, 404)


def test_a_step_is_told_to_those_who_have_to_do_it(office: Office):
    reported_case(office)
    run_later(office)
    assert office.clock.now() == LATER
    leader = Visitor(office, "leader").get(f"/month/{PERIOD}").text
    unit = Visitor(office, "unit_leader").get(f"/month/{PERIOD}").text
    assert "/approve" in leader
    assert "/approve" not in unit

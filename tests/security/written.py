"""Every text that a month and administration let people write, filled with the same one."""

import json
from datetime import date, timedelta
from pathlib import Path

from gridcase.assessment.rulesets import ExemptionReason
from gridcase.domain.case import CaseNumber
from gridcase.grid.reading import LayerSpec
from gridcase.rules import edits
from gridcase.rules.documents import DocumentKind
from gridcase.services import appealing, campaigning, configuring, contributing, explaining_month, layers, running_month
from gridcase.services.appealing import AppealReason, NewAppeal
from gridcase.services.contributing import GivenScore, NewAdjustment, NewExemption
from gridcase.services.steps.layering import LayerChange
from tests.months import PERIOD, PUBLICITY_ENDS
from tests.office import Office

RULES = "production-formula"
#: Names of layers are short; this one would be an element in an attribute and out of it.
LAYER = "\"'><img src=x onerror=alert(2)>"


def administer(office: Office, folder: Path, canary: str) -> None:
    """Write into a holiday, a rule of routing, a campaign, and a layer's name, codes and names."""
    admin = office.actor("admin")
    calendar, base = configuring.document_in_force(office.rt, admin, DocumentKind.CALENDAR, "changzhou")
    eve = date(2026, 12, 31)
    holiday = edits.NewHoliday(year=2026, name=canary, first=eve, last=eve, source=canary)
    configuring.apply_document(office.rt, admin, edits.with_holiday(calendar, holiday), base)
    ((routing, base),) = configuring.documents_of_kind(office.rt, admin, DocumentKind.ROUTING)
    new = edits.Handover(
        types=("GBT47678.5-2026/event/09012",), unit="NDJ-ZF", first_day=date(2026, 12, 1), why_zh=canary, why_en=canary
    )
    configuring.apply_document(office.rt, admin, edits.with_handover(routing, new), base)
    places = (campaigning.NewPlace(name=canary),)
    days = {"first_day": date(2026, 10, 1), "last_day": date(2026, 12, 31)}
    planned = campaigning.NewCampaign(code="no-such", name=canary, places=places, **days)
    campaigning.create(office.rt, office.actor("shift_leader"), planned, office.rt.reference())
    draw(office, folder, canary)


def draw(office: Office, folder: Path, canary: str) -> None:
    """Take in a layer whose name, codes and names are the text."""
    ring = [[119.95, 31.775], [119.955, 31.775], [119.955, 31.779], [119.95, 31.779], [119.95, 31.775]]
    one = {"type": "Feature", "properties": {"code": LAYER, "name": canary}}
    one["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    path = folder / "layer.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}), encoding="utf-8")
    file = layers.open_file(office.rt, path, source_layer=None, encoding=None)
    spec = LayerSpec(layer=LAYER, code_field="code", name_field="name")
    done = layers.import_file(office.rt, file, spec, LayerChange(), by=office.actor("admin"))
    assert done.report.accepted == 1, done.report.exceptions


def contest(office: Office, number: str, canary: str) -> int:
    """Run October and write into an appeal, its decision, an exemption, a score and an adjustment; returns the run."""
    office.clock.instant = PUBLICITY_ENDS - timedelta(minutes=5)
    assessor, unit, leader = (office.actor(name) for name in ("assessor", "unit_leader", "leader"))
    run = running_month.run_month(office.rt, assessor, PERIOD, RULES).id
    line = explaining_month.explained(office.rt, unit, run, "NDJ-ZF").score["lines"][0]["key"]
    new = NewAppeal(subject="NDJ-ZF", line=line, case=None, reason=AppealReason.OTHER, text=canary, attachments=())
    appeal, _ = appealing.file_appeal(office.rt, unit, run, new)
    ruling = appealing.Ruling(decision=appealing.Decision.REJECTED, text=canary, points=None)
    appealing.decide_appeal(office.rt, leader, appeal.id, ruling)
    case = CaseNumber(number)
    exempt = NewExemption(
        period=PERIOD,
        rule_set="changzhou",
        case=case,
        reason=ExemptionReason.FORCE_MAJEURE,
        evidence=canary,
        indicator=None,
        subject=None,
    )
    contributing.propose_exemption(office.rt, unit, exempt)
    score = GivenScore(name="on_site", subject="NDJ-ZF", value="90", evidence=canary)
    contributing.give_scores(office.rt, assessor, PERIOD, "nantong-streets", [score], corrects=False)
    settled = NewAdjustment(
        period=PERIOD,
        rule_set=RULES,
        subject="NDJ-ZF",
        points="-1",
        reason=canary,
        evidence=canary,
        origin_period="2026-09",
        case=case,
    )
    contributing.adjust(office.rt, assessor, settled)
    return run

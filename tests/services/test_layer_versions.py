"""Versions of layers: what begins, ends and stays, on which day; a failure leaves no half of one."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import shapely

from gridcase.domain.errors import InvalidInputError, NotFoundError
from gridcase.grid.reading import CodeScheme, LayerSpec, Reason
from gridcase.services.layers import export_layer, import_file, layer_of, open_file
from gridcase.services.steps import layering
from gridcase.services.steps.layering import LayerChange
from gridcase.store.places import versions_of_layer
from tests.office import Office

ALWAYS, TODAY = date(2000, 1, 1), date(2026, 10, 12)
SPEC = LayerSpec(layer="duty", code_field="id", name_field="name")
WEST, SOUTH, STEP = 119.94, 31.78, 0.01


def square(column: int, size: float = 1.0) -> dict[str, object]:
    west = round(WEST + column * STEP, 7)
    box = shapely.box(west, SOUTH, round(west + size * STEP, 7), round(SOUTH + STEP, 7))
    return dict(json.loads(shapely.to_geojson(box)))


def take(office: Office, folder: Path, spec: LayerSpec = SPEC, change: LayerChange | None = None, **places: object):
    """Import a file with these geometries by code."""
    features = [
        {"type": "Feature", "properties": {"id": code, "name": code.upper()}, "geometry": geometry}
        for code, geometry in places.items()
    ]
    path = folder / "layer.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    file = open_file(office.rt, path, source_layer=None, encoding=None)
    return import_file(office.rt, file, spec, change or LayerChange())


def held(office: Office, layer: str = "duty") -> list[tuple[str, date, date | None]]:
    with office.rt.database.reading() as tx:
        return [(row.code, row.valid_from, row.valid_to) for row in versions_of_layer(tx, layer)]


def changed(done) -> tuple[int, int, int]:
    return len(done.plan.begun), len(done.plan.ended), done.plan.unchanged


def test_a_first_version_has_always_been_in_use_and_a_second_import_changes_nothing(office: Office, tmp_path) -> None:
    assert changed(take(office, tmp_path, a=square(0), b=square(1))) == (2, 0, 0)
    version = office.rt.reference().version
    assert changed(take(office, tmp_path, b=square(1), a=square(0))) == (0, 0, 2)
    assert held(office) == [("a", ALWAYS, None), ("b", ALWAYS, None)]
    assert office.rt.reference().version == version


def test_a_later_version_ends_what_changed_or_is_gone_and_begins_what_is_new_today(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0), b=square(1), c=square(2))
    assert changed(take(office, tmp_path, a=square(0), b=square(1, 0.5), d=square(3))) == (2, 2, 1)
    assert held(office) == [
        ("a", ALWAYS, None),
        ("b", ALWAYS, TODAY),
        ("b", TODAY, None),
        ("c", ALWAYS, TODAY),
        ("d", TODAY, None),
    ]
    assert [code for layer, code in sorted(office.rt.reference().features) if layer == "duty"] == ["a", "b", "d"]


def test_a_second_change_on_the_same_day_replaces_the_first(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0))
    take(office, tmp_path, a=square(0, 0.5))
    take(office, tmp_path, a=square(0, 0.25))
    assert held(office) == [("a", ALWAYS, TODAY), ("a", TODAY, None)]
    [feature] = layer_of(office.rt, "duty")
    assert max(x for x, _ in feature.geometry[0].outer) == 1199425000


def test_a_code_that_comes_back_begins_anew(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0), b=square(1))
    office.clock.instant += timedelta(days=1)
    take(office, tmp_path, a=square(0))
    office.clock.instant += timedelta(days=1)
    take(office, tmp_path, a=square(0), b=square(1))
    day = timedelta(days=1)
    assert held(office) == [("a", ALWAYS, None), ("b", ALWAYS, TODAY + day), ("b", TODAY + 2 * day, None)]


def test_absent_codes_stay_when_the_import_only_adds(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0))
    assert changed(take(office, tmp_path, change=LayerChange(is_adding=True), b=square(1))) == (1, 0, 0)
    assert held(office) == [("a", ALWAYS, None), ("b", TODAY, None)]


def test_a_refused_outline_keeps_the_one_the_code_has(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0), b=square(1))
    done = take(office, tmp_path, a=None, c=square(2))
    assert [(one.code, one.reason) for one in done.report.exceptions] == [("a", Reason.GEOMETRY_EMPTY)]
    assert held(office) == [("a", ALWAYS, None), ("b", ALWAYS, TODAY), ("c", TODAY, None)]


def test_a_refusal_of_nobody_knows_which_code_ends_nothing(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0), b=square(1))
    take(office, tmp_path, **{"": square(1), "c": square(2)})
    assert held(office) == [("a", ALWAYS, None), ("b", ALWAYS, None), ("c", TODAY, None)]


def test_nothing_accepted_changes_nothing(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0))
    assert take(office, tmp_path, a=None).plan is None
    assert held(office) == [("a", ALWAYS, None)]


def test_a_version_may_begin_on_a_day_to_come_but_not_before_the_last(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0))
    day = date(2027, 1, 1)
    take(office, tmp_path, change=LayerChange(valid_from=day), b=square(1))
    assert held(office) == [("a", ALWAYS, day), ("b", day, None)]
    assert [feature.code for feature in layer_of(office.rt, "duty")] == ["a"]
    with pytest.raises(InvalidInputError) as refusal:
        take(office, tmp_path, c=square(2))
    assert refusal.value.fields["valid_from"][0].code == "valid_from_before_version"
    assert len(held(office)) == 2


def test_a_failure_while_writing_leaves_the_layer_as_it_was(office: Office, tmp_path, monkeypatch) -> None:
    take(office, tmp_path, a=square(0))

    def fail(*_: object, **__: object) -> None:
        raise InvalidInputError("invalid_input")

    monkeypatch.setattr(layering, "add_version", fail)
    with pytest.raises(InvalidInputError):
        take(office, tmp_path, a=square(0, 0.5), b=square(1))
    assert held(office) == [("a", ALWAYS, None)]


def test_lines_need_a_tolerance_and_reach_the_layers_of_a_case(office: Office, tmp_path) -> None:
    point = office.point()
    line = {"type": "LineString", "coordinates": [[point.lon - 0.01, point.lat], [point.lon + 0.01, point.lat]]}
    rivers = LayerSpec(layer="river", code_field="id")
    with pytest.raises(InvalidInputError) as refusal:
        take(office, tmp_path, rivers, h1=line)
    assert refusal.value.fields["tolerance_m"][0].code == "tolerance_needed"
    assert held(office, "river") == []
    take(office, tmp_path, replace(rivers, tolerance_m=25), h1=line)
    case = office.caller("inspector").file(office.filing()).json
    assert case["layers"]["river"] == ["h1"]


def test_a_layer_holds_either_areas_or_lines(office: Office, tmp_path) -> None:
    line = {"type": "LineString", "coordinates": [[WEST, SOUTH], [WEST + STEP, SOUTH]]}
    done = take(office, tmp_path, a=square(0), b=line)
    assert [(one.code, one.reason) for one in done.report.exceptions] == [("b", Reason.GEOMETRY_MIXED)]
    with pytest.raises(InvalidInputError) as refusal:
        take(office, tmp_path, replace(SPEC, tolerance_m=5), LayerChange(is_adding=True), b=line)
    assert refusal.value.fields["layer"][0].code == "layer_of_other_kind"


def test_what_was_received_is_kept_beside_what_was_derived(office: Office, tmp_path) -> None:
    take(office, tmp_path, replace(SPEC, crs="gcj02"), a=square(0))
    with office.rt.database.reading() as tx:
        [row] = versions_of_layer(tx, "duty")
    assert row.received_crs == "gcj02"
    degrees = shapely.get_coordinates(shapely.from_wkb(row.received))
    assert abs(degrees[0] * 1e7 - row.geometry[0][0][0]).max() <= 0.5


def test_the_unit_grid_takes_no_lines_and_no_free_codes(office: Office, tmp_path) -> None:
    spec = LayerSpec(layer="unit", code_field="id", scheme=CodeScheme.UNIT)
    line = {"type": "LineString", "coordinates": [[WEST, SOUTH], [WEST + STEP, SOUTH]]}
    before = held(office, "unit")
    done = take(office, tmp_path, spec, **{"320404005001777": line, "x": square(0)})
    assert [one.reason for one in done.report.exceptions] == [Reason.GEOMETRY_TYPE, Reason.CODE_MALFORMED]
    assert held(office, "unit") == before


@pytest.mark.parametrize(
    ("spec", "field", "code"),
    [
        (replace(SPEC, layer=" "), "layer", "layer_name_malformed"),
        (replace(SPEC, layer="x" * 41), "layer", "layer_name_malformed"),
        (replace(SPEC, tolerance_m=-1.0), "tolerance_m", "tolerance_out_of_range"),
        (replace(SPEC, tolerance_m=float("nan")), "tolerance_m", "tolerance_out_of_range"),
    ],
)
def test_an_option_that_cannot_be_is_refused(sqlite_office: Office, tmp_path, spec, field, code) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        take(sqlite_office, tmp_path, spec, a=square(0))
    assert refusal.value.fields[field][0].code == code


def test_an_exported_layer_comes_back_without_a_change(office: Office, tmp_path) -> None:
    take(office, tmp_path, a=square(0), b=square(1))
    for name in ("out.geojson", "out.gpkg", "out.shp.zip"):
        assert export_layer(office.rt, "duty", tmp_path / name, crs="EPSG:4549", encoding=None) == 2
        file = open_file(office.rt, tmp_path / name, source_layer=None, encoding=None)
        back = import_file(office.rt, file, replace(SPEC, code_field="code"), LayerChange())
        assert changed(back) == (0, 0, 2)


def test_a_layer_that_is_not_there_cannot_be_exported(sqlite_office: Office, tmp_path) -> None:
    with pytest.raises(NotFoundError):
        export_layer(sqlite_office.rt, "nothing", tmp_path / "a.gpkg", crs=None, encoding=None)


def test_a_unit_grid_with_codes_of_another_country_takes_cases_too(office: Office, tmp_path) -> None:
    point, filing = office.point(), office.filing(source="hotline")
    around = shapely.box(point.lon - 0.01, point.lat - 0.01, point.lon + 0.01, point.lat + 0.01)
    spec = LayerSpec(layer="unit", code_field="id")
    take(office, tmp_path, spec, **{"A1801-0018-00": dict(json.loads(shapely.to_geojson(around)))})
    case = office.caller("acceptor").file(filing).json
    assert (case["cell"], case["layers"]) == ("A1801-0018-00", {})

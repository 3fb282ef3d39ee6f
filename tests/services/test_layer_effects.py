"""What an import would do, told before it is taken: outlines that come, change and go, and open cases it would move."""

import json
from dataclasses import replace
from pathlib import Path

import shapely

from gridcase.domain.place import E7
from gridcase.grid.features import to_shape
from gridcase.grid.reading import CodeScheme, LayerSpec
from gridcase.services import layers
from gridcase.services.layers import LayerImport
from gridcase.services.steps.layering import LayerChange
from tests.office import Office

CELLS = LayerSpec(layer="unit", code_field="code", scheme=CodeScheme.UNIT)
PARKS = LayerSpec(layer="park", code_field="code")


def cells(office: Office) -> dict[str, shapely.Geometry]:
    held = office.rt.reference().features
    return {
        code: shapely.transform(to_shape(one.geometry), lambda at: at / E7)
        for (layer, code), one in held.items()
        if layer == "unit"
    }


def tried(office: Office, folder: Path, spec: LayerSpec, drawn: dict[str, shapely.Geometry]) -> LayerImport:
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": json.loads(shapely.to_geojson(shape))}
        for code, shape in drawn.items()
    ]
    path = folder / "layer.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    file = layers.open_file(office.rt, path, source_layer=None, encoding=None)
    return layers.import_file(office.rt, file, spec, LayerChange(), dry_run=True, by=office.actor("admin"))


def test_a_cell_given_to_another_community_moves_its_open_cases_and_no_closed_or_distant_one(office, tmp_path):
    case = office.caller("inspector").file().json
    gone = office.caller("inspector").file().json["number"]
    assert office.caller("shift_leader").act(gone, "void", reason="test").status_code == 200
    drawn = cells(office)
    far = next(code for code in drawn if code[:12] != case["cell"][:12])
    other = f"{far[:12]}901"
    drawn[other] = drawn.pop(case["cell"])
    before = office.rt.reference().version
    done = tried(office, tmp_path, CELLS, drawn)
    assert done.effects is not None
    assert [one.code for one in done.effects.added] == [other]
    assert [one.code for one in done.effects.ended] == [case["cell"]]
    (moved,) = done.effects.moved
    assert moved.before.codes == (case["cell"],)
    assert moved.after.codes == (other,)
    assert (moved.before.community, moved.after.community) == (case["cell"][:12], far[:12])
    assert moved.number == case["number"]
    assert office.rt.reference().version == before, "a trial changes nothing"


def test_a_file_that_says_what_is_in_force_moves_nothing(office, tmp_path):
    office.caller("inspector").file()
    done = tried(office, tmp_path, CELLS, cells(office))
    effects = done.effects
    assert (effects.added, effects.changed, effects.ended, effects.moved) == ((), (), (), ())


def test_a_new_layer_over_a_case_is_told_by_its_codes(office, tmp_path):
    case = office.caller("inspector").file().json
    around = shapely.Point(case["location"]["lon"], case["location"]["lat"]).buffer(0.001, quad_segs=1)
    done = tried(office, tmp_path, PARKS, {"P1": around})
    (moved,) = done.effects.moved
    assert (moved.number, moved.before.codes, moved.after.codes) == (case["number"], (), ("P1",))
    away = shapely.transform(around, lambda at: at + 0.05)
    assert tried(office, tmp_path, PARKS, {"P1": away}).effects.moved == ()


def test_another_name_alone_is_counted_and_draws_nothing(office, tmp_path):
    drawn = cells(office)
    named = replace(CELLS, name_field="code")
    effects = tried(office, tmp_path, named, drawn).effects
    assert (effects.changed, effects.added, effects.ended, effects.moved) == ((), (), (), ())
    assert effects.relabelled == len(drawn)

"""A new version of the grid: cases keep the cell they were given, and new ones get what is in force."""

from dataclasses import replace
from datetime import timedelta

import shapely

from gridcase.grid.features import from_shape, to_shape
from gridcase.services import gridding
from tests.office import Office


def test_a_case_keeps_its_cell_when_cells_are_merged_and_a_new_one_gets_the_new_cell(office: Office) -> None:
    inspector, filing = office.caller("inspector"), office.filing()
    before = inspector.file(filing).json
    cells = [feature for (layer, _), feature in sorted(office.rt.reference().features.items()) if layer == "unit"]
    old = next(cell for cell in cells if cell.code == before["cell"])
    shape = to_shape(old.geometry)
    other = max(
        (cell for cell in cells if cell.code[:12] == old.code[:12] and cell is not old),
        key=lambda cell: shape.intersection(to_shape(cell.geometry)).length,
    )
    together = shapely.union_all([shape, to_shape(other.geometry)], grid_size=1)
    merged = replace(old, code=f"{old.code[:12]}998", geometry=from_shape(together))
    office.clock.advance(timedelta(days=1))
    gridding.save_layer(office.rt, "unit", [*(cell for cell in cells if cell not in (old, other)), merged])

    inspector = office.caller("inspector")  # the token of yesterday has expired
    after = inspector.file(filing).json
    assert after["cell"] == merged.code
    assert inspector.get(f"/cases/{before['number']}").json["cell"] == old.code
    assert inspector.get(f"/grid/cells/{old.code}").status_code == 404

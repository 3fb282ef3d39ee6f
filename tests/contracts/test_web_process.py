"""The guard behind the import contract "columns": a web process loads no polars and no GDAL, not even on a detour.

The linter counts a lazy import like any other and so cannot tell; a fresh interpreter can.
"""

import subprocess
import sys

import pytest

LOAD_PACKAGES = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    try:
        package = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        continue
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), name + "."):
        importlib.import_module(module.name)
print(*({"polars", "pyogrio"} & set(sys.modules)))
"""


def heavy_ones_loaded_by(*names: str) -> set[str]:
    run = subprocess.run([sys.executable, "-c", LOAD_PACKAGES, *names], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("gridcase.app", "gridcase.api", "gridcase.web", "gridcase.edge"), set()),
        (("polars.exceptions", "pyogrio.errors"), {"polars", "pyogrio"}),  # the probe can tell
    ],
)
def test_a_web_process_loads_neither_polars_nor_gdal(names: tuple[str, ...], expected: set[str]) -> None:
    assert heavy_ones_loaded_by(*names) == expected

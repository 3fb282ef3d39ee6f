"""Layers under ``/admin``: what is in force, and taking one in from a file, tried first and then for good.

The file is sent for the trial and again for the import: nothing of it is kept between, so nothing is left behind.
"""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Response, request

from gridcase.domain.errors import GridcaseError, invalid
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.texts import sentence
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.reading import CodeScheme, LayerSpec
from gridcase.services.layers import LayerImport, import_file, open_file
from gridcase.services.steps.layering import LayerChange
from gridcase.web.console.admin_frame import admin_page, admin_route, given, said, status_of_refusal

#: Exceptions listed one by one; the rest is counted.
_MOST_LISTED = 200


@admin_route("/layers")
def admin_layers() -> Response:
    """Show the layers in force and the form of an import."""
    return _layers()


@admin_route("/layers", methods=["POST"])
def admin_import_layer() -> Response:
    """Try an import, or carry it out: all that is accepted in one transaction, or nothing."""
    is_trial = given("step") != "import"
    try:
        done = _import(is_trial=is_trial)
    except GridcaseError as refusal:
        return _layers(refusal=refusal)
    return _layers(done=done, is_trial=is_trial)


def _import(*, is_trial: bool) -> LayerImport:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise invalid("file", "field_required")
    for name in ("layer", "code_field"):
        if not given(name):
            raise invalid(name, "field_required")
    layer = given("layer")
    spec = LayerSpec(
        layer=layer,
        code_field=given("code_field"),
        scheme=CodeScheme.UNIT if layer == UNIT_LAYER else CodeScheme.FREE,
        name_field=given("name_field") or None,
        parent_field=given("parent_field") or None,
        crs=given("crs") or None,
        tolerance_m=_tolerance(),
    )
    change = LayerChange(is_adding=given("keep_absent") == "1")
    with tempfile.TemporaryDirectory() as folder:
        # The sender's name is no part of any path: the kind of a file is told by its content.
        path = Path(folder) / "layer"
        sent.save(path)
        file = open_file(
            runtime(), path, source_layer=given("source_layer") or None, encoding=given("encoding") or None
        )
        return import_file(runtime(), file, spec, change, dry_run=is_trial, by=calling().actor)


def _tolerance() -> float | None:
    if not given("tolerance_m"):
        return None
    try:
        return float(given("tolerance_m"))
    except ValueError as error:
        raise invalid("tolerance_m", "tolerance_out_of_range") from error


def _layers(
    *, refusal: GridcaseError | None = None, done: LayerImport | None = None, is_trial: bool = True
) -> Response:
    reference = runtime().reference()
    return admin_page(
        "admin_layers.html",
        tab="console.admin_layers",
        title="admin.layers",
        status=status_of_refusal(refusal),
        layers=sorted(Counter(layer for layer, _ in reference.features).items()),
        most_mb=runtime().settings.max_upload_bytes // 1_000_000,
        done=done,
        is_trial=is_trial,
        exceptions=_exceptions(done),
        errors=said(refusal),
        form=request.form,
    )


def _exceptions(done: LayerImport | None) -> list[dict[str, Any]]:
    if done is None:
        return []
    return [
        {"code": one.code, "reason": sentence(one.reason, {}, language()), "is_refused": one.is_refused}
        for one in done.report.exceptions[:_MOST_LISTED]
    ]

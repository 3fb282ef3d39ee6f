"""Layers under ``/admin``: what is in force, its versions and its faults, and taking one in from a file.

A file is tried first: what would come, change and go is drawn, with the open cases it would move. Only what was tried
is taken in; the file is sent both times and nothing of it is kept between, so nothing is left behind.
"""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Response, request, url_for

from gridcase.domain.errors import GridcaseError, invalid
from gridcase.edge.runtime import calling, language, runtime
from gridcase.edge.sent_files import sent_file
from gridcase.edge.texts import label, sentence
from gridcase.grid.features import UNIT_LAYER
from gridcase.grid.quality import Defect, QualityReport
from gridcase.grid.reading import CodeScheme, LayerSpec
from gridcase.services import layers
from gridcase.services.layers import LayerImport
from gridcase.services.steps.layer_effects import LayerEffects
from gridcase.services.steps.layering import LayerChange
from gridcase.web.console.admin_frame import admin_page, admin_route, given, given_day, said, status_of_refusal
from gridcase.web.console.month_writing import writer
from gridcase.web.console.outlines import outline, outline_of_shape
from gridcase.web.texts import text

#: Exceptions, cases and faults listed one by one; the rest is counted.
_MOST_LISTED = 200
#: Outlines drawn of each kind: a page of more would be tens of megabytes.
_MOST_DRAWN = 2_000
#: What a trial is told by: the same file under the same options, or it is tried again.
_OPTIONS = ("layer", "code_field", "name_field", "parent_field", "crs", "encoding", "source_layer", "tolerance_m")
#: Layers that have a word of their own.
_NAMED = ("unit", "community", "duty", "assessment")
_SEVERITIES = ("error", "warning", "note")


@admin_route("/layers")
def admin_layers() -> Response:
    """Show the layers in force and the form of an import."""
    return _layers()


@admin_route("/layers", methods=["POST"])
def admin_import_layer() -> Response:
    """Try an import, or carry out what was tried: all that is accepted in one transaction, or nothing."""
    try:
        return _tried_or_imported()
    except GridcaseError as refusal:
        return _layers(refusal=refusal)


@admin_route("/layers/<string:layer>")
def admin_layer(layer: str) -> Response:
    """Show a layer on a map, with its versions."""
    page = layers.layer_page(runtime(), calling().actor, layer)
    return admin_page(
        "admin_layer.html",
        tab="console.admin_layers",
        title="admin.layers",
        heading=layer_name(layer),
        page=page,
        drawing=_drawing(layer, {}),
        layer_name=layer_name(layer),
    )


@admin_route("/layers/<string:layer>/check")
def admin_check_layer(layer: str) -> Response:
    """Look for everything that is wrong with a layer."""
    report = layers.check_layer(runtime(), calling().actor, layer)
    serious = [one for one in report.defects if one.severity != "note"]
    shown = serious if request.args.get("notes") != "1" else list(report.defects)
    return admin_page(
        "admin_layer_check.html",
        tab="console.admin_layers",
        title="admin.layer_check",
        heading=layer_name(layer),
        layer=layer,
        layer_name=layer_name(layer),
        report=report,
        severities=Counter(str(one.severity) for one in report.defects),
        defects=[_defect(one) for one in shown[:_MOST_LISTED]],
        left_out=max(0, len(shown) - _MOST_LISTED),
        with_notes=len(shown) != len(serious),
        drawing=_drawing(layer, _faults(report)),
    )


def layer_name(layer: str) -> str:
    """Name a layer: the known ones in words, any other by its own name."""
    return text(f"map.layer_{layer}", language()) if layer in _NAMED else layer


def _tried_or_imported() -> Response:
    with sent_file() as path:
        mark = _mark(path)
        is_trial = given("step") != "import" or given("tried") != mark
        done = _import(path, is_trial=is_trial)
    return _layers(done=done, is_trial=is_trial, mark=mark if is_trial else "", is_other=given("step") == "import")


def _import(path: Path, *, is_trial: bool) -> LayerImport:
    for name in ("layer", "code_field"):
        if not given(name):
            raise invalid(name, "field_required")
    if given("valid_from") and given_day("valid_from") is None:
        raise invalid("valid_from", "date_expected", value=given("valid_from"))
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
    change = LayerChange(is_adding=given("keep_absent") == "1", valid_from=given_day("valid_from"))
    encoding = given("encoding") or None
    file = layers.open_file(runtime(), path, source_layer=given("source_layer") or None, encoding=encoding)
    return layers.import_file(runtime(), file, spec, change, dry_run=is_trial, by=calling().actor)


def _mark(path: Path) -> str:
    """Return what tells this file under these options from every other."""
    told = "\n".join(given(name) for name in (*_OPTIONS, "keep_absent", "valid_from"))
    return hashlib.sha256(path.read_bytes() + told.encode()).hexdigest()


def _tolerance() -> float | None:
    if not given("tolerance_m"):
        return None
    try:
        return float(given("tolerance_m"))
    except ValueError as error:
        raise invalid("tolerance_m", "tolerance_out_of_range") from error


def _layers(
    *,
    refusal: GridcaseError | None = None,
    done: LayerImport | None = None,
    is_trial: bool = True,
    mark: str = "",
    is_other: bool = False,
) -> Response:
    reference = runtime().reference()
    effects = done.effects if done else None
    return admin_page(
        "admin_layers.html",
        tab="console.admin_layers",
        title="admin.layers",
        status=status_of_refusal(refusal),
        layers=[
            (layer, layer_name(layer), count)
            for layer, count in sorted(Counter(layer for layer, _ in reference.features).items())
        ],
        most_mb=runtime().settings.max_upload_bytes // 1_000_000,
        done=done,
        is_trial=is_trial,
        mark=mark,
        is_other=is_other and is_trial,
        effects=effects,
        moved=_moved(effects),
        drawing=_drawing(given("layer"), _coming(effects)) if effects else None,
        exceptions=_exceptions(done),
        errors=said(refusal),
        form=request.form,
    )


def _moved(effects: LayerEffects | None) -> list[dict[str, Any]]:
    """Return the open cases that would be located otherwise, with names for codes."""
    w = writer()
    return [
        {
            "number": one.number,
            "sides": [
                {
                    "codes": " ".join(side.codes),
                    "community": w.subject("area", side.community),
                    "unit": w.subject("unit", side.unit),
                }
                for side in (one.before, one.after)
            ],
        }
        for one in (effects.moved[:_MOST_LISTED] if effects else ())
    ]


def _coming(effects: LayerEffects) -> dict[str, list[Any]]:
    return {
        name: [outline(one) for one in getattr(effects, name)[:_MOST_DRAWN]]
        for name in ("former", "changed", "added", "ended")
    } | {"moved": [[one.number, one.point.lon_e7, one.point.lat_e7] for one in effects.moved[:_MOST_DRAWN]]}


def _faults(report: QualityReport) -> dict[str, list[Any]]:
    drawn: dict[str, list[Any]] = {name: [] for name in reversed(_SEVERITIES)}
    for one in report.defects:
        if one.shape is not None and len(drawn[one.severity]) < _MOST_DRAWN:
            drawn[one.severity].append(outline_of_shape(label(one.kind, language()), one.shape))
    return drawn


def _defect(one: Defect) -> dict[str, Any]:
    spoken = language()
    return {
        "severity": str(one.severity),
        "kind": label(one.kind, spoken),
        "codes": one.codes,
        "area": "" if one.area_m2 is None else f"{one.area_m2:.1f}",
        "width": "" if one.width_m is None else f"{one.width_m:.3f}",
        "place": "" if one.lon is None else f"{one.lon:.6f}, {one.lat:.6f}",
        "detail": sentence(one.detail, {}, spoken) if one.detail else "",
    }


def _drawing(layer: str, drawn: dict[str, list[Any]]) -> dict[str, Any]:
    """Return what the map beside draws: the layer in force below, and what is said of it above."""
    is_known = any(name == layer for name, _ in runtime().reference().features)
    return {"base": url_for("console.map_layer", layer=layer) if is_known else None, "drawn": drawn}


def _exceptions(done: LayerImport | None) -> list[dict[str, Any]]:
    if done is None:
        return []
    return [
        {"code": one.code, "reason": sentence(one.reason, {}, language()), "is_refused": one.is_refused}
        for one in done.report.exceptions[:_MOST_LISTED]
    ]

"""Forms of actions, made from the fields that ``view_of`` names, and read back into what the API's schemas load.

A form that was refused is drawn again with everything that was typed, photos included: they are kept as uploads of the
person, to be named by the next attempt. Nothing about a case is decided here.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError
from werkzeug.datastructures import FileStorage, MultiDict

from gridcase.domain.case import Action, AttachmentUsage, TypeKey, UnitCode
from gridcase.domain.errors import GridcaseError, InvalidInputError, Problem, invalid
from gridcase.domain.time import LimitUnit
from gridcase.edge.bodies import loader
from gridcase.edge.fields import as_input_error
from gridcase.edge.runtime import language
from gridcase.edge.schemas import PAYLOAD_SCHEMAS
from gridcase.edge.texts import Language, label, sentence
from gridcase.edge.view import Viewing
from gridcase.services.attaching import Upload, upload
from gridcase.services.reading import inspectors_for
from gridcase.services.runtime import Runtime
from gridcase.web.console.numbers import as_number
from gridcase.web.texts import text
from gridcase.workflow.catalogue import CaseType, Catalogue
from gridcase.workflow.requests import PAYLOADS, Choices, FieldKind, FieldSpec, Payload, specs
from gridcase.workflow.units import Unit

Choice = tuple[str, str]
Json = dict[str, Any]

#: What a photo that comes with an action shows.
USAGES = {
    Action.REPORT: AttachmentUsage.HANDLE,
    Action.SUBMIT: AttachmentUsage.HANDLE,
    Action.CHECK: AttachmentUsage.CHECK,
    Action.VERIFY: AttachmentUsage.VERIFY,
}
#: Rows of assisting units on a form that has none yet.
_ASSISTING_ROWS = 2
#: Photos taken by one form.
MOST_PHOTOS = 20
DATUMS = (("wgs84", "WGS 84"), ("cgcs2000", "CGCS2000"), ("gcj02", "GCJ-02"), ("bd09", "BD-09"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field as the form draws it.

    Parameters
    ----------
    kind
        Of ``FieldKind``.
    choices
        Value and text of each; empty for a field that is written.
    """

    name: str
    label: str
    kind: str
    required: bool
    max_length: int | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in the fields of a form: nothing at first, what was typed when it was refused.

    Parameters
    ----------
    key
        Idempotency key, made when the form is drawn first: sent twice, it is done once.
    photos
        Uploads kept so far.
    """

    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    values: MultiDict[str, str] = field(default_factory=MultiDict)
    photos: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """Return the text in a field."""
        return self.values.get(name, "")

    def assisting(self) -> list[dict[str, str]]:
        """Return the rows of assisting units, with a few empty ones."""
        columns = ("unit", "amount", "limit")
        lists = [self.values.getlist(f"assisting.{name}") for name in columns]
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]
        filled = [row for row in rows if any(row.values())]
        return filled + [dict.fromkeys(columns, "")] * (_ASSISTING_ROWS if not filled else 1)


def typed(form: MultiDict[str, str], photos: Sequence[str]) -> Typed:
    """Return what was typed into a form that comes back; a key that is none is made anew."""
    return Typed(key=_key(form) or str(uuid.uuid4()), values=form, photos=tuple(photos))


def _key(form: Mapping[str, str]) -> str | None:
    try:
        return str(uuid.UUID(form.get("key", "")))
    except ValueError:
        return None


def controls(
    fields: Iterable[Mapping[str, Any]], action: Action, number: str, seen: tuple[Runtime, Viewing]
) -> list[Control]:
    """Return the controls of an action's form.

    Parameters
    ----------
    fields
        As ``view_of`` names them.
    """
    described = specs(PAYLOADS[action])
    return [
        Control(
            name=one["name"],
            label=one["label"],
            kind=str(one["type"]),
            required=one["required"],
            max_length=one.get("max_length"),
            choices=_choices(one, described[one["name"]], number, seen),
        )
        for one in fields
    ]


def _choices(
    shown: Mapping[str, Any], spec: FieldSpec, number: str, seen: tuple[Runtime, Viewing]
) -> tuple[Choice, ...]:
    rt, viewing = seen
    units = viewing.reference.rules.units
    if "choices" in shown:
        return tuple((one["value"], one["label"]) for one in shown["choices"])
    if spec.kind is FieldKind.TYPE:
        return type_choices(viewing.reference.rules.catalogue, viewing.language)
    if spec.choices is Choices.UNITS or spec.kind is FieldKind.ASSISTING:
        return unit_choices(units.units, viewing.language)
    if spec.choices is Choices.SUB_UNITS:
        return unit_choices(units.working_for(UnitCode(viewing.actor.scope.value)), viewing.language)
    if spec.choices is Choices.INSPECTORS:
        found = inspectors_for(rt, viewing.actor, number, viewing.reference)
        return tuple((str(one.person), one.name) for one in found)
    return ()


def unit_choices(units: Iterable[Unit], language: Language) -> tuple[Choice, ...]:
    """Return units to choose from."""
    return tuple((unit.code, unit.name_zh if language is Language.ZH else unit.name_en) for unit in units)


def limit_units(language: Language) -> tuple[Choice, ...]:
    """Return the units of time a limit may be given in."""
    return word_choices(LimitUnit, language)


def word_choices(words: Iterable[str], language: Language) -> tuple[Choice, ...]:
    """Return words of the trade to choose from."""
    return tuple((str(one), label(one, language)) for one in words)


def type_choices(catalogue: Catalogue, language: Language) -> tuple[Choice, ...]:
    """Return every type by the text that is searched for: name, code and kind; the value is its key."""
    return tuple((str(one.key), type_text(one, language)) for one in catalogue.types)


def type_text(one: CaseType, language: Language) -> str:
    """Return how a type is written in a picker.

    Unique: names repeat between schemes, and the same digits mean different things in them.
    """
    name = one.name_zh if language is Language.ZH else one.name_en
    return f"{name} · {label(one.key.kind, language)} {one.key.code} · {one.key.scheme}"


def chosen_type(text: str, catalogue: Catalogue) -> CaseType | None:
    """Return the type a picker's text stands for, in either language, or its key; None when it is none.

    A name alone is taken when only one type has it.
    """
    wanted = text.strip()
    try:
        known = catalogue.find(TypeKey.parse(wanted))
    except ValueError:
        known = None
    if known is not None:
        return known
    exact = [one for one in catalogue.types if wanted in (type_text(one, Language.ZH), type_text(one, Language.EN))]
    named = exact or [one for one in catalogue.types if wanted in (one.name_zh, one.name_en, one.key.code)]
    return named[0] if len(named) == 1 else None


def read_payload(action: Action, form: MultiDict[str, str], photos: Sequence[str], seen: Viewing) -> Payload:
    """Read a posted form by the schema of the API.

    Raises
    ------
    InvalidInputError
        Fields are wrong.
    """
    reader = FormReader(form, photos, seen)
    body = {
        name: value for name, spec in specs(PAYLOADS[action]).items() if (value := reader.read(name, spec)) is not None
    }
    payload: Payload = load(PAYLOAD_SCHEMAS[action], body)
    return payload


def sentences_of(refusal: GridcaseError, *, is_folded: bool = True) -> dict[str, list[str]]:
    """Say what was refused: by the field of the form, else under ``""``.

    Parameters
    ----------
    is_folded
        Nested fields stand under their parent's name.
    """
    said: dict[str, list[str]] = {}
    for name, problems in refusal.fields.items():
        sentences = [sentence(one.code, one.params, language()) for one in problems]
        said.setdefault(name.partition(".")[0] if is_folded else name, []).extend(sentences)
    return said or {"": [sentence(refusal.code, refusal.params, language())]}


def beside(errors: Mapping[str, Sequence[str]], fields: Collection[str]) -> dict[str, list[str]]:
    """Return sentences by the fields of a form; what concerns none of them stands under ``""``, named by its label."""
    spoken = language()
    said: dict[str, list[str]] = {}
    for name, some in errors.items():
        parent = name.partition(".")[0]
        place = next((one for one in (name, parent) if one in fields), "")
        head = "" if place or not name else f"{label(parent, spoken)}{text('console.colon', spoken)}"
        said.setdefault(place, []).extend(f"{head}{one}" for one in some)
    return said


def load(schema: type[Schema], body: Json) -> Any:
    """Load a body by a schema of the API.

    Raises
    ------
    InvalidInputError
        Fields are wrong.
    """
    try:
        return loader(schema).load(body)
    except ValidationError as err:
        raise as_input_error(err) from err


@dataclass(frozen=True, slots=True)
class FormReader:
    """Turns the texts of a form into what a JSON body would hold; what is left empty is None."""

    form: MultiDict[str, str]
    photos: Sequence[str]
    seen: Viewing

    def read(self, name: str, spec: FieldSpec) -> Any:
        """Read one field by its kind."""
        readers = {
            FieldKind.LIMIT: self.limit,
            FieldKind.LOCATION: self.location,
            FieldKind.INSTANT: self.instant,
            FieldKind.BOOLEAN: self.boolean,
            FieldKind.TYPE: self.type,
            FieldKind.ASSISTING: self.assisting,
        }
        if spec.kind is FieldKind.ATTACHMENTS:
            return list(self.photos) or None
        if spec.choices is Choices.INSPECTORS:
            return _whole(self.text(name))
        return readers.get(spec.kind, self.text)(name)

    def text(self, name: str) -> str | None:
        """Read a text; blank is nothing."""
        return self.form.get(name, "").strip() or None

    def limit(self, name: str) -> Json | None:
        """Read an amount of time with its unit."""
        amount = self.text(f"{name}.amount")
        return None if amount is None else {"amount": amount, "unit": self.text(f"{name}.unit") or ""}

    def location(self, name: str) -> Json | None:
        """Read coordinates; what is no number is left for the schema to refuse by name."""
        lon, lat = self.text(f"{name}.lon"), self.text(f"{name}.lat")
        if lon is None and lat is None:
            return None
        body: Json = {part: _number(text) for part, text in (("lon", lon), ("lat", lat)) if text is not None}
        datum = self.text(f"{name}.datum")
        return body | ({"datum": datum} if datum else {})

    def instant(self, name: str) -> str | None:
        """Read the local time of the instance's zone, as the browser's own picker writes it."""
        text = self.text(name)
        return None if text is None else local_instant(text, self.seen.zone)

    def boolean(self, name: str) -> bool | None:
        """Read a tick; none is nothing, so that a schema's own default counts."""
        return True if self.text(name) else None

    def type(self, name: str) -> Json | None:
        """Read a type by its text or key.

        Raises
        ------
        InvalidInputError
            On the field: ``type_not_chosen``.
        """
        text = self.text(name)
        if text is None:
            return None
        known = chosen_type(text, self.seen.reference.rules.catalogue)
        if known is None:
            raise invalid(name, "type_not_chosen")
        return {"scheme": known.key.scheme, "kind": known.key.kind, "code": known.key.code}

    def assisting(self, name: str) -> list[Json] | None:
        """Read the rows of assisting units; a row without a unit is not there."""
        lists = [self.form.getlist(f"{name}.{part}") for part in ("unit", "amount", "limit")]
        rows = [
            {"unit": unit} | ({"limit": {"amount": amount, "unit": limit}} if amount.strip() else {})
            for unit, amount, limit in zip(*lists, strict=False)
            if unit
        ]
        return rows or None


def local_instant(text: str, zone: ZoneInfo) -> str:
    """Give a local time its zone; what is none comes back as it is, for the schema to refuse.

    Examples
    --------
    >>> local_instant("2026-11-20T09:00", ZoneInfo("Asia/Shanghai"))
    '2026-11-20T09:00:00+08:00'
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (local if local.tzinfo else local.replace(tzinfo=zone)).isoformat()


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _whole(text: str | None) -> int | str | None:
    number = as_number(text)
    return text if number is None else number


@dataclass(frozen=True, slots=True, kw_only=True)
class Photos:
    """Uploads of a form: those kept, and what was wrong with the others."""

    kept: tuple[str, ...]
    problems: tuple[Problem, ...] = ()

    def check(self) -> None:
        """Refuse the form when a photo of it could not be kept.

        Raises
        ------
        InvalidInputError
            On ``attachments``.
        """
        if self.problems:
            raise InvalidInputError("invalid_input", fields={"attachments": self.problems})


def take_photos(
    seen: tuple[Runtime, Viewing], form: MultiDict[str, str], files: Iterable[FileStorage], usage: AttachmentUsage
) -> Photos:
    """Keep the photos that came with a form, and those it had kept before.

    A photo sent again with the same form is the same upload, so that a second click names the same photos. Names of
    files are never looked at.
    """
    rt, viewing = seen
    kept = [one for one in form.getlist("attachments") if one]
    problems: list[Problem] = []
    for file in files:
        data = file.read()
        if not data and not file.filename:
            continue
        try:
            done = upload(rt, viewing.actor, Upload(data=data, usage=usage, client_ref=_photo_key(form, data)))
            kept.append(done.row.id)
        except InvalidInputError as refusal:
            problems += [problem for found in refusal.fields.values() for problem in found]
    return Photos(kept=tuple(dict.fromkeys(kept)), problems=tuple(problems))


def _photo_key(form: Mapping[str, str], data: bytes) -> str | None:
    key = _key(form)
    return None if key is None else str(uuid.uuid5(uuid.UUID(key), hashlib.sha256(data).hexdigest()))

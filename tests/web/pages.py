"""People at the pages: what stands in a form of the HTML, filled in and sent as a browser would."""

import io
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.office import PASSWORD, Office, jpeg

OWN_SITE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Form:
    """A form as it stands in a page: where it goes, and what its fields hold."""

    action: str
    fields: MultiDict[str, str] = field(default_factory=MultiDict)
    names: list[str] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._select: list[tuple[str, bool]] | None = None
        self._name = ""
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(action=given["action"]))
        elif tag == "option" and self._select is not None:
            self._select.append((given.get("value", ""), "selected" in given))
        elif tag in ("input", "select", "textarea") and self.forms and "name" in given:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        self._name = given["name"]
        self.forms[-1].names.append(self._name)
        if tag == "select":
            self._select = []
        elif tag == "textarea":
            self._text = ""
        elif given.get("type") != "file" and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.forms[-1].fields.add(self._name, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            self._choose(self._select)
            self._select = None
        elif tag == "textarea" and self._text is not None:
            self.forms[-1].fields.add(self._name, self._text.removeprefix("\n"))
            self._text = None

    def _choose(self, options: list[tuple[str, bool]]) -> None:
        """Take what a browser would send: the option that is selected, else the first."""
        values = [value for value, _ in options]
        chosen = [value for value, is_selected in options if is_selected] or values[:1]
        self.forms[-1].options[self._name] = values
        if chosen:
            self.forms[-1].fields.add(self._name, chosen[0])

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data


def forms_of(html: str) -> list[Form]:
    """Return every form of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def form_to(html: str, part: str) -> Form:
    """Return the one form whose address contains something."""
    (found,) = [form for form in forms_of(html) if part in form.action]
    return found


class Visitor:
    """A person signed in at the pages."""

    def __init__(self, office: Office, username: str, lang: str = "zh") -> None:
        self.client = office.app.test_client()
        self.office = office
        answer = self.client.post("/login", data={"username": username, "password": PASSWORD}, headers=OWN_SITE)
        assert answer.status_code == 303, answer.text
        self.client.set_cookie("gridcase_lang", lang)

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers={"Accept": "text/html"} | headers)

    def post(self, path: str, data: Any = None, **headers: str) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data=data, headers={"Accept": "text/html"} | OWN_SITE | headers)

    def form(self, number: str, action: str) -> Form:
        """Open the form of an action on a case."""
        answer = self.get(f"/cases/{number}?do={action}")
        assert answer.status_code == 200, answer.text
        return form_to(answer.text, f"/actions/{action}")

    def act(self, number: str, action: str, *, photos: int = 0, **given: Any) -> TestResponse:
        """Open the form of an action, fill it in and send it."""
        return self.send(self.form(number, action), photos=photos, **given)

    def send(self, form: Form, *, photos: int = 0, **given: Any) -> TestResponse:
        """Fill a form in and send it."""
        data = filled(form, given)
        if photos:
            assert "photos" in form.names
            data.setlist("photos", [(io.BytesIO(jpeg(size=(40 + n, 30))), "../<x>.jpg") for n in range(photos)])
        return self.post(form.action, data)


def filled(form: Form, given: Mapping[str, Any]) -> MultiDict[str, Any]:
    """Fill fields in by their names in the API; what a form has not cannot be filled in."""
    data: MultiDict[str, Any] = MultiDict(form.fields)
    for name, value in _flat(given):
        assert name in form.names, (name, form.names)
        if name in form.options and not name.startswith("assisting."):
            assert str(value) in form.options[name], (name, value, form.options[name])
        data.setlist(name, value if isinstance(value, list) else [str(value)])
    return data


def _flat(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if name == "assisting":
            yield "assisting.unit", [one["unit"] for one in value]
            yield "assisting.amount", ["" for _ in value]
            yield "assisting.limit", ["working_day" for _ in value]
        elif isinstance(value, Mapping):
            known = {key: part for key, part in value.items() if key != "accuracy_m"}
            yield from ((f"{name}.{key}", part) for key, part in known.items())
        elif name in ("until", "due_at", "observed_at", "reply_due_at"):
            yield name, re.sub(r":00\+08:00$", "", value)
        else:
            yield name, value


def new_key() -> str:
    """Return a key that no form has."""
    return str(uuid.uuid4())

"""Our own OpenAPI document as judge: is a request what it promises to take, is an answer what it promises to give?"""

import functools
import json
import re
from typing import Any

from flask import Flask
from openapi_schema_validator import OAS30Validator
from werkzeug.test import TestResponse

Json = dict[str, Any]
_MEDIA = ("application/json", "application/problem+json", "application/geo+json")


class Contract:
    """The document an application serves.

    Parameters
    ----------
    document
        OpenAPI 3.0.
    """

    def __init__(self, document: Json) -> None:
        self.document = document
        self._paths = [(_pattern(template), template) for template in document["paths"]]

    @classmethod
    def of(cls, app: Flask) -> "Contract":
        """Ask an application for its document."""
        return cls(app.test_client().get("/api/v1/openapi.json").json)

    def operation(self, method: str, path: str) -> Json:
        """Return the operation that takes a request; plain paths come before those with parameters."""
        fits = [template for pattern, template in self._paths if pattern.fullmatch(path)]
        template = min(fits, key=lambda one: one.count("{"))
        found: Json = self.document["paths"][template][method.lower()]
        return found

    def check_body(self, method: str, path: str, body: Any) -> None:
        """Fail unless the document promises that this JSON body is taken."""
        self._check(self.operation(method, path)["requestBody"]["content"]["application/json"]["schema"], body)

    def check_answer(self, method: str, path: str, answer: TestResponse) -> None:
        """Fail unless status, media type and body are documented."""
        described = self.operation(method, path)["responses"]
        assert str(answer.status_code) in described, (method, path, answer.status_code, answer.text)
        content = described[str(answer.status_code)].get("content", {})
        if answer.mimetype in _MEDIA:
            assert not content or answer.mimetype in content, (method, path, answer.mimetype)
            if content:
                self._check(content[answer.mimetype]["schema"], answer.json)
        elif answer.status_code != 204:
            assert any(_takes(kind, answer.mimetype) for kind in content), (method, path, answer.mimetype)

    def _check(self, schema: Json, body: Any) -> None:
        self._validator(json.dumps(schema, sort_keys=True)).validate(body)

    @functools.cache  # noqa: B019 - a document lives as long as the test
    def _validator(self, schema: str) -> OAS30Validator:
        whole = {"allOf": [json.loads(schema)], "components": self.document["components"]}
        return OAS30Validator(whole, format_checker=OAS30Validator.FORMAT_CHECKER)


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in _parts(template)))


def _parts(template: str) -> list[str]:
    return [part for part in re.split(r"(\{[^}]+\})", template) if part]


def _takes(kind: str, given: str) -> bool:
    return kind in (given, "*/*") or (kind.endswith("/*") and given.startswith(kind[:-1]))

"""Reading plain values key by key: what is missing, wrong or unknown becomes a finding with its place.

A reader never stops at the first mistake: a wrong field gives a stand-in value, everything is read, and the
caller asks ``Reading.raise_if_any`` before it uses what was made of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from gridcase.domain.errors import Problem, RuleFileError
from gridcase.domain.time import LimitUnit, TimeLimit
from gridcase.rules.documents import Document, Finding, Severity
from gridcase.rules.yaml_text import Plain

_Choice = TypeVar("_Choice", bound=StrEnum)
_LIMIT = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})? [a-z_]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STAND_IN = TimeLimit.parse("1 working_hour")
MAX_TEXT = 2000


@dataclass(slots=True)
class Reading:
    """Collects the findings of one or several documents."""

    findings: list[Finding] = field(default_factory=list)

    def refuse(self, document: str, place: str, code: str, /, **params: str | int) -> None:
        """Record an error."""
        self.findings.append(Finding(document=document, place=place, code=code, params=params))

    def note(self, severity: Severity, at: "Place", code: str, /, **params: str | int) -> None:
        """Record something that is no error."""
        self.findings.append(Finding(document=at.document, place=at.path, code=code, params=params, severity=severity))

    def raise_if_any(self) -> None:
        """Raise the errors together.

        Raises
        ------
        RuleFileError
            ``rule_file_invalid``; ``fields`` is keyed ``kind/name: place``.
        """
        problems: dict[str, tuple[Problem, ...]] = {}
        for finding in self.findings:
            if finding.severity is Severity.ERROR:
                at = f"{finding.document}: {finding.place}" if finding.place else finding.document
                problems[at] = (*problems.get(at, ()), Problem(code=finding.code, params=finding.params))
        if problems:
            raise RuleFileError("rule_file_invalid", fields=problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: document label and path in it."""

    document: str
    path: str


class Node:
    """A mapping in a document; ``done`` refuses the keys nobody asked for.

    Parameters
    ----------
    reading
        Takes the findings.
    document, path
        Where the mapping stands; the path of the root is empty.
    value
        What stands there; anything but a mapping is refused and read as an empty one.

    Attributes
    ----------
    values
        The mapping as it is; for keys that are not known beforehand.
    """

    def __init__(self, reading: Reading, document: str, path: str, value: Plain) -> None:
        self.reading = reading
        self.document = document
        self.path = path
        self._asked: set[str] = set()
        self._is_mapping = isinstance(value, dict)
        self.values: dict[str, Plain] = value if isinstance(value, dict) else {}
        if not self._is_mapping:
            reading.refuse(document, path, "mapping_expected")

    @classmethod
    def root(cls, reading: Reading, document: Document) -> "Node":
        """Start reading a document."""
        return cls(reading, document.label, "", document.body)

    @property
    def place(self) -> Place:
        """Where the mapping stands."""
        return Place(document=self.document, path=self.path)

    def at(self, name: str) -> str:
        """Return the path of one of its keys."""
        return f"{self.path}.{name}" if self.path else name

    def refuse(self, name: str, code: str, /, **params: str | int) -> None:
        """Record an error about one of its keys; an empty name means the mapping itself."""
        self.reading.refuse(self.document, self.at(name) if name else self.path, code, **params)

    def has(self, name: str) -> bool:
        """Tell whether a key has a value other than null."""
        self._asked.add(name)
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """Read a text that must be there and not be blank."""
        return self.optional_text(name) if self._required(name) else ""

    def optional_text(self, name: str) -> str:
        """Read a text; empty when absent."""
        value = self._value(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.refuse(name, "text_expected")
            return ""
        if not value.strip() or len(value) > MAX_TEXT:
            self.refuse(name, "text_length", max=MAX_TEXT)
        return value

    def code(self, name: str, shape: re.Pattern[str]) -> str:
        """Read a text that must have a shape."""
        value = self.text(name)
        if value and shape.fullmatch(value) is None:
            self.refuse(name, "code_shape", value=value)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self._value(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(name, "flag_expected")
            return default
        return value

    def whole(self, name: str, *, least: int, most: int) -> int:
        """Read a whole number that must be there."""
        value = self._value(name) if self._required(name) else least
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(name, "whole_number_expected", least=least, most=most)
            return least
        return value

    def day(self, name: str) -> date:
        """Read a date that must be there."""
        return (self.optional_day(name) if self._required(name) else None) or date.min

    def optional_day(self, name: str) -> date | None:
        """Read a date written ``2026-10-01``; None when absent."""
        value = self._value(name)
        if value is None:
            return None
        day = _day(value)
        if day is None:
            self.refuse(name, "date_expected", value=str(value))
        return day

    def limit(self, name: str) -> TimeLimit:
        """Read a limit that must be there."""
        return (self.optional_limit(name) if self._required(name) else None) or _STAND_IN

    def optional_limit(self, name: str) -> TimeLimit | None:
        """Read a limit written ``2 working_hour``; None when absent."""
        value = self._value(name)
        if value is None:
            return None
        limit = _limit(value)
        if limit is None:
            self.refuse(name, "limit_expected", value=str(value), units=", ".join(LimitUnit))
        return limit

    def choice(self, name: str, choices: type[_Choice]) -> _Choice:
        """Read one of the values of an enumeration."""
        chosen = self.text(name)
        try:
            return choices(chosen)
        except ValueError:
            if chosen:
                self.refuse(name, "choice_expected", value=chosen, choices=", ".join(choices))
            return next(iter(choices))

    def choices(self, name: str, choices: type[_Choice]) -> tuple[_Choice, ...]:
        """Read a list of values of an enumeration; empty when absent."""
        found = []
        for path, value in self._texts(name):
            try:
                found.append(choices(value))
            except ValueError:
                self.reading.refuse(self.document, path, "choice_expected", value=value, choices=", ".join(choices))
        return tuple(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a list of texts; empty when absent."""
        return tuple(value for _, value in self._texts(name))

    def node(self, name: str) -> "Node":
        """Read a mapping that must be there."""
        is_there = self._required(name)
        node = Node(self.reading, self.document, self.at(name), self._value(name) if is_there else {})
        node._is_mapping &= is_there  # said once: what is in a missing mapping is not missed again
        return node

    def optional_node(self, name: str) -> "Node":
        """Read a mapping; an empty one when absent."""
        value = self._value(name)
        return Node(self.reading, self.document, self.at(name), {} if value is None else value)

    def nodes(self, name: str) -> tuple["Node", ...]:
        """Read a list of mappings; empty when absent."""
        return tuple(Node(self.reading, self.document, path, value) for path, value in self._items(name))

    def pairs(self, name: str) -> dict[str, str]:
        """Read a mapping of texts; empty when absent."""
        node = self.optional_node(name)
        found = {key: node.text(key) for key in node.values}
        node.done()
        return found

    def done(self) -> None:
        """Refuse every key that was not read: a misspelt key must not be overlooked."""
        for name in self.values:
            if name not in self._asked:
                self.refuse(name, "unknown_key", key=name)

    def _value(self, name: str) -> Plain:
        self._asked.add(name)
        return self.values.get(name)

    def _required(self, name: str) -> bool:
        """Tell whether a key is there; a mapping that is none was refused already."""
        is_there = self.has(name)
        if not is_there and self._is_mapping:
            self.refuse(name, "key_missing", key=name)
        return is_there

    def _items(self, name: str) -> Iterator[tuple[str, Plain]]:
        value = self._value(name)
        if value is None:
            return
        if not isinstance(value, list):
            self.refuse(name, "list_expected")
            return
        for position, item in enumerate(value):
            yield f"{self.at(name)}[{position}]", item

    def _texts(self, name: str) -> Iterator[tuple[str, str]]:
        for path, value in self._items(name):
            if isinstance(value, str) and value.strip():
                yield path, value
            else:
                self.reading.refuse(self.document, path, "text_expected")


def _day(value: Plain) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        return None


def _limit(value: Plain) -> TimeLimit | None:
    try:
        return TimeLimit.parse(value) if isinstance(value, str) and _LIMIT.fullmatch(value) else None
    except ValueError:
        return None

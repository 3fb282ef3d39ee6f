"""What a case's view says, in words people read: layers by name, clocks day by day, history line by line.

Reads only what ``gridcase.edge.view`` lets a person see, and decides nothing.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gridcase.domain.case import PersonId, TypeKey, UnitCode
from gridcase.edge.texts import Language, label
from gridcase.edge.view import Viewing
from gridcase.web.texts import text
from gridcase.workflow.calendar import Window

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """What one day gave to a clock.

    Parameters
    ----------
    spans
        Counted stretches, "09:00–12:00".
    gaps
        Stretches between them that did not count, with the reason.
    """

    day: str
    kind: str
    counted: str
    spans: str
    gaps: str
    is_off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing a line of history says: its name and value, and the case it links to."""

    name: str
    value: str
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of history as it is read.

    Parameters
    ----------
    who
        Name and role; the words for "not shown" where the reader may not know.
    move
        "Handling → Reported"; empty when the state stayed.
    photos
        Addresses of the photos that came with it.
    """

    seq: int
    at: str
    stamp: str
    who: str
    action: str
    move: str
    said: tuple[Said, ...]
    photos: tuple[str, ...]


class Words:
    """Says codes, instants and amounts in one language."""

    def __init__(self, viewing: Viewing, names: Mapping[PersonId, str]) -> None:
        self.viewing = viewing
        self.rules = viewing.reference.rules
        self.language = viewing.language
        self.names = names
        self.is_chinese = viewing.language is Language.ZH
        self.year = viewing.now.astimezone(viewing.zone).year

    def word(self, name: str, **params: str | int) -> str:
        """Return a word of the pages."""
        return text(name, self.language, **params)

    def when(self, instant: str | None) -> str:
        """Write an instant to the minute; the year only when it is another."""
        if not instant:
            return ""
        local = datetime.fromisoformat(instant).astimezone(self.viewing.zone)
        return f"{local:%m-%d %H:%M}" if local.year == self.year else f"{local:%Y-%m-%d %H:%M}"

    def unit(self, code: str | None) -> str:
        """Name a unit."""
        known = self.rules.units.by_code.get(UnitCode(code or ""))
        return (code or "") if known is None else self._spoken(known.name_zh, known.name_en)

    def type(self, key: str) -> str:
        """Name a type by its key."""
        try:
            known = self.rules.catalogue.find(TypeKey.parse(key))
        except ValueError:
            known = None
        return key if known is None else self._spoken(known.name_zh, known.name_en)

    def amount(self, limit: Json | None) -> str:
        """Write an amount of time."""
        return "" if not limit else f"{limit['amount']} {label(limit['unit'], self.language)}"

    def person(self, identity: int | None) -> str:
        """Name a person, where the reader may know."""
        return self.names.get(PersonId(identity or 0), "")

    def reason(self, code: str) -> str:
        """Say a reason chosen from any of the lists of conduct; the code itself when it stands in none."""
        conduct = self.rules.conduct
        lists = (
            conduct.void_reasons,
            conduct.return_reasons,
            conduct.reassign_reasons,
            conduct.extension_reasons,
            conduct.suspension_reasons,
            conduct.transfer_bodies,
        )
        return next((self._spoken(one.zh, one.en) for some in lists for one in some if one.code == code), code)

    def condition(self, type_key: str, code: str) -> str:
        """Say a filing condition of a type."""
        try:
            known = self.rules.catalogue.find(TypeKey.parse(type_key))
        except ValueError:
            known = None
        found = known.condition(code) if known else None
        return code if found is None else self._spoken(found.text_zh, found.text_en)

    def duration(self, seconds: int) -> str:
        """Write a stretch of time in hours and minutes."""
        hours, minutes = divmod(round(seconds / 60), 60)
        parts = [self.word("case.hours", n=hours)] if hours else []
        parts += [self.word("case.minutes", n=minutes)] if minutes or not hours else []
        return " ".join(parts)

    def layers(self, found: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
        """Return every layer a case lies in with the names of its features, the largest first."""
        order = {name: place for place, name in enumerate(("district", "street", "community"))}
        named = sorted(found.items(), key=lambda one: (order.get(one[0], len(order)), one[0]))
        return [(self._layer(name), self._joined(self._feature(name, code) for code in codes)) for name, codes in named]

    def _joined(self, names: Iterable[str]) -> str:
        return self.word("console.between").join(names)

    def _layer(self, name: str) -> str:
        said = self.word(f"case.layer_{name}")
        return name if said == f"case.layer_{name}" else said

    def _feature(self, layer: str, code: str) -> str:
        known = self.viewing.reference.features.get((layer, code))
        return f"{known.name} ({code})" if known is not None and known.name and known.name != code else code

    def trace(self, clock: Json) -> list[TraceRow]:
        """Return a clock's trace, a row a day."""
        calendar = self.rules.calendars.get(str(clock["calendar"]).partition("@")[0])
        return [self._trace_row(step, calendar) for step in clock["trace"]]

    def _trace_row(self, step: Json, calendar: Any) -> TraceRow:
        day = date.fromisoformat(step["day"])
        kind = self.word(f"case.day_{step['kind']}")
        spans = [(first, last) for first, last in step["spans"]]
        return TraceRow(
            day=f"{day:%m-%d} {self.word(f'case.weekday_{day.isoweekday()}')}",
            kind=f"{kind} · {step['name']}" if step.get("name") else kind,
            counted=self.duration(step["seconds"]) if step["seconds"] else "–",
            spans=" ".join(f"{_minute(first)}–{_minute(last)}" for first, last in spans),
            gaps=" ".join(self._gap(before[1], after[0], day, calendar) for before, after in _pairs(spans)),
            is_off=not step["seconds"],
        )

    def _gap(self, since: str, until: str, day: date, calendar: Any) -> str:
        """Say why a stretch between two that counted did not: the calendar rests, or the clock was paused."""
        opens = _open_windows(calendar, day)
        is_rest = not any(window.opens_s < _seconds(until) and window.closes_s > _seconds(since) for window in opens)
        return f"{self.word('case.gap_rest' if is_rest else 'case.gap_pause')} {_minute(since)}–{_minute(until)}"

    def history(self, lines: Iterable[Json], type_key: str) -> list[Told]:
        """Return lines of history as they are read, in their order."""
        return [self._told(line, type_key) for line in lines]

    def _told(self, line: Json, type_key: str) -> Told:
        moved = line["from_state"] is not None and line["from_state"] != line["to_state"]
        states = [label(line[name], self.language) for name in ("from_state", "to_state")] if moved else []
        return Told(
            seq=line["seq"],
            at=self.when(line["recorded_at"]),
            stamp=line["recorded_at"],
            who=self._who(line),
            action=line["label"],
            move=" → ".join(states),
            said=tuple(self._said(line["facts"], line["payload"] or {}, line["facts"].get("type", type_key))),
            photos=tuple(f"/api/v1/attachments/{one}" for one in line["facts"].get("attachments", ())),
        )

    def _who(self, line: Json) -> str:
        if line["role"] == "system":
            return self.word("case.by_system")
        if line["actor"] is None:
            return self.word("case.who_hidden")
        parts = [line["actor"]["name"] or "", label(line["role"], self.language)]
        return " · ".join(part for part in (*parts, self.unit(line["unit"])) if part)

    def _said(self, facts: Json, payload: Json, type_key: str) -> Iterator[Said]:
        for name, said in self._facts(type_key).items():
            if (value := facts.get(name)) and (written := said(value)):
                yield Said(name=self.word(f"case.fact_{name}"), value=written)
        yield from self._dues(facts)
        for name in ("lead_case",):
            if facts.get(name):
                yield Said(name=self.word(f"case.fact_{name}"), value="", number=facts[name])
        if finding := facts.get("finding"):
            yield self._finding(finding)
        yield from self._texts(payload)

    def _facts(self, type_key: str) -> dict[str, Callable[[Any], str]]:
        spoken = self.language
        return {
            "type": self.type,
            "condition": lambda code: self.condition(type_key, code),
            "source": lambda code: label(code, spoken),
            "cell": str,
            "object_id": str,
            "campaign": str,
            "self_handled": lambda _: self.word("case.yes"),
            "unit": self.unit,
            "assisting": lambda some: self._joined(self.unit(one["unit"]) for one in some),
            "route": str,
            "inspector": self.person,
            "check_mode": lambda code: label(code, spoken),
            "check_result": lambda code: label(code, spoken),
            "verify_result": lambda code: label(code, spoken),
            "false_feedback": lambda _: self.word("case.yes"),
            "request_kind": lambda code: label(code, spoken),
            "ruling": lambda code: label(code, spoken),
            "returned_reason": self.reason,
            "reassigned_reason": self.reason,
            "void_reason": self.reason,
            "transferred_to": self.reason,
            "resumes_at": self.when,
        }

    def _dues(self, facts: Json) -> Iterator[Said]:
        for due in facts.get("dues", ()):
            name = self.word("case.fact_due", stage=label(due["stage"], self.language))
            yield Said(name=name, value=self.when(due["due_at"]))

    def _finding(self, finding: Json) -> Said:
        kind = label(finding["kind"], self.language)
        value = self.word("case.finding_withdrawn", kind=kind) if finding.get("withdrawn") else kind
        return Said(name=self.word("case.fact_finding"), value=value, number=finding.get("earlier"))

    def _texts(self, payload: Json) -> Iterator[Said]:
        for name in ("done", "text", "note", "reason", "forced", "address", "place", "description", "reply_due_at"):
            if value := payload.get(name):
                told = self.reason(value) if name == "reason" else self.when(value) if name == "reply_due_at" else value
                yield Said(name=self.word(f"case.text_{name}"), value=told)

    def _spoken(self, chinese: str, english: str) -> str:
        return chinese if self.is_chinese else english


def _pairs(spans: Sequence[tuple[str, str]]) -> Iterable[tuple[tuple[str, str], tuple[str, str]]]:
    return itertools.pairwise(spans)


def _open_windows(calendar: Any, day: date) -> tuple[Window, ...]:
    """Return the working windows of a calendar's season on a day; none for a calendar no longer known."""
    if calendar is None:
        return ()
    season = next((one for one in reversed(calendar.seasons) if one.valid_from <= day), calendar.seasons[0])
    windows: tuple[Window, ...] = season.windows
    return windows


def _seconds(clock: str) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _minute(clock: str) -> str:
    """Write a local time to the minute; seconds only where they say something."""
    return clock[:5] if clock.endswith(":00") else clock

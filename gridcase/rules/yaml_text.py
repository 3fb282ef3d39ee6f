"""YAML text to plain values and back: the one place that knows YAML.

A document is a tree of texts, numbers, booleans, nulls, lists and mappings with text keys, without anchors,
tags or repeated keys. YAML 1.1's surprises are left out: 06001, 08:00, 2026-10-01, yes and off stay text.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import yaml

from gridcase.domain.errors import Problem, RuleFileError

Plain = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None

#: Deep enough for every document, far from Python's recursion limit when the tree is walked.
_DEPTH = 30
_Branch = dict[str, Plain] | list[Plain]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads the same events ten times faster
_WORDS: Mapping[str, Plain] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?=[.eE])(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
#: Keys that a reader of the file looks for first; the others follow by the alphabet, lists and mappings last.
_FIRST = ("version", "confirmed", "layer", "scheme", "id", "code", "kind", "name", "zh", "en", "note")


def read_yaml(data: bytes) -> dict[str, Plain]:
    r"""Read one YAML document whose root is a mapping.

    Raises
    ------
    RuleFileError
        ``rule_file_unreadable``; ``fields`` is keyed ``line N``. All repeated keys are reported at once.

    Examples
    --------
    >>> read_yaml(b"code: 06001\nopens: 08:00\nshare: 0.5")
    {'code': '06001', 'opens': '08:00', 'share': 0.5}
    """
    builder = _Builder()
    text = _decode(data)
    try:
        builder.take_all(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.rstrip().count("\n")  # the end of the text is noticed below its last line
        raise _unreadable(min(mark.line if mark else 0, last) + 1, "yaml_syntax") from error
    except yaml.reader.ReaderError as error:
        raise _unreadable(text[: error.position].count("\n") + 1, "yaml_syntax") from error
    if builder.problems:
        raise RuleFileError(
            "rule_file_unreadable", fields={name: tuple(found) for name, found in builder.problems.items()}
        )
    if not isinstance(builder.root, dict):
        raise _unreadable(1, "yaml_root_not_mapping")
    return builder.root


def write_yaml(body: Mapping[str, Plain]) -> str:
    """Write a body; equal bodies give equal text, whatever the order of their keys.

    Texts that another YAML reader could take for a number, a date or a truth value are quoted.
    """
    text: str = yaml.dump(
        _ordered(dict(body)),
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=110,
    )
    return text


def plain_scalar(text: str) -> Plain:
    """Tell what an unquoted scalar means.

    Examples
    --------
    >>> [plain_scalar(text) for text in ("12", "012", "0.5", "1e3", "yes", "~", "2026-10-01")]
    [12, '012', 0.5, 1000.0, 'yes', None, '2026-10-01']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    number = float(text) if _DECIMAL.fullmatch(text) else math.inf
    return number if math.isfinite(number) else text


@dataclass(slots=True)
class _Frame:
    """A mapping or list under construction; ``key`` is the mapping's key that awaits its value."""

    value: _Branch
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Turns parser events into a tree without recursion."""

    root: Plain = None
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    documents: int = 0

    def take_all(self, events: Iterable[yaml.Event]) -> None:
        for event in events:
            self._take(event)

    def _take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.ScalarEvent():
                self._scalar(event, line)
            case yaml.MappingStartEvent():
                self._open({}, event, line)
            case yaml.SequenceStartEvent():
                self._open([], event, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.stack.pop()
            case yaml.AliasEvent():
                raise _unreadable(line, "yaml_alias")
            case yaml.DocumentStartEvent():
                self._start(line)
            case _:
                pass  # the stream's own events say nothing

    def _start(self, line: int) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _unreadable(line, "yaml_many_documents")

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        _refuse_decoration(event, line)
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            frame.key = event.value
            if event.value in frame.value:
                problem = Problem(code="yaml_duplicate_key", params={"key": event.value})
                self.problems.setdefault(f"line {line}", []).append(problem)
            return
        self._place(event.value if event.style else plain_scalar(event.value), line)

    def _open(self, value: _Branch, event: yaml.CollectionStartEvent, line: int) -> None:
        _refuse_decoration(event, line)
        self._place(value, line)
        if len(self.stack) >= _DEPTH:
            raise _unreadable(line, "yaml_too_deep", depth=_DEPTH)
        self.stack.append(_Frame(value))

    def _place(self, value: Plain, line: int) -> None:
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is None:
            raise _unreadable(line, "yaml_key_not_text")
        else:
            frame.value[frame.key] = value
            frame.key = None


def _refuse_decoration(event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
    if event.anchor is not None:
        raise _unreadable(line, "yaml_alias")
    if event.tag is not None:
        raise _unreadable(line, "yaml_tag")


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(data[: error.start].count(b"\n") + 1, "file_not_utf8") from error


def _unreadable(line: int, code: str, /, **params: str | int) -> RuleFileError:
    return RuleFileError("rule_file_unreadable", fields={f"line {line}": (Problem(code=code, params=params),)})


class _Dumper(yaml.SafeDumper):
    """The pure Python dumper, because its line breaks are the same on every machine."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - asked with every value
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature; lists are indented under their key
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quote what another reader, or this one, could take for something else; escape every odd character."""
    is_safe = isinstance(plain_scalar(text), str) and all(c.isprintable() for c in text)
    style = None if is_safe else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _ordered(value: Plain) -> Plain:
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: _rank(key, value[key]))}
    return value


def _rank(key: str, value: Plain) -> tuple[bool, int, str]:
    first = _FIRST.index(key) if key in _FIRST else len(_FIRST)
    return isinstance(value, list | dict) and key != "name", first, key

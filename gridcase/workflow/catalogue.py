"""Which case types there are, when a case of a type is filed, and how long its handling may take.

Values only: they come from ``gridcase.rules.catalogue``; ``gridcase.workflow.deadlines`` computes with them.
Source: GB/T 47678.5-2026 for the classes, ``reference/standards.md`` §3 for conditions and limits.
"""

from dataclasses import dataclass, field

from gridcase.domain.case import Source, TypeKey
from gridcase.domain.time import TimeLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRule:
    """Another handling limit for some areas or one source.

    Parameters
    ----------
    area_class
        Class of the area as ``Conduct.area_class`` gives it; None takes every area.
    source
        None takes every source. At least one of the two is given.
    """

    area_class: str | None = None
    source: Source | None = None
    limit: TimeLimit

    def takes(self, area_class: str | None, source: Source) -> bool:
        """Tell whether the rule is for such a case; an area without a class is taken only by a rule without one."""
        return self.area_class in (None, area_class) and self.source in (None, source)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingCondition:
    """One way in which a case of a type is worth filing 立案条件, with its limit and closing condition.

    Parameters
    ----------
    code
        Stable and short (``"1"``), unique within the type; cases keep it.
    limit
        Handling limit from dispatch; None when none is published: the shift leader then chooses one.
    limits_by
        Limits that differ by area class and source; no two for the same area class and source.
    closing_zh, closing_en
        What must be true to close 结案条件; empty when not published.
    confirmed
        False for values without a published source that the street has yet to confirm.
    source
        Where condition and limit were found; empty when not recorded.
    """

    code: str
    text_zh: str
    text_en: str
    limit: TimeLimit | None = None
    limits_by: tuple[LimitRule, ...] = ()
    closing_zh: str = ""
    closing_en: str = ""
    confirmed: bool = True
    source: str = ""

    @property
    def limits(self) -> tuple[TimeLimit, ...]:
        """Every limit that may apply: the general one if there is one, then those of ``limits_by``."""
        general = (self.limit,) if self.limit is not None else ()
        return general + tuple(rule.limit for rule in self.limits_by)

    @property
    def urgent(self) -> bool:
        """Whether every limit that may apply runs by the wall clock, so that the urgent stage limits apply."""
        return bool(self.limits) and all(limit.unit.is_urgent for limit in self.limits)

    def limit_for(self, *, area_class: str | None, source: Source) -> TimeLimit | None:
        """Return the handling limit of a case by its area class and source.

        The most specific rule wins, wherever it stands: one for both, then one for the area class, then one for the
        source, then ``limit``. None when there is none: the shift leader then chooses.
        """
        taking = [rule for rule in self.limits_by if rule.takes(area_class, source)]
        best = max(taking, key=lambda rule: (rule.area_class is not None, rule.source is not None), default=None)
        return best.limit if best else self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseType:
    """A class of the catalogue.

    Parameters
    ----------
    major_name
        Chinese name of the major class 大类.
    conditions
        At least one, in the order people read them.
    self_handled
        Whether an inspector may handle it on the spot 自处置.
    """

    key: TypeKey
    major_name: str
    name_zh: str
    name_en: str
    conditions: tuple[FilingCondition, ...]
    self_handled: bool = False

    @property
    def urgent(self) -> bool:
        """Whether every published limit is urgent.

        It decides while the condition is not known yet: nobody is measured by an urgent clock that may turn
        out not to apply.
        """
        published = [condition for condition in self.conditions if condition.limits]
        return bool(published) and all(condition.urgent for condition in published)

    def condition(self, code: str) -> FilingCondition | None:
        """Return the condition with this code; None when there is none."""
        return next((condition for condition in self.conditions if condition.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All case types in force.

    Parameters
    ----------
    version
        Versions of the documents it was made of, base first, joined by ``+``.
    types
        Unique by key, ordered by scheme as ``Scheme`` lists them, events before components, then by code.
    """

    version: str
    types: tuple[CaseType, ...]
    _by_key: dict[TypeKey, CaseType] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {one.key: one for one in self.types})

    def find(self, key: TypeKey) -> CaseType | None:
        """Return the type with this key; None when the catalogue has none."""
        return self._by_key.get(key)

    def conditions(self, key: TypeKey) -> tuple[FilingCondition, ...]:
        """Return the filing conditions of a type; empty when the type is unknown."""
        found = self.find(key)
        return found.conditions if found else ()

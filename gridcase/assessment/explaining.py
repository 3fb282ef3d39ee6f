"""A rule set in words: what every line of it means, in Chinese and in English.

Pure text from the frozen values, for ``config check --explain``, the console and the export; no rule is decided here.
The words of codes (sources, roles) come from the caller, because they belong to the edge.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction

from gridcase.assessment.counts import GROUPS
from gridcase.assessment.curves import (
    Bound,
    Complement,
    Linear,
    Per,
    PerCase,
    PerPoint,
    Piecewise,
    Side,
    Step,
    Steps,
)
from gridcase.assessment.rulesets import (
    TOTAL,
    Amount,
    EqualRanks,
    External,
    Indicator,
    Number,
    Ratio,
    Rounding,
    RoundingMode,
    RuleSet,
    Term,
    TieBreak,
    WithoutData,
)
from gridcase.assessment.selection import Attribution, CountBy, Filters

Label = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWords:
    """One line of a rule set in words.

    Parameters
    ----------
    indicator, clause
        Empty for lines about the whole.
    confirmed
        False where a value has no published source.
    """

    indicator: str
    clause: str
    text: str
    confirmed: bool = True


def in_words(rule_set: RuleSet, language: str, label: Label = str) -> tuple[RuleWords, ...]:
    """Say what a rule set means: first the whole, then every indicator, then rounding, grades and ranking.

    Parameters
    ----------
    language
        ``zh`` or ``en``.
    label
        Gives the word of a code (a source, a role) in that language; by default the code itself.
    """
    return tuple(_Words(rule_set, language, label).lines())


def term_in_words(rule_set: RuleSet, indicator: Indicator, term: Term, language: str, label: Label = str) -> str:
    """Say how a term makes points of its value: its formula with the trade's words for the counts."""
    return _Words(rule_set, language, label).term(indicator, term)


def item_in_words(rule_set: RuleSet, indicator: Indicator, language: str, label: Label = str) -> str:
    """Say what an indicator means, with its limits, as ``in_words`` does."""
    return _Words(rule_set, language, label).item(indicator)


def count_in_words(name: str, language: str, label: Label = str) -> str:
    """Return the trade's word for a count, which is the first of its definition."""
    return _count_word(name, language, label)


def definition_of(name: str, language: str) -> str:
    """Return the definition of a count; empty for a number that people give."""
    definition = next((one for group in GROUPS for one in group.definitions if one.name == name), None)
    return "" if definition is None else definition.zh if language == "zh" else definition.en


#: Sentences by key: Chinese, English.
_SAID = {
    "head": (
        "《{title}》（{name}，第 {version} 版），{valid}。依据：{source}。",
        "{title} ({name}, version {version}), {valid}. Source: {source}.",
    ),
    "from": ("自 {first} 起施行", "in force from {first}"),
    "from_to": ("自 {first} 起施行，至 {last} 止", "in force from {first} to {last}"),
    "object": (
        "评价对象：{subject}；{attribution}；满分 {full} 分。{filters}",
        "Assessed: {subject}; {attribution}; full score {full}.{filters}",
    ),
    "post_of": ("岗位（{role}）", "posts ({role})"),
    "extra_note": ("附加分另计。", " Extra items come on top."),
    "clause_number": ("第{clause}条 {title}", "Clause {clause}, {title}"),
    "clause_text": ("{title}", "{clause} ({title})"),
    "item": ("{head}：{body}。", "{head}: {body}."),
    "until_empty": ("扣完为止(满分{weight}分)", "until nothing is left (full: {weight})"),
    "weight": ("满分{weight}分", "{weight} points"),
    "bonus": ("附加项，最多加{weight}分", "extra item, at most {weight} points on top"),
    "malus": ("附加扣分项，最多扣{lost}分", "extra item, at most {lost} points off"),
    "floor": ("最低{floor}分", "not below {floor}"),
    "ceiling": ("最高{ceiling}分", "not above {ceiling}"),
    "only_entered": ("从满分起，只扣录入的扣分", "starts full; only deductions that people enter are taken off"),
    "instead": (
        "上级给定 {name}（满分{out_of}分）时直接采用，否则：",
        "taken from {name} (out of {out_of}) where given, otherwise: ",
    ),
    "given": ("采用给定的 {name}（满分{out_of}分）", "taken from {name} (out of {out_of})"),
    "linear": ("得{points}分 × {rate}", "{points} points × {rate}"),
    "complement": ("得{points}分 ×（1 − {rate}）", "{points} points × (1 − {rate})"),
    "steps": ("{value}：{steps}", "{value}: {steps}"),
    "step_points": ("{when}得{points}分", "{when} gives {points}"),
    "step_percent": ("{when}得本项的{points}%", "{when} gives {points} % of the item"),
    "step_minus": ("{when}扣{points}分", "{when} takes {points} off"),
    "otherwise": ("其余", "anything else"),
    "piecewise": ("{value}：{knots}，其间按直线计算，之外取两端", "{value}: {knots}, straight between, level outside"),
    "knot": ("{at}时{points}分", "{points} points at {at}"),
    "per_point": (
        "{value} {side}{threshold}%的，每{every}个百分点{sign}{points}分（{per}）{most}",
        "{value}: {sign} {points} for every {every} percentage point(s) {side} {threshold} % ({per}){most}",
    ),
    "below": ("低于", "below"),
    "above": ("高于", "above"),
    "minus": ("扣", "minus"),
    "plus": ("加", "plus"),
    "per_point_full": ("不足部分不计", "a part counts nothing"),
    "per_point_continuous": ("不足部分按比例计", "a part counts in proportion"),
    "per_point_started": ("不足部分按整计", "a part counts as a whole"),
    "per_case_one": ("{value}：{free}每{each}{sign}{points}分{most}", "{value}: {free}{sign} {points} each{most}"),
    "per_case_every": (
        "{value}：{free}每{every}{each}{sign}{points}分（{per}）{most}",
        "{value}: {free}{sign} {points} for every {every} ({per}){most}",
    ),
    "free": ("超过{free}{each}后，", "beyond the first {free}, "),
    "most_minus": ("，最多扣{most}分", ", at most {most}"),
    "most_plus": ("，最多加{most}分", ", at most {most}"),
    "times": ("{filters}的案件按{times}倍计", "cases of {filters} count {times} times"),
    "external_value": ("给定值 {name}", "the given {name}"),
    "external_rate": ("给定值 {name} ÷ {out_of}", "the given {name} ÷ {out_of}"),
    "only": ("只计 {filters}", "only {filters}"),
    "counted_by": ("{attribution}", "{attribution}"),
    "no_data_no_score": ("没有数据时不评分", "no score without data"),
    "no_data_leave_out": ("没有数据时不计此项，其余各项按比例折算", "left out without data, the others are stretched"),
    "no_data_zero": ("没有数据时得0分", "nothing without data"),
    "no_data_full": ("没有数据时得满分", "full points without data"),
    "warn": ("失分超过本项{above}%时预警", "warns when more than {above} % of it is lost"),
    "whole_warn": (
        "任一项失分超过该项分值的{above}%（不含恰好）时预警。",
        "Warns of any item that loses strictly more than {above} % of its points.",
    ),
    "unconfirmed": ("（待确认：{remark}）", " (to be confirmed: {remark})"),
    "rounding": ("总分{places}。", "The total is {places}."),
    "rounding_items": ("各项得分{places}。", "The points of each item are {places}."),
    "rounding_rates": ("各比率先以百分数{places}。", "Each rate is first {places}, in per cent."),
    "half_up": ("四舍五入到{places}位小数", "rounded half up to {places} decimals"),
    "half_even": ("按四舍六入五成双到{places}位小数", "rounded half to even to {places} decimals"),
    "down": ("舍去{places}位以后的小数", "cut off after {places} decimals"),
    "bounds": ("总分不低于{floor}分。", "The total is not below {floor}."),
    "bounds_both": (
        "总分不低于{floor}分，不高于{ceiling}分。",
        "The total is not below {floor} and not above {ceiling}.",
    ),
    "grades": ("等级：{grades}。", "Grades: {grades}."),
    "grade": ("{name} ≥ {at_least}", "{name} ≥ {at_least}"),
    "exemptions": ("可免责的情形：{reasons}。", "Exemptions allowed: {reasons}."),
    "ranking": ("按{by}从高到低排名，{equal}。{ties}", "Ranked by the {by} from high to low, {equal}.{ties}"),
    "rounded_total": ("取整后的总分", "rounded total"),
    "exact_total": ("未取整的总分", "unrounded total"),
    "gap": ("同分者同名次，其后名次顺延", "equals share a rank and leave a gap"),
    "dense": ("同分者同名次，其后名次不空", "equals share a rank and leave no gap"),
    "ties": ("同分时依次比较：{ties}。", " Between equals, in turn: {ties}."),
    "tie": ("{by}高者在前", "more of {by} first"),
    "tie_lower": ("{by}低者在前", "less of {by} first"),
    "total": ("总分", "the total"),
    "groups": ("分组排名：{groups}。", "Ranked in groups: {groups}."),
    "note": ("说明：{note}", "Note: {note}"),
}
_SUBJECTS = {
    CountBy.UNIT: ("处置单位", "units"),
    CountBy.AREA: ("社区", "areas (communities)"),
    CountBy.STREET: ("街道", "streets"),
    CountBy.POST: ("岗位", "posts"),
    CountBy.TYPE: ("案件类别", "case types"),
}
_ATTRIBUTIONS = {
    Attribution.DEADLINE: ("按处置时限所在月计", "counted in the month of the handling deadline"),
    Attribution.FILED: ("按上报所在月计", "counted in the month of filing"),
    Attribution.REGISTERED: ("按立案所在月计", "counted in the month of registration"),
    Attribution.CLOSED: ("按结案所在月计", "counted in the month of closing"),
    Attribution.FLOW: ("计本月结案与仍超期未结的案件", "closed in the month, and overdue and open"),
}
_FILTERS = {
    "types": ("类别", "types"),
    "majors": ("大类", "majors"),
    "schemes": ("编码体系", "schemes"),
    "kinds": ("部件或事件", "kinds"),
    "sources": ("来源", "sources"),
    "channels": ("发现渠道", "channels"),
    "area_classes": ("区域等级", "area classes"),
    "places": ("点位", "places"),
    "streets": ("街道", "streets"),
}
_REASONS = {
    "self_report": ("提前上报", "self-report"),
    "force_majeure": ("不可抗力", "force majeure"),
    "third_party": ("第三方责任", "third party"),
}
_SIGNS = {Bound.AT_LEAST: "≥ ", Bound.ABOVE: "> ", Bound.AT_MOST: "≤ ", Bound.BELOW: "< "}
_SHORT = re.compile(r"[：=，（]")


@dataclass(slots=True)
class _Words:
    rule_set: RuleSet
    language: str
    label: Label

    def lines(self) -> Iterator[RuleWords]:
        yield from (RuleWords(indicator="", clause="", text=text) for text in self._head())
        for one in self.rule_set.indicators:
            is_confirmed = one.confirmed and all(term.confirmed for term in one.terms)
            yield RuleWords(indicator=one.id, clause=one.clause, text=self.item(one), confirmed=is_confirmed)
        yield from (RuleWords(indicator="", clause="", text=text) for text in self._foot())

    # --- the whole ---

    def _head(self) -> Iterator[str]:
        one = self.rule_set
        first, last = one.valid_from.isoformat(), one.valid_to.isoformat() if one.valid_to else ""
        yield self._say(
            "head",
            title=one.title.zh if self._is_zh else one.title.en,
            name=one.name,
            version=one.version,
            valid=self._say("from_to" if last else "from", first=first, last=last),
            source=one.legal_source,
        )
        subject = self._pair(_SUBJECTS[one.subject])
        filters = self._filters(one.filters)
        yield self._say(
            "object",
            subject=self._say("post_of", role=self.label(one.role)) if one.role else subject,
            attribution=self._pair(_ATTRIBUTIONS[one.attribution]),
            full=_short(one.full_score),
            filters=(" " if not self._is_zh else "") + self._say("only", filters=filters) + self._stop
            if filters
            else "",
        )
        if one.note:
            yield self._say("note", note=" ".join(one.note.split()))

    def _foot(self) -> Iterator[str]:
        one = self.rule_set
        if one.rate_rounding:
            yield self._say("rounding_rates", places=self._rounding(one.rate_rounding))
        if one.item_rounding:
            yield self._say("rounding_items", places=self._rounding(one.item_rounding))
        yield self._say("rounding", places=self._rounding(one.rounding))
        bounds = "bounds" if one.ceiling is None else "bounds_both"
        yield self._say(bounds, floor=_short(one.floor), ceiling=_short(one.ceiling or Decimal(0)))
        if one.warn_above is not None:
            yield self._say("whole_warn", above=_short(one.warn_above))
        if one.exemptions:
            yield self._say("exemptions", reasons=self._join(self._pair(_REASONS[each]) for each in one.exemptions))
        if one.grades:
            named = (self._say("grade", name=each.name, at_least=_short(each.at_least)) for each in one.grades)
            yield self._say("grades", grades=self._join(named))
        yield self._ranking()

    def _ranking(self) -> str:
        ranking = self.rule_set.ranking
        ties = self._join(self._tie(tie) for tie in ranking.tie_break)
        text = self._say(
            "ranking",
            by=self._say("exact_total" if ranking.exact else "rounded_total"),
            equal=self._say("dense" if ranking.equal is EqualRanks.DENSE else "gap"),
            ties=self._say("ties", ties=ties) if ties else "",
        )
        if not ranking.groups:
            return text
        groups = (f"{group.name} ({len(group.subjects)})" for group in ranking.groups)
        return text + ("" if self._is_zh else " ") + self._say("groups", groups=self._join(groups))

    def _tie(self, tie: TieBreak) -> str:
        titles = {one.id: one.title.zh if self._is_zh else one.title.en for one in self.rule_set.indicators}
        by = self._say("total") if tie.by == TOTAL else titles.get(tie.by, tie.by)
        if tie.is_count:
            by = self._count(tie.by)
        return self._say("tie_lower" if tie.lower_first else "tie", by=by)

    def _rounding(self, rounding: Rounding) -> str:
        return self._say(str(RoundingMode(rounding.mode)), places=str(rounding.places))

    # --- an indicator ---

    def item(self, one: Indicator) -> str:
        title = one.title.zh if self._is_zh else one.title.en
        key = "clause_number" if one.clause[:1].isdigit() else "clause_text"
        parts = list(self._body(one))
        filters = self._filters(one.filters)
        if filters:
            parts.append(self._say("only", filters=filters))
        if one.attribution is not None:
            parts.append(self._pair(_ATTRIBUTIONS[one.attribution]))
        policy = self.rule_set.without_data_of(one)
        if policy is not WithoutData.NO_SCORE:
            parts.append(self._say(f"no_data_{policy}"))
        if one.warn_above is not None:
            parts.append(self._say("warn", above=_short(one.warn_above)))
        body = self._join(parts)
        text = self._say("item", head=self._say(key, clause=one.clause, title=title), body=body)
        remarks = [] if one.confirmed else [one.remark]
        remarks += [term.remark for term in one.terms if not term.confirmed]
        return text + "".join(self._say("unconfirmed", remark=" ".join(remark.split())) for remark in remarks)

    def _body(self, one: Indicator) -> Iterator[str]:
        instead = ""
        if one.instead is not None:
            key = "instead" if one.terms or one.starts_full else "given"
            instead = self._say(key, name=one.instead.name, out_of=_short(one.instead.out_of or Decimal(100)))
        terms = [self.term(one, term) for term in one.terms]
        if one.starts_full and not terms:
            terms = [self._say("only_entered")]
        if terms:
            terms[0] = instead + terms[0]
        yield from terms or [instead]
        yield from self._limits(one)

    def _limits(self, one: Indicator) -> Iterator[str]:
        if one.extra:
            is_bonus = one.most > 0
            yield self._say("bonus" if is_bonus else "malus", weight=_short(one.most), lost=_short(-one.floor))
            return
        if one.starts_full and one.floor == 0:
            yield self._say("until_empty", weight=_short(one.weight))
        else:
            yield self._say("weight", weight=_short(one.weight))
            if one.floor != 0:
                yield self._say("floor", floor=_short(one.floor))
        if one.ceiling is not None:
            yield self._say("ceiling", ceiling=_short(one.ceiling))

    def term(self, indicator: Indicator, term: Term) -> str:
        text = self._curve(indicator, term)
        more = [
            self._say("times", filters=self._filters(each.filters), times=_short(each.times))
            for each in term.multipliers
        ]
        if filters := self._filters(term.filters):
            more.append(self._say("only", filters=filters))
        if term.attribution is not None:
            more.append(self._pair(_ATTRIBUTIONS[term.attribution]))
        return "，".join([text, *more]) if self._is_zh else ", ".join([text, *more])

    def _curve(self, indicator: Indicator, term: Term) -> str:
        value = self._value(term)
        match term.curve:
            case Linear(factor=factor):
                return self._say("linear", points=_short(indicator.weight * factor), rate=value)
            case Complement(factor=factor):
                return self._say("complement", points=_short(indicator.weight * factor), rate=value)
            case Steps(steps=steps):
                unit = "%" if _is_rate(term) else ""
                return self._say("steps", value=value, steps=self._join(self._step(step, unit) for step in steps))
            case Piecewise(knots=knots):
                unit = "%" if _is_rate(term) else ""
                said = (self._say("knot", at=_short(one.at) + unit, points=_short(one.points)) for one in knots)
                return self._say("piecewise", value=value, knots=self._join(said))
            case PerPoint():
                return self._per_point(value, term.curve)
            case PerCase():
                return self._per_case(value, term.curve, _each(term))

    def _step(self, step: Step, unit: str) -> str:
        is_otherwise = step.bound is Bound.OTHERWISE
        when = self._say("otherwise") if is_otherwise else f"{_SIGNS[step.bound]}{_short(step.limit)}{unit}"
        if self._is_zh:
            when += " " if not is_otherwise else ""
        if step.of_weight:
            return self._say("step_percent", when=when, points=_short(step.gives))
        return self._say("step_minus" if step.gives < 0 else "step_points", when=when, points=_short(abs(step.gives)))

    def _per_point(self, value: str, curve: PerPoint) -> str:
        return self._say(
            "per_point",
            value=value,
            side=self._say("below" if curve.side is Side.BELOW else "above"),
            threshold=_short(curve.threshold),
            every=_short(curve.every),
            per=self._say(f"per_point_{curve.per}"),
            **self._delta(curve),
        )

    def _per_case(self, value: str, curve: PerCase, each: str) -> str:
        is_plain = curve.every == 1 and curve.per is Per.FULL
        return self._say(
            "per_case_one" if is_plain else "per_case_every",
            value=value,
            each=each,
            free=self._say("free", free=_short(curve.free), each=each) if curve.free else "",
            every=_short(curve.every),
            per=self._say(f"per_point_{curve.per}"),
            **self._delta(curve),
        )

    def _delta(self, curve: PerPoint | PerCase) -> dict[str, str]:
        sign = "minus" if curve.points < 0 else "plus"
        most = "" if curve.most is None else self._say(f"most_{sign}", most=_short(curve.most))
        return {"sign": self._say(sign), "points": _short(abs(curve.points)), "most": most}

    # --- values ---

    def _value(self, term: Term) -> str:
        match term.measure:
            case Ratio(numerator=numerator, denominator=denominator):
                return f"{self._amount(numerator)} ÷ {self._amount(denominator, wrapped=True)}"
            case Number(amount=amount):
                return self._amount(amount)
            case External(name=name, out_of=out_of):
                if out_of is None:
                    return self._say("external_value", name=name)
                return self._say("external_rate", name=name, out_of=_short(out_of))

    def _amount(self, amount: Amount, *, wrapped: bool = False) -> str:
        text = ""
        for part in amount.parts:
            sign = "−" if part.times < 0 else "+"
            text += f" {sign} " if text else ("−" if part.times < 0 else "")
            times = "" if abs(part.times) == 1 else f"{_short(abs(part.times))} × "
            text += times + self._count(part.count)
        if wrapped and len(amount.parts) > 1:
            return f"（{text}）" if self._is_zh else f"({text})"
        return text

    def _count(self, name: str) -> str:
        return _count_word(name, self.language, self.label)

    def _filters(self, filters: Filters) -> str:
        given = [(one.name, getattr(filters, one.name)) for one in fields(filters)]
        colon = "：" if self._is_zh else ": "
        return self._join(
            self._pair(_FILTERS[name]) + colon + "、".join(self.label(str(value)) for value in values)
            if self._is_zh
            else self._pair(_FILTERS[name]) + colon + "/".join(self.label(str(value)) for value in values)
            for name, values in given
            if values
        )

    # --- language ---

    @property
    def _is_zh(self) -> bool:
        return self.language == "zh"

    @property
    def _stop(self) -> str:
        return "。" if self._is_zh else "."

    def _pair(self, pair: tuple[str, str]) -> str:
        return pair[0] if self._is_zh else pair[1]

    def _say(self, key: str, **values: str) -> str:
        return self._pair(_SAID[key]).format(**values)

    def _join(self, parts: Iterator[str] | list[str]) -> str:
        return ("；" if self._is_zh else "; ").join(parts)


def _count_word(name: str, language: str, label: Label) -> str:
    if language != "zh":
        return name.replace("_", " ")
    source = name.removeprefix("filed_from_")
    if source != name:
        return f"上报（来源：{label(source)}）"
    zh = definition_of(name, language)
    return _SHORT.split(zh)[0].strip() if zh else name


def _each(term: Term) -> str:
    """Return what the Chinese words count by: times 次 where every count is one of times, cases 件 otherwise."""
    names = term.measure.amount.names if isinstance(term.measure, Number) else ()
    return "次" if names and all(name.endswith("_events") for name in names) else "件"


def _is_rate(term: Term) -> bool:
    return isinstance(term.measure, Ratio) or (isinstance(term.measure, External) and term.measure.out_of is not None)


def _short(value: Decimal | Fraction) -> str:
    """Write a decimal without needless zeros.

    Examples
    --------
    >>> _short(Decimal("50.00")), _short(Decimal("0.20")), _short(Decimal(100))
    ('50', '0.2', '100')
    """
    text = f"{Decimal(value):f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text

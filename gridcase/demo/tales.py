"""What the people of the sample city say: a sentence for every case type, filed and done, and how often it occurs.

The types that fill a street's days have sentences of their own; all others say what the catalogue says of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gridcase.domain.case import CaseKind, Scheme, TypeKey
from gridcase.domain.time import TimeLimit
from gridcase.workflow.catalogue import CaseType, Catalogue, FilingCondition

_GB = "GBT47678.5-2026"
#: Length of the sequence at the end of an object id, and the pilot's admin code at its beginning.
_SEQUENCE_DIGITS = 6
_ADMIN = "320404"

#: A class of the demo's own catalogue that no routing rule knows: cases of it stand in the dispatcher's queue.
UNROUTED = TypeKey(scheme=Scheme.LOCAL, kind=CaseKind.EVENT, code="10998")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """A case type as it is met in the street.

    Parameters
    ----------
    weight
        How often it occurs, beside the others.
    condition
        Filing condition; None where the type has one only.
    limit
        Handling limit of the condition; None where the shift leader chooses one.
    """

    type: TypeKey
    weight: int
    seen: str
    done: str
    condition: str | None = None
    limit: TimeLimit | None = None

    @property
    def is_urgent(self) -> bool:
        """Whether people are on duty day and night for it."""
        return self.limit is not None and self.limit.unit.is_urgent

    def object_id(self, sequence: int) -> str | None:
        """Return the code of a component of this type; None for events."""
        if self.type.kind is CaseKind.EVENT:
            return None
        return f"{_ADMIN}{self.type.code}{sequence:0{_SEQUENCE_DIGITS}d}"


def _tale(key: str, weight: int, seen: str, done: str, condition: str | None = None) -> Tale:
    return Tale(type=TypeKey.parse(key), weight=weight, seen=seen, done=done, condition=condition)


TALES: tuple[Tale, ...] = (
    _tale(f"{_GB}/event/09010", 18, "人行道上非机动车停放无序，影响通行", "已将车辆整齐码放至停车区"),
    _tale(f"{_GB}/event/09005", 12, "商户将货架摆至门外人行道", "已劝导商户收回货架，路面恢复"),
    _tale(f"{_GB}/event/09012", 9, "小区消防通道被两辆机动车堵住", "车辆已驶离，通道恢复畅通"),
    _tale(f"{_GB}/event/06010", 9, "垃圾桶外散落生活垃圾", "已清运并冲洗地面"),
    _tale(f"{_GB}/event/09006", 8, "路口有人占道摆摊", "已劝离，场地已清扫"),
    _tale(f"{_GB}/event/09001", 6, "流动摊贩在路边售卖", "摊贩已离场"),
    _tale(f"{_GB}/event/09009", 6, "机动车停在盲道上", "车辆已驶离"),
    _tale(f"{_GB}/event/06012", 7, "路面有大片油污和落叶", "路面已清扫冲洗"),
    _tale(f"{_GB}/event/06011", 6, "楼后堆放装修垃圾", "装修垃圾已清运"),
    _tale(f"{_GB}/event/06027", 5, "餐饮店油烟直排，周边居民不适", "净化设施已修复并现场复测"),
    _tale(f"{_GB}/event/08004", 4, "工地出入口扬尘明显", "已覆盖裸土并开启喷淋"),
    _tale(f"{_GB}/event/06030", 2, "商户向路面倾倒污水", "已制止并冲洗路面", "1"),
    _tale(f"{_GB}/event/06025", 3, "河面有漂浮垃圾", "水面已清捞干净"),
    _tale(f"{_GB}/event/06026", 1, "河道内有淤积和杂物", "河道已清理"),
    _tale(f"{_GB}/event/06001", 2, "屋顶正在搭建彩钢棚", "已停工并拆除", "1"),
    _tale(f"{_GB}/event/08016", 1, "空地上正在砌墙，无建设许可", "已停工并恢复原状", "1"),
    _tale(f"{_GB}/event/08013", 2, "外墙清洗作业无警戒区", "已停工，补设警戒后复工"),
    _tale("local/event/10999", 1, "沿街仓库内堆放大量油漆桶，无任何标识", "现场已管控，已移交应急管理部门", "1"),
    _tale(f"{_GB}/component/01037", 3, "路灯不亮", "已更换灯具", "3"),
    _tale(f"{_GB}/component/01001", 2, "供水井盖破损", "已更换井盖", "2"),
)


def known_tales(catalogue: Catalogue) -> tuple[Tale, ...]:
    """Return the tales told in words of their own, with the limits that the catalogue gives them."""
    return tuple(replace(tale, limit=_limit(catalogue, tale)) for tale in TALES)


def other_tales(catalogue: Catalogue) -> tuple[Tale, ...]:
    """Return a tale for every filing condition of every other type, in the catalogue's own words, type by type."""
    told = {tale.type for tale in TALES}
    return tuple(
        _of_catalogue(one, condition) for one in catalogue.types if one.key not in told for condition in one.conditions
    )


def tale_of(tales: Iterable[Tale], code: str) -> Tale:
    """Return the first tale of a type by its digits."""
    return next(tale for tale in tales if tale.type.code == code)


def _limit(catalogue: Catalogue, tale: Tale) -> TimeLimit | None:
    known = catalogue.find(tale.type)
    if known is None:
        return None
    condition = known.condition(tale.condition) if tale.condition else known.conditions[0]
    return condition.limit if condition else None


def _of_catalogue(one: CaseType, condition: FilingCondition) -> Tale:
    return Tale(
        type=one.key,
        weight=1,
        seen=f"{one.name_zh}：{condition.text_zh}",
        done=condition.closing_zh or "已处置完毕，现场已恢复",
        condition=condition.code,
        limit=condition.limit,
    )

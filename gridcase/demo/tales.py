"""What the people of the sample city say: a sentence for every case type, filed and done, and how often it occurs."""

from dataclasses import dataclass

from gridcase.domain.case import TypeKey

_GB = "GBT47678.5-2026"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """A case type as it is met in the street.

    Parameters
    ----------
    weight
        Cases of it among fifty.
    condition
        Filing condition; None where the type has one only.
    """

    type: TypeKey
    weight: int
    seen: str
    done: str
    condition: str | None = None


def _tale(key: str, weight: int, seen: str, done: str, condition: str | None = None) -> Tale:
    return Tale(type=TypeKey.parse(key), weight=weight, seen=seen, done=done, condition=condition)


TALES: tuple[Tale, ...] = (
    _tale(f"{_GB}/event/09010", 9, "人行道上非机动车停放无序，影响通行", "已将车辆整齐码放至停车区"),
    _tale(f"{_GB}/event/09005", 6, "商户将货架摆至门外人行道", "已劝导商户收回货架，路面恢复"),
    _tale(f"{_GB}/event/09012", 5, "小区消防通道被两辆机动车堵住", "车辆已驶离，通道恢复畅通"),
    _tale(f"{_GB}/event/06010", 5, "垃圾桶外散落生活垃圾", "已清运并冲洗地面"),
    _tale(f"{_GB}/event/09006", 4, "路口有人占道摆摊", "已劝离，场地已清扫"),
    _tale(f"{_GB}/event/09001", 3, "流动摊贩在路边售卖", "摊贩已离场"),
    _tale(f"{_GB}/event/09009", 3, "机动车停在盲道上", "车辆已驶离"),
    _tale(f"{_GB}/event/06012", 3, "路面有大片油污和落叶", "路面已清扫冲洗"),
    _tale(f"{_GB}/event/06011", 2, "楼后堆放装修垃圾", "装修垃圾已清运"),
    _tale(f"{_GB}/event/06027", 2, "餐饮店油烟直排，周边居民不适", "净化设施已修复并现场复测"),
    _tale(f"{_GB}/event/08004", 2, "工地出入口扬尘明显", "已覆盖裸土并开启喷淋"),
    _tale(f"{_GB}/event/06030", 1, "商户向路面倾倒污水", "已制止并冲洗路面", "1"),
    _tale(f"{_GB}/event/06025", 1, "河面有漂浮垃圾", "水面已清捞干净"),
    _tale(f"{_GB}/event/06001", 1, "屋顶正在搭建彩钢棚", "已停工并拆除", "1"),
    _tale(f"{_GB}/component/01037", 1, "路灯不亮", "已更换灯具", "3"),
    _tale(f"{_GB}/component/01001", 1, "供水井盖破损", "已更换井盖", "2"),
    _tale(f"{_GB}/event/08013", 1, "外墙清洗作业无警戒区", "已停工，补设警戒后复工"),
)


def tale_of(code: str) -> Tale:
    """Return the tale of a type by its digits, which are unique among the tales."""
    return next(tale for tale in TALES if tale.type.code == code)

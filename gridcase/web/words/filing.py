"""Words of the page on which a case is filed, and of choosing a place on a small map."""

from gridcase.edge.texts import Text

WORDS: dict[str, Text] = {
    "filing.what": Text("反映什么问题", "What it is about"),
    "filing.where": Text("在哪里", "Where it is"),
    "filing.source": Text("来源", "Source"),
    "filing.source_number": Text("来源编号", "Source's number"),
    "filing.source_number_hint": Text(
        "如热线工单号；同一编号只登记一次", "of the hotline's order, say; filed only once"
    ),
    "filing.usual": Text("常用类别", "Usual types"),
    "filing.type": Text("类别", "Type"),
    "filing.condition": Text("立案条件", "Filing condition"),
    "filing.condition_later": Text("立案时选择", "chosen when it is registered"),
    "filing.address": Text("地址", "Address"),
    "filing.address_hint": Text(
        "如：南大街88号门口。只有地址也可以登记，之后再定位。",
        "A street and a number. An address alone will do; the place can be set later.",
    ),
    "filing.place": Text("地点说明", "Place"),
    "filing.description": Text("问题描述", "Description"),
    "filing.description_hint": Text(
        "写清问题和地点即可；反映人的姓名、电话请留在来源系统，不要写在这里。",
        "What and where. Keep the caller's name and phone in the system it came from; do not write them here.",
    ),
    "filing.observed_at": Text("发现时间", "Observed at"),
    "filing.observed_hint": Text("不填即为现在", "empty means now"),
    "filing.object": Text("部件标识码", "Component code"),
    "filing.cell": Text("或填网格编码", "Or a cell's code"),
    "filing.go": Text("登记上报", "File the case"),
    "filing.go_hint": Text("Ctrl + Enter 也可提交", "Ctrl + Enter files it too"),
    "filing.wrong": Text("还不能登记，请改正标出的内容。", "Not filed yet. Please correct what is marked."),
    "filing.same": Text("附近已有同类在办案件，是同一件事吗？", "Similar open cases nearby. Is it one of these?"),
    "filing.none_same": Text("{m} 米内没有同类在办案件。", "No similar open case within {m} m."),
    "filing.into": Text("就是这件，补充进去", "This is it: add to it"),
    "filing.into_hint": Text(
        "“补充进去”只把描述和照片加到该案件，不另行登记。",
        "Adding puts the description and photos into that case; nothing new is filed.",
    ),
    "filing.who": Text("将派往", "Would go to"),
    "filing.why": Text("派遣依据", "Why"),
    "filing.nobody": Text("没有匹配的派遣规则，由派遣员指定", "no routing rule matches; a dispatcher decides"),
    "filing.nowhere": Text(
        "在地图上点选位置，即可看到所属网格、责任单位和附近同类案件。",
        "Click the place on the map to see its cell, who is responsible and what is open nearby.",
    ),
    "filing.choose_type": Text("选定类别后显示责任单位。", "Choose a type to see who is responsible."),
    "filing.outside": Text("在所有网格之外，登记后须补充定位", "Outside every cell; it has to be located after filing"),
    "place.map": Text("选择位置的地图；也可在下方填写坐标", "Map to choose a place on; coordinates can be typed below"),
    "place.community": Text("转到社区", "Go to community"),
    "place.middle": Text("标记地图中心", "Mark the middle"),
    "place.clear": Text("清除标记", "Remove the mark"),
}

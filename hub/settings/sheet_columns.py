"""The columns of a county's spreadsheet, and the words that may stand in them, in both languages."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from hub.settings.fields import spell
from hub.settings.homes_entries import ResidentEntry


class Kind(StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    CODE = "code"  # digits and letters: full-width ones are forgiven, numbers of Excel taken as digits
    PHONE = "phone"
    YEAR = "year"
    DAY = "day"
    WORD = "word"
    WORDS = "words"


@dataclass(frozen=True)
class Column:
    """One column. `of` is what it says something of: home, resident1, contact2, device, area; `key` which thing.

    `table` has the words that its cells may hold, by what is meant.
    """

    of: str
    key: str
    chinese: str
    english: str
    kind: Kind = Kind.TEXT
    help_chinese: str = ""
    help_english: str = ""
    table: Mapping[str, tuple[str, ...]] | None = None

    def name(self, language: str) -> str:
        """Return what stands in the header."""
        return self.chinese if language.startswith("zh") else self.english

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What people write, as it is compared, to what is meant; what the configuration calls it counts too."""
        return {plain(word): code for code, words in (self.table or {}).items() for word in (code, *words)}

    def allowed(self, language: str) -> list[str]:
        """Return the words that its cells may hold."""
        return [words[0 if language.startswith("zh") else 1] for words in (self.table or {}).values()]

    def help(self, language: str) -> str:
        """Return what may stand in its cells."""
        return self.help_chinese if language.startswith("zh") else self.help_english


# What is meant, as Chinese and English readers write it, then what others call it; what the configuration calls it is
# understood too.
KINDS: Mapping[str, tuple[str, ...]] = {
    "button": ("呼叫按钮", "button"),
    "fall": ("摔倒探测器", "fall detector", "跌倒探测器"),
    "gas": ("燃气报警器", "gas detector", "燃气探测器"),
    "smoke": ("烟雾报警器", "smoke detector", "烟雾探测器", "烟感"),
    "co": ("一氧化碳报警器", "carbon monoxide detector", "一氧化碳探测器"),
    "leak": ("漏水探测器", "water leak detector", "水浸探测器"),
    "motion": ("人体传感器", "motion sensor", "人体感应器"),
    "contact": ("门磁", "door or window contact"),
    "bed": ("床垫传感器", "bed sensor", "床垫感应器"),
    "temperature": ("温度传感器", "thermometer", "温度计"),
    "humidity": ("湿度传感器", "hygrometer", "湿度计"),
    "mains": ("停电检测器", "mains monitor", "停电监测"),
    "siren": ("警号", "siren", "报警器"),
    "valve": ("燃气阀", "gas valve"),
    "other": ("其他设备", "other device"),
}
ROLES: Mapping[str, tuple[str, str]] = {
    "sos": ("紧急呼叫", "call for help"),
    "call": ("服务铃", "service bell"),
    "doorbell": ("门铃", "doorbell"),
    "entrance": ("入户门", "entrance door"),
    "bed": ("床边", "at the bed"),
    "bathroom": ("卫生间用", "in the bathroom"),
    "siren": ("发声报警", "alarm sound"),
    "valve": ("关燃气", "shuts the gas off"),
}
ROOMS: Mapping[str, tuple[str, str]] = {
    "bedroom": ("卧室", "bedroom"),
    "kitchen": ("厨房", "kitchen"),
    "hall": ("门厅", "hall"),
    "bathroom": ("浴室", "bathroom"),
    "toilet": ("厕所", "toilet"),
    "living": ("客厅", "living room"),
    "dining": ("餐厅", "dining room"),
    "study": ("书房", "study"),
    "balcony": ("阳台", "balcony"),
    "stairs": ("楼梯", "stairs"),
    "yard": ("院子", "yard"),
    "corridor": ("走廊", "corridor"),
}
NEEDS: Mapping[str, tuple[str, str]] = {
    "advanced_age": ("高龄", "very old"),
    "incapacitated": ("失能", "needs care"),
    "severe_disability": ("重度残疾", "severely disabled"),
    "deaf": ("听力不好", "hard of hearing"),
    "no_speech": ("不能说话", "cannot speak"),
    "lives_with": ("与人同住", "does not live alone"),
}
RELATIONS: Mapping[str, tuple[str, str]] = {
    "family": ("家属", "family"),
    "neighbour": ("邻居", "neighbour"),
    "resident": ("本人", "resident"),
}
_DEFAULT_INACTIVITY = spell(ResidentEntry.model_fields["inactivity_after"].default)
MOST_RESIDENTS, MOST_CONTACTS = 2, 3


def plain(text: str) -> str:
    """Return a word as it is compared: full-width and capital letters, blanks and brackets forgiven."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def _list(table: Mapping[str, tuple[str, ...]], which: int) -> str:
    return "、".join(words[0] for words in table.values()) if which == 0 else ", ".join(w[1] for w in table.values())


def _home() -> list[Column]:
    return [
        Column(
            "home",
            "id",
            "家庭编号",
            "Home id",
            Kind.CODE,
            "英文字母和数字，例如 ah-001。空着由系统按区划和地址编一个。",
            "Letters and digits, like ah-001. Left empty one is made from area and address.",
        ),
        Column(
            "home",
            "area",
            "区划代码",
            "Area code",
            Kind.CODE,
            "村（社区）的 12 位统计代码，请把这一列设成文本格式。",
            "The village's code of 12 digits; format the column as text.",
        ),
        Column(
            "area",
            "name",
            "村名",
            "Village",
            Kind.TEXT,
            "这个区划代码叫什么，可以空着。",
            "What people call this area; may be empty.",
        ),
        Column(
            "home",
            "address",
            "地址",
            "Address",
            Kind.TEXT,
            "帮忙的人找得到的写法：村、社、门牌。",
            "As helpers find it: village, group, number.",
        ),
        Column(
            "home",
            "prefix",
            "主题前缀",
            "Topic prefix",
            Kind.TEXT,
            "这家网关的主题前面那一段，以 / 结尾，例如 homes/ah-001/。",
            "What stands in front of all topics of this home's gateway, ending with /.",
        ),
        Column(
            "home",
            "access",
            "进门办法",
            "How to get in",
            Kind.TEXT,
            "钥匙在哪里，走哪个门，有没有狗。",
            "Where the key is, which door, the dog.",
        ),
    ]


def _resident(number: int) -> list[Column]:
    of, zh, en = (
        f"resident{number}",
        "住户" if number == 1 else f"住户{number}",
        f"Resident{'' if number == 1 else number}",
    )
    columns = [
        Column(of, "name", f"{zh}姓名", f"{en} name", Kind.TEXT, "住在这家的人。", "Who lives there."),
        Column(of, "born", f"{zh}出生年", f"{en} born", Kind.YEAR, "四位数字的年份。", "The year, four digits."),
        Column(
            of,
            "needs",
            f"{zh}特殊情况",
            f"{en} needs",
            Kind.WORDS,
            f"可以写几个，用顿号分开：{_list(NEEDS, 0)}。",
            f"Several, apart by commas: {_list(NEEDS, 1)}.",
            NEEDS,
        ),
        Column(of, "phone", f"{zh}电话", f"{en} phone", Kind.PHONE, "住户自己的电话。", "The resident's own number."),
    ]
    if number > 1:
        return columns
    return [
        *columns,
        Column(
            of,
            "inactivity_after",
            "多久没动静提醒",
            "Stillness told after",
            Kind.CODE,
            f"小时数，或 90m、12h、2d；空着是 {_DEFAULT_INACTIVITY}。",
            f"Hours, or like 90m, 12h, 2d; left empty {_DEFAULT_INACTIVITY}.",
        ),
        Column(
            of,
            "mobility",
            "行动",
            "How they move",
            Kind.TEXT,
            "拄拐、坐轮椅、卧床。",
            "With a frame, in a wheelchair, in bed.",
        ),
        Column(of, "doctor", "医生", "Doctor", Kind.TEXT, "谁，在哪里。", "Who, and where."),
        Column(of, "notes", "备注", "Notes", Kind.TEXT, "上门的人要知道的。", "For whoever goes there."),
        Column(
            of,
            "health",
            "病史",
            "Illnesses",
            Kind.TEXT,
            "只写救助需要的；每次查看都有记录。",
            "Only what helpers need; each look is recorded.",
        ),
    ]


def _contact(number: int) -> list[Column]:
    of, zh, en = f"contact{number}", f"联系人{number}", f"Contact {number}"
    return [
        Column(of, "name", f"{zh}姓名", f"{en} name", Kind.TEXT, "出事时通知的人。", "Whom to tell."),
        Column(
            of,
            "phone",
            f"{zh}电话",
            f"{en} phone",
            Kind.PHONE,
            "夜里也有人接的号码；不能是 110、119、120 之类。",
            "A number that is answered at night; never 110, 119, 120.",
        ),
        Column(
            of,
            "role",
            f"{zh}关系",
            f"{en} is",
            Kind.WORD,
            f"{_list(RELATIONS, 0)}；空着是家属。",
            f"{_list(RELATIONS, 1)}; left empty family.",
            RELATIONS,
        ),
    ]


def _device() -> list[Column]:
    return [
        Column(
            "device",
            "kind",
            "设备类型",
            "Device kind",
            Kind.WORD,
            f"{_list(KINDS, 0)}。",
            f"{_list(KINDS, 1)}.",
            KINDS,
        ),
        Column(
            "device",
            "role",
            "用途",
            "Used as",
            Kind.WORD,
            f"{_list(ROLES, 0)}；可以空着。",
            f"{_list(ROLES, 1)}; may be empty.",
            ROLES,
        ),
        Column(
            "device",
            "room",
            "房间",
            "Room",
            Kind.TEXT,
            f"{_list(ROOMS, 0)}，或别的名字。",
            f"{_list(ROOMS, 1)}, or a name of its own.",
        ),
        Column(
            "device",
            "topic",
            "主题",
            "Topic",
            Kind.TEXT,
            "不带前缀，例如 zigbee2mqtt/bed_sos。",
            "Without the prefix, like zigbee2mqtt/bed_sos.",
        ),
        Column(
            "device",
            "id",
            "设备编号",
            "Device id",
            Kind.CODE,
            "英文字母和数字，例如 bed-sos。空着由系统按主题编一个。",
            "Letters and digits, like bed-sos. Left empty one is made from the topic.",
        ),
        Column(
            "device", "place", "安装位置", "Place", Kind.TEXT, "床头、灶台上方。", "Beside the bed, above the stove."
        ),
        Column("device", "model", "型号", "Model", Kind.TEXT, "产品上写的。", "As the product says."),
        Column("device", "installed_on", "安装日期", "Installed on", Kind.DAY, "例如 2026-03-01。", "Like 2026-03-01."),
        Column(
            "device",
            "subsidy",
            "补贴编号",
            "Subsidy number",
            Kind.CODE,
            "哪一笔补贴买的。",
            "Under which it was paid for.",
        ),
    ]


HOME_COLUMNS = (
    *_home(),
    *(column for n in range(1, MOST_RESIDENTS + 1) for column in _resident(n)),
    *(column for n in range(1, MOST_CONTACTS + 1) for column in _contact(n)),
)
DEVICE_COLUMNS = tuple(_device())
COLUMNS = (*HOME_COLUMNS, *DEVICE_COLUMNS)
HOME_ID, AREA, ADDRESS = HOME_COLUMNS[0], HOME_COLUMNS[1], HOME_COLUMNS[3]
# Lists of counties say 老人 where ours say 住户.
BY_NAME: Mapping[str, Column] = {
    plain(name): column
    for column in COLUMNS
    for name in (column.chinese, column.english, column.chinese.replace("住户", "老人"))
}
SHEETS: Mapping[str, tuple[str, str, str]] = {
    "zh-CN": ("家庭", "设备", "说明"),
    "en": ("Homes", "Devices", "Help"),
}
# What the template shows, in the order of the columns; the second row of each sheet, to be written over.
EXAMPLE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("home", "id"): ("ah-001", "ah-001"),
    ("home", "area"): ("620702207200", "620702207200"),
    ("area", "name"): ("上堡村", "Shangbao"),
    ("home", "address"): ("上堡村三社12号", "Shangbao, group 3, no. 12"),
    ("home", "prefix"): ("homes/ah-001/", "homes/ah-001/"),
    ("home", "access"): ("钥匙在三社11号赵婶家", "The key is at Mrs Zhao's, no. 11"),
    ("resident1", "name"): ("王秀兰", "Wang Xiulan"),
    ("resident1", "born"): ("1938", "1938"),
    ("resident1", "needs"): ("高龄、听力不好", "very old, hard of hearing"),
    ("resident1", "inactivity_after"): ("12h", "12h"),
    ("resident1", "mobility"): ("拄拐，走得慢", "with a frame, slowly"),
    ("contact1", "name"): ("王丽", "Wang Li"),
    ("contact1", "phone"): ("+447700900101", "+447700900101"),
    ("contact1", "role"): ("家属", "family"),
    ("device", "kind"): ("呼叫按钮", "button"),
    ("device", "role"): ("紧急呼叫", "call for help"),
    ("device", "room"): ("卧室", "bedroom"),
    ("device", "topic"): ("zigbee2mqtt/bed_sos", "zigbee2mqtt/bed_sos"),
    ("device", "id"): ("bed-sos", "bed-sos"),
    ("device", "place"): ("床头", "Beside the bed"),
    ("device", "model"): ("TS0215A", "TS0215A"),
    ("device", "installed_on"): ("2026-03-01", "2026-03-01"),
}

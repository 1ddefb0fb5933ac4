"""Spreadsheets of homes: what they say, every mistake by row and column; a second time there is nothing to do."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.alerts.catalogue.zh_cn import CHINESE
from hub.homes import Contact, DeviceKind, DeviceRole, Home, Person, Registry, Resident, Role
from hub.settings import load
from hub.settings.export import homes_yaml, read_again
from hub.settings.importing import SheetImporter
from hub.settings.sheet_columns import COLUMNS, EXAMPLE, KINDS, NEEDS, RELATIONS, ROLES, ROOMS
from hub.web.console.edit_fields import KINDS as EDITED
from hub.web.console.ports import Proposal
from hub.web.console.words import Words
from tests.settings.folder import EXAMPLE as FOLDER

SETTINGS = load(FOLDER, {}).hub
STAFF = Person("li", "李强", "+447700900102", frozenset({Role.STAFF}), ("620702000000",))
EMPTY = Registry.of([STAFF], [], 1)


class Now:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)


IMPORTER = SheetImporter(lambda: SETTINGS, Now())  # type: ignore[arg-type]
Cells = Mapping[str, str]


def example(language: str = "en") -> dict[str, str]:
    which = 0 if language == "zh-CN" else 1
    return {column.name(language): EXAMPLE.get((column.of, column.key), ("", ""))[which] for column in COLUMNS}


def table(*rows: Cells, separator: str = ",", encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, restval="", delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(
    data: bytes,
    registry: Registry = EMPTY,
    *,
    name: str = "homes.csv",
    language: str = "en",
    may: Callable[[str], bool] = lambda _: True,
) -> Proposal:
    return IMPORTER.read(name, data, registry, may, language)


def taken(proposal: Proposal, registry: Registry = EMPTY) -> Registry:
    """Return people and homes as they are once a proposal was written."""
    assert proposal.faults == ()
    return Registry(
        {**registry.people, **{person.id: person for person in proposal.people}},
        {**registry.homes, **{home.id: home for home in proposal.homes}},
        registry.version + 1,
        {**registry.areas, **proposal.areas},
    )


def mistakes() -> list[tuple[str, str, str, str]]:
    content = Path(__file__).with_name("mistakes_in_sheets.txt").read_text(encoding="utf-8")
    return [
        (column[5:], typed[5:], english, chinese)
        for block in content.split("\n\n")[1:]
        for column, typed, english, chinese in [block.strip("\n").split("\n")]
    ]


@pytest.mark.parametrize("case", mistakes(), ids=lambda case: f"{case[0]}: {case[1]}")
def test_a_mistake_is_said_with_its_row_and_column(case: tuple[str, str, str, str]) -> None:
    name, typed, english, chinese = case
    number = list(example()).index(name)
    for language, said in (("en", english), ("zh-CN", chinese)):
        row = example(language)
        row[list(row)[number]] = typed
        found = [re.sub(r"p-[0-9a-f]{10}", "p-*", each) for each in read(table(row), language=language).faults]
        assert said in found
        assert len(found) == 1, found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ["homes.xlsx", "homes.csv"])
def test_the_template_can_be_imported_as_it_is(language: str, name: str) -> None:
    data = IMPORTER.template(language, csv=name.endswith(".csv"))
    found = read(data, name=name, language=language)
    assert (found.faults, found.warnings, found.new) == ((), (), ("ah-001",))
    home = found.homes[0]
    assert home.residents[0].needs == {"advanced_age", "deaf"}
    assert [(d.id, d.kind, d.role, d.room, d.installed_on) for d in home.devices] == [
        ("bed-sos", DeviceKind.BUTTON, DeviceRole.SOS, "bedroom", date(2026, 3, 1))
    ]
    assert [(person.phone, person.roles) for person in found.people] == [("+447700900101", frozenset({Role.FAMILY}))]
    assert len(found.areas) == 1
    again = read(data, taken(found), name=name, language=language)
    assert again.is_empty
    assert again.unchanged == 1


def test_both_languages_say_the_same() -> None:
    assert len({column.english for column in COLUMNS}) == len({column.chinese for column in COLUMNS}) == len(COLUMNS)
    for words in (KINDS, ROLES, ROOMS, NEEDS, RELATIONS):
        assert all(
            re.search("[\u4e00-\u9fff]", chinese) and english.isascii() for chinese, english, *_ in words.values()
        )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_as_offices_save_it(encoding: str, separator: str) -> None:
    assert read(table(example("zh-CN"), separator=separator, encoding=encoding)).new == ("ah-001",)


def test_one_row_for_each_device_and_merged_cells() -> None:
    first, more = example(), {"Device kind": "gas detector", "Room": "kitchen", "Topic": "zigbee2mqtt/gas"}
    found = read(table(first, {"Home id": "ah-001", **more}, {**more, "Topic": "zigbee2mqtt/gas2"}))
    assert [device.topic for device in found.homes[0].devices] == [
        "zigbee2mqtt/bed_sos",
        "zigbee2mqtt/gas",
        "zigbee2mqtt/gas2",
    ]


def test_excel_s_own_values_are_what_people_mean() -> None:
    data = workbook(
        家庭=[
            ["安河县老人家庭登记表"],
            [],
            ["家庭编号", "区划代码", "地址", "老人姓名", "老人出生年", "联系人1姓名", "联系人1电话", "主题前缀"],
            ["ah-1", 620702207200, "上堡村", "王秀兰", 1938.0, "王丽", 13800138000, "1/"],
            [None] * 8,
            [
                "ＡＨ-2",
                "６２０７０２２０７２００",
                "下堡村",
                "李桂英",
                datetime(1940, 5, 1),
                "王丽",
                "１３８ ００１３ ８０００",
                "2/",
            ],
        ],
        设备=[["家庭编号", "设备类型", "主题", "安装日期"], ["ah-1", "门磁", "zigbee2mqtt/d", datetime(2026, 3, 1)]],
        其他=[["随便什么"], [1]],
    )
    found = read(data, name="x.xlsx")
    assert found.faults == ()
    one, two = found.homes
    assert (one.residents[0].born, two.residents[0].born, two.id) == (1938, 1940, "AH-2")
    assert [person.phone for person in found.people] == ["+8613800138000"]
    assert one.contacts == two.contacts
    assert one.devices[0].installed_on == date(2026, 3, 1)


def test_ids_are_made_where_none_are_given_and_stay() -> None:
    row = {**example(), "Home id": "", "Device id": ""}
    found = read(table(row))
    assert re.fullmatch(r"h-[0-9a-f]{10}", found.homes[0].id)
    assert read(table(row), taken(found)).is_empty


def test_what_a_sheet_leaves_out_stays() -> None:
    known = taken(read(table(example())))
    home = known.homes["ah-001"]
    more = replace(
        home,
        rooms={"east": "东屋"},
        residents=(*home.residents, Resident("王建国", health="糖尿病")),
        contacts=(*home.contacts, Contact("li", Role.NEIGHBOUR)),
        devices=(*home.devices, replace(home.devices[0], id="gas", topic="zigbee2mqtt/gas", kind=DeviceKind.GAS)),
        away_until=datetime(2027, 1, 1, tzinfo=UTC),
    )
    before = replace(known, homes={"ah-001": more})
    changed = {
        "Home id": "ah-001",
        "Address": "新村1号",
        "Device id": "bed-sos",
        "Model": "B-2",
        "Resident name": "王建国",
    }
    after = read(table({**changed, "Resident born": "1941"}), before).homes[0]
    assert after.address == "新村1号"
    assert [device.model for device in after.devices] == ["B-2", "TS0215A"]
    assert [(one.name, one.born) for one in after.residents] == [("Wang Xiulan", 1938), ("王建国", 1941)]
    assert after.residents[1].health == "糖尿病"
    assert (after.contacts, after.rooms, after.away_until) == (more.contacts, more.rooms, more.away_until)


def test_a_new_number_of_a_known_contact_is_no_new_person() -> None:
    known = taken(read(table(example())))
    found = read(table({**example(), "Contact 1 phone": "+447700900199"}), known)
    assert [person.phone for person in found.people] == ["+447700900199"]
    assert found.people[0].id in known.people
    assert found.homes == ()


def test_rows_of_one_home_that_differ_are_told_with_both_places() -> None:
    other = {**example(), "Address": "elsewhere", "Device id": "two", "Topic": "zigbee2mqtt/two"}
    assert read(table(example(), other)).faults == (
        'row 3, column "Address": "elsewhere" is not what row 2, column "Address" says of the same one ("Shangbao, '
        'group 3, no. 12"). Correct one of them.',
    )


def test_an_id_that_another_home_has_is_a_conflict() -> None:
    known = taken(read(table(example())))
    other = {**example(), "Address": "elsewhere", "Resident name": "Li Guiying"}
    assert "is in the database already, at another address" in read(table(other), known).faults[0]


def test_a_topic_of_a_home_that_is_not_in_the_sheet_is_taken() -> None:
    known = taken(read(table(example())))
    said = read(table({**example(), "Home id": "ah-002", "Address": "b"}), known).faults
    assert said == (
        'row 2, column "Topic": device bed-sos: topic "homes/ah-001/zigbee2mqtt/bed_sos" belongs to device bed-sos of '
        "home ah-001 already (the database). Correct one of them.",
    )


def test_rows_of_areas_of_others_are_refused() -> None:
    said = read(table(example()), may=lambda area: area.startswith("620799")).faults
    assert said == (
        'row 2, column "Area code": area 620702207200 is not yours. Take the row out, or ask whoever is responsible '
        "there.",
    )
    known = taken(read(table(example())))
    moved = {**example(), "Area code": "620799207200"}
    assert "not yours" in read(table(moved), known, may=lambda area: area.startswith("620799")).faults[0]


@pytest.mark.parametrize("elsewhere", ["staff", "contact"])
def test_the_number_of_somebody_others_rely_on_is_not_changed(elsewhere: str) -> None:
    known = taken(read(table(example())))
    family = next(person for person in known.people.values() if person.id != STAFF.id)
    there = Home("zz-001", "620799207200", "x", contacts=(Contact(family.id, Role.FAMILY),))
    if elsewhere == "staff":
        people = [STAFF, replace(family, areas=("620799207200",))]
        known = Registry.of(people, known.homes.values(), 2)
    else:
        known = Registry.of(known.people.values(), [*known.homes.values(), there], 2)
    row = {**example(), "Contact 1 phone": "+447700900199"}

    def may(area: str) -> bool:
        return area.startswith("620702")

    said = read(table(row), known, may=may).faults
    assert said == (
        f'row 2, column "Contact 1 phone": {family.name} is also there for areas that are not yours, so the number '
        "stays as it is. Leave the cell empty, or ask whoever is responsible there.",
    )
    assert read(table({**row, "Contact 1 phone": ""}), known, may=may).faults == ()
    assert read(table(row), known).faults == (), "whoever may everywhere changes it"


def test_a_home_that_would_reach_nobody_is_refused() -> None:
    row = {**example(), "Contact 1 name": "", "Contact 1 phone": "", "Contact 1 is": ""}
    said = read(table(row), Registry.of([], [], 1)).faults
    assert said[0].startswith('row 2, column "Home id": home ah-001: an emergency reaches nobody')


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.xlsx", b"PK\x03\x04 broken", "the workbook cannot be read"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + b"x" * 100, "this is an old Excel file"),
        ("a.xlsx", b"Home id,Area code\n", "this is neither an Excel workbook"),
        ("a.docx", _zip(word__document_xml=b"<x/>"), "this is neither an Excel workbook"),
        ("a.xlsx", _zip(xl__workbook_xml=b"<x/>"), "the workbook cannot be read"),
        ("a.xlsx", _zip(xl__workbook_xml=b"0" * 401_000_000), "the workbook unpacks to more than 400 MB"),
        ("a.csv", b"x" * 16_000_001, "the file has more than 16 MB"),
        ("a.csv", b"\x00\x01\x02" * 50, "this is neither an Excel workbook"),
        ("a.csv", b"", "no row names the columns"),
        ("a.csv", b"Name,Telephone\nx,1\n", "no row names the columns"),
        ("a.csv", b"Home id,Area code\n", "there is no home in it"),
        ("a.csv", b'Home id,Area code\n"' + b"x" * 30_000 + b'",1\n', "row 2 is not CSV"),
        ("a.csv", b"Home id,Area code,Telefon\nx,1,2\n", 'row 1, column "Telefon": there is no column "Telefon"'),
        ("a.csv", b"Home id,Area code,Home id\nx,1,2\n", 'row 1, column "Home id": this column stands here twice'),
        ("a.csv", b"Home id,Area code\n" + b"a,\n" * 100_001, "there are more than 100000 rows"),
    ],
)  # fmt: skip
def test_what_is_no_spreadsheet_of_homes_is_said_in_a_sentence(name: str, data: bytes, said: str) -> None:
    assert any(each.startswith(said) for each in read(data, name=name).faults)


def test_a_format_down_to_the_last_row_is_not_a_hundred_thousand_homes() -> None:
    rows = [[*example()], [*example().values()]]
    book = openpyxl.load_workbook(io.BytesIO(workbook(Homes=rows)))
    book["Homes"].cell(200_000, 1).number_format = "0.00"
    out = io.BytesIO()
    book.save(out)
    assert read(out.getvalue(), name="homes.xlsx").new == ("ah-001",)
    assert read(table(example()) + b",,,\r\n" * 100_001).new == ("ah-001",)


def test_formulas_and_errors_of_excel_are_refused() -> None:
    rows = [
        ["Home id", "Area code", "Address"],
        ["a", "620702207200", '=HYPERLINK("http://x","y")'],
        ["b", "#N/A", "x"],
    ]
    said = read(workbook(Homes=rows), name="x.xlsx").faults
    assert any('sheet Homes, row 2, column "Address"' in each and "is a formula" in each for each in said)
    assert any('sheet Homes, row 3, column "Area code"' in each and "is an error of Excel" in each for each in said)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for name in ("x.csv", "x.xlsx"):
        assert isinstance(read(data, name=name), Proposal)


cells = st.one_of(
    st.text(max_size=12), st.sampled_from(["1e3", "1.2E+11", "=1", "120", "ah-1", "620702207200", "门磁"])
)


@given(st.lists(st.lists(cells, min_size=8, max_size=8), max_size=4))
def test_no_cells_break_the_reader(rows: list[list[str]]) -> None:
    header = ["家庭编号", "区划代码", "地址", "老人姓名", "联系人1姓名", "联系人1电话", "设备类型", "主题"]
    data = table(*(dict(zip(header, row, strict=True)) for row in [header, *rows]), encoding="utf-8")
    assert isinstance(read(data, language="zh-CN"), Proposal)


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


@st.composite
def filled(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rows as an office fills them in: homes with a resident, a contact, devices in rows of their own."""
    rows = []
    for number in range(draw(st.integers(1, 4))):
        home = {
            "家庭编号": f"h{number}",
            "区划代码": "620702207200",
            "地址": draw(words),
            "主题前缀": f"{number}/",
            "老人姓名": draw(words),
            "老人出生年": str(draw(st.integers(1920, 1960))),
            "老人特殊情况": "、".join(draw(st.lists(st.sampled_from([w[0] for w in NEEDS.values()]), max_size=3))),
            "联系人1姓名": draw(words),
            "联系人1电话": f"138{draw(st.integers(0, 99_999_999)):08}",
            "备注": draw(st.just("") | words),
        }
        for device in range(draw(st.integers(1, 3))):
            one = {
                "设备类型": draw(st.sampled_from([w[0] for w in KINDS.values()])),
                "用途": draw(st.just("") | st.sampled_from([w[0] for w in ROLES.values()])),
                "房间": draw(st.just("") | st.sampled_from([w[0] for w in ROOMS.values()]) | st.just("东屋")),
                "主题": f"zigbee2mqtt/{device}",
                "安装日期": str(draw(st.just("") | st.dates(date(2001, 1, 1), date(2026, 1, 1)))),
            }
            rows.append({**(home if device == 0 else {"家庭编号": f"h{number}"}), **one})
    return rows


@given(filled())
@settings(max_examples=40)
def test_what_is_imported_is_exported_and_imported_again_without_a_change(rows: list[dict[str, str]]) -> None:
    found = read(table(*rows), language="zh-CN")
    registry = taken(found)
    assert read(table(*rows), registry, language="zh-CN").is_empty
    again, faults = read_again(homes_yaml(registry, ZoneInfo("Asia/Shanghai"), "s"), SETTINGS)
    assert faults == []
    assert read(table(*rows), replace(again, version=9), language="zh-CN").is_empty


def test_a_thousand_homes_are_read_in_their_time() -> None:
    """Ten thousand in 60 s, on a machine that does other things too: a tenth here, in processor time."""
    import time

    rows = []
    for number in range(1000):
        home = {**example("zh-CN"), "家庭编号": f"h{number}", "主题前缀": f"{number}/", "地址": f"{number}号"}
        rows += [home, *({"家庭编号": f"h{number}", "设备类型": "门磁", "主题": f"zigbee2mqtt/{n}"} for n in range(3))]
    data = table(*rows)
    began = time.process_time()
    found = read(data, language="zh-CN")
    assert time.process_time() - began < 6
    assert len(found.homes) == 1000
    assert isinstance(found.homes[0], Home)


@pytest.mark.parametrize("kind", list(DeviceKind))
def test_a_device_is_called_the_same_in_a_table_on_the_page_and_in_a_text(kind: DeviceKind) -> None:
    assert KINDS[kind.value][0] == EDITED[kind](Words("zh-CN", ZoneInfo("UTC")))
    if kind in (DeviceKind.VALVE, DeviceKind.OTHER):  # a form and a table say more of them
        return
    assert KINDS[kind.value][0] == CHINESE.devices[kind.value]

"""What is exported says the same when it is read again, whatever people are called."""

import unicodedata
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hub.homes import (
    BUILT_IN_ROOMS,
    Contact,
    Device,
    DeviceKind,
    DeviceRole,
    Home,
    Person,
    Registry,
    Resident,
    Role,
)
from hub.settings import HubSettings, load
from hub.settings.export import homes_yaml, plain, quoted, read_again
from hub.settings.homes_entries import NEEDS, RESERVED_IDS
from hub.settings.registry_json import dump, dump_to_tell, parse
from tests.settings.folder import EXAMPLE, Folder

SHANGHAI = ZoneInfo("Asia/Shanghai")
# What YAML 1.1 or 1.2 takes for something else than the text it looks like.
TRAPS = [
    "no", "yes", "on", "Off", "y", "N", "true", "null", "~", "0123", "0x1F", "1e3", "12:30", "1_000", ".inf",
    "2026-03-01", "2026-03-01 08:00", "- a", "? a", "a: b", "a #b", "#b", "[a]", "{a}", "a, b", "*a", "&a", "!a",
    "|", ">", "%a", "@a", "`a", "'", "\"", "\\", "a\"b", "a'b", "it's", "a\\n", "<<", "=", "+8613800138000", "---",
    "...", "\ufeffa", "a\u200db", "𠮷野", "😀", "e\u0301", "a\u00a0b", "\u3000x\u3000", "王 秀兰", "O'Brien, Mary",
    "100%", "a:b", ":a", "a:",
]  # fmt: skip
SETTINGS: HubSettings = load(EXAMPLE, {}).hub


def allowed(text: str) -> bool:
    """Whether the files may hold such a text."""
    return text == text.strip() != "" and not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


texts = st.one_of(st.sampled_from(TRAPS), st.text(min_size=1, max_size=30)).filter(allowed)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True).filter(lambda id: id not in RESERVED_IDS)
odd_ids = st.one_of(st.sampled_from(["no", "0123", "1e3", "yes", "null", "1.5", "0x1F", "12", "2026-03-01"]), ids)
areas = st.from_regex(r"[0-9]{12}", fullmatch=True)
phones = st.integers(0, 899).map(lambda n: f"+447700900{n:03}")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
spans = st.integers(30 * 60, 14 * 86_400).map(lambda s: timedelta(seconds=s))


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    people = [
        Person(
            id,
            draw(texts),
            draw(phones),
            draw(st.frozensets(st.sampled_from(Role))),
            tuple(draw(st.lists(areas, max_size=2, unique=True))),
            draw(st.sampled_from([None, "en", "zh-CN"])),
        )
        for id in draw(st.lists(odd_ids, min_size=1, max_size=3, unique=True))
    ]
    homes = []
    for number, id in enumerate(draw(st.lists(odd_ids, max_size=3, unique=True))):
        rooms = draw(st.dictionaries(ids, texts.filter(lambda t: len(t) <= 20), max_size=2))
        homes.append(draw_home(draw, number, id, rooms, people))
    return Registry.of(people, homes, areas=draw(st.dictionaries(areas, texts, max_size=2)))


def draw_home(draw: st.DrawFn, number: int, id: str, rooms: dict[str, str], people: list[Person]) -> Home:
    who = st.sampled_from([person.id for person in people])
    contacts = st.builds(Contact, who, st.sampled_from([Role.FAMILY, Role.NEIGHBOUR, Role.RESIDENT]))
    residents = st.builds(
        Resident,
        texts,
        st.none() | st.integers(1900, 2020),
        st.frozensets(st.sampled_from(NEEDS)),
        spans,
        st.none() | phones,
        *[st.none() | texts] * 4,
    )
    places = st.none() | st.sampled_from([*BUILT_IN_ROOMS, *rooms])
    names = draw(st.lists(odd_ids, max_size=3, unique=True))
    devices = tuple(
        Device(
            id,
            name,
            draw(st.sampled_from(DeviceKind)),
            f"zigbee2mqtt/{draw(texts.filter(lambda t: not set(t) & set('+#$/')))} {name}",
            draw(st.none() | st.sampled_from(DeviceRole)),
            draw(places),
            draw(st.none() | texts),
            draw(st.none() | texts),
            draw(st.none() | st.dates(date(2000, 1, 1), date(2030, 12, 31))),
            draw(st.none() | texts),
        )
        for name in names
    )
    return Home(
        id,
        draw(areas),
        draw(texts),
        draw(st.sampled_from(["", f"homes/{number}/"])) if number == 0 else f"no: {number}/",
        draw(st.none() | moments),
        rooms,
        tuple(draw(st.lists(residents, max_size=2))),
        tuple(draw(st.lists(contacts, max_size=2, unique=True))),
        devices,
        draw(st.none() | texts),
    )


@given(registries())
def test_what_is_exported_reads_the_same(registry: Registry) -> None:
    text = homes_yaml(registry, SHANGHAI, "site")
    again, faults = read_again(text, SETTINGS)
    assert [str(fault) for fault in faults] == []
    assert dict(again.people) == dict(registry.people)
    assert dict(again.homes) == dict(registry.homes)
    assert dict(again.areas) == dict(registry.areas)
    assert dump(parse(dump(registry))) == dump(registry)
    assert homes_yaml(again, SHANGHAI, "site") == text
    yaml.safe_load(text)  # and other programs can read it


@pytest.mark.parametrize("text", TRAPS)
def test_no_reader_takes_a_text_for_something_else(text: str) -> None:
    for written in (plain(text), quoted(text)):
        assert yaml.safe_load(f"{{a: {written}, b: [{written}]}}") == {"a": text, "b": [text]}


def test_people_and_numbers_look_as_people_write_them() -> None:
    text = homes_yaml(load(EXAMPLE, {}).registry, SHANGHAI, "anhe")
    assert '  - {id: wang-li, name: 王丽, phone: "+447700900101", roles: [family]}\n' in text
    assert "    address: 上堡村三社12号\n" in text
    assert "      - {id: kitchen-gas, kind: gas, room: kitchen, topic: zigbee2mqtt/kitchen_gas}\n" in text
    assert text.startswith("# People, homes and devices of anhe,")


@given(moments.map(lambda m: m.replace(microsecond=0)), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "UTC"]))
def test_away_until_is_the_same_moment_also_when_clocks_change(moment: datetime, zone: str) -> None:
    text = homes_yaml(Registry.of([], [Home("h", "620702207200", "x", away_until=moment)]), ZoneInfo(zone), "s")
    line = next(line for line in text.splitlines() if "away_until" in line)
    found = datetime.fromisoformat(yaml.safe_load(line)["away_until"])
    assert (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC) == moment


def test_an_hour_that_comes_twice_has_its_offset() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 2:30 for the second time
    home = Home("h", "620702207200", "x", away_until=second)
    assert 'away_until: "2026-10-25 02:30:00+01:00"' in homes_yaml(
        Registry.of([], [home]), ZoneInfo("Europe/Berlin"), "s"
    )


def test_nothing_that_is_known_of_people_and_homes_is_left_out() -> None:
    """A new field needs its place in the export."""
    known = {
        Person: "id name phone roles areas language",
        Home: "id area address prefix away_until rooms residents contacts devices access mode mode_until tester",
        Resident: "name born needs inactivity_after phone mobility doctor notes health",
        Contact: "person role",
        Device: "home id kind topic role room model place installed_on subsidy",
    }
    for kind, names in known.items():
        assert [field.name for field in fields(kind)] == names.split()


def test_the_example_is_exported_as_it_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    before = folder.load()
    folder.write("homes.yaml", homes_yaml(before.registry, before.hub.timezone, before.hub.site))
    assert folder.load().registry == before.registry


@pytest.mark.promise("P10")
def test_the_image_for_a_sick_store_holds_nothing_of_what_residents_live_with() -> None:
    private = Resident("王秀兰", 1938, mobility="助行器", doctor="马医生", notes="有狗", health="高血压")
    home = Home("ah-001", "620702207200", "x", residents=(private,))
    image = dump_to_tell(Registry.of([], [home]))
    assert not [word for word in ("助行器", "马医生", "有狗", "高血压") if word in str(image)]
    assert parse(image).homes["ah-001"].residents == (Resident("王秀兰", 1938),)
    assert "高血压" in str(dump(Registry.of([], [home]))), "what is exported holds it all"

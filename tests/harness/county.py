"""A small county for tests of pages: two townships, four villages, twelve homes, their staff, and one night.

At 03:14:26 one emergency waits, one is taken, warnings and notices are open; all names and numbers are made up.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from devices.reading import Kind, Reading, State
from hub.accounts import EVERYWHERE, Account, AccountRole, SignIn
from hub.alerts import events as ev
from hub.alerts.alert import Outcome
from hub.engine import testing
from hub.engine.accounts import digest
from hub.engine.work import Work
from hub.ports import Lane
from hub.walktest import WalkKind
from tests.harness.clock import START
from tests.harness.world import StoryHome, World

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
COUNTY, LIUGOU, DONGWAN = "620702000000", "620702207000", "620702105000"
SHANGBAO, BEITAN, LIUGOU_VILLAGE, DONGWAN_VILLAGE = "620702207200", "620702207201", "620702207202", "620702105200"
AREAS = {
    COUNTY: "安河县",
    LIUGOU: "柳沟乡",
    DONGWAN: "东湾镇",
    SHANGBAO: "上堡村",
    BEITAN: "北滩村",
    LIUGOU_VILLAGE: "柳沟村",
    DONGWAN_VILLAGE: "东湾村",
}
# 03:00:08 in the county; eleven minutes and a half later Wang Xiulan presses, and after 2 min 18 s it is 03:14:26.
BEGINS = START - 11 * MINUTE - 52 * SECOND
DESK, SIGNATURE = "0936-0000000", "安河县民政局"

# id, name, role, areas
STAFF = (
    ("li-qiang", "李强", "staff", (LIUGOU,)),
    ("zhang-haiyan", "张海燕", "staff", (BEITAN,)),
    ("sun-zhiqiang", "孙志强", "staff", (DONGWAN,)),
    ("zhou-min", "周敏", "staff", (COUNTY,)),
    ("zhao-jianguo", "赵建国", "supervisor", (COUNTY,)),
)
# id, resident, born, village, address, family (id, name), more of the home, more of the resident
HOMES: tuple[tuple[str, str, int, str, str, tuple[str, str] | None, dict[str, Any], dict[str, Any]], ...] = (
    ("ah-001", "王秀兰", 1938, SHANGBAO, "三社12号", ("wang-li", "王丽"), {"access": "钥匙在三社11号赵婶家"},
     {"needs": ["advanced_age", "deaf"], "mobility": "用助行器，走得慢", "doctor": "柳沟卫生院 马医生",
      "notes": "大门朝东，院里有狗，拴着", "health": "高血压，两年前换过髋关节"}),
    ("ah-002", "马德福", 1947, BEITAN, "一社7号", ("ma-jianjun", "马建军"), {}, {"needs": ["lives_with"]}),
    ("ah-003", "贺兰英", 1944, DONGWAN_VILLAGE, "五社3号", ("he-chunmei", "贺春梅"), {}, {"needs": ["no_speech"]}),
    ("ah-004", "田玉芬", 1950, DONGWAN_VILLAGE, "二社18号", ("feng-qian", "冯倩"), {}, {}),
    ("ah-005", "周德海", 1942, LIUGOU_VILLAGE, "四社2号", None, {}, {"needs": ["severe_disability"]}),
    ("ah-006", "罗桂香", 1940, SHANGBAO, "一社9号", ("luo-wei", "罗伟"), {}, {}),
    ("ah-007", "冯玉梅", 1945, SHANGBAO, "二社4号", ("feng-lei", "冯磊"), {}, {}),
    ("ah-008", "白存义", 1939, BEITAN, "三社1号", ("bai-jun", "白军"), {}, {}),
    ("ah-009", "杨玉珍", 1936, LIUGOU_VILLAGE, "一社5号", ("yang-ping", "杨平"), {}, {"needs": ["incapacitated"]}),
    ("ah-010", "陈桂芳", 1941, LIUGOU_VILLAGE, "一社6号", ("chen-hong", "陈红"), {}, {}),
    ("ah-011", "吴振山", 1948, BEITAN, "二社10号", None, {}, {}),
    ("ah-012", "赵存良", 1946, DONGWAN_VILLAGE, "三社7号", ("zhao-yan", "赵燕"), {}, {}),
)  # fmt: skip
DEVICES: tuple[Mapping[str, Any], ...] = (
    {"id": "bed-sos", "kind": "button", "role": "sos", "room": "bedroom", "topic": "zigbee2mqtt/bed_sos",
     "model": "TS0215A", "place": "床头", "installed_on": "2025-10-12", "subsidy": "AH-2025-0117"},
    {"id": "kitchen-gas", "kind": "gas", "room": "kitchen", "topic": "zigbee2mqtt/kitchen_gas"},
    {"id": "hall-motion", "kind": "motion", "room": "hall", "topic": "zigbee2mqtt/hall_motion"},
    {"id": "bed-motion", "kind": "motion", "room": "bedroom", "topic": "zigbee2mqtt/bed_motion"},
    {"id": "kitchen-motion", "kind": "motion", "room": "kitchen", "topic": "zigbee2mqtt/kitchen_motion"},
    {"id": "bath-leak", "kind": "leak", "room": "bathroom", "topic": "zigbee2mqtt/bath_leak"},
    {"id": "front-door", "kind": "contact", "role": "entrance", "room": "hall", "topic": "zigbee2mqtt/front_door"},
)  # fmt: skip
# Who signs in: by role, the person they are, their areas.
WHO: Mapping[AccountRole, tuple[str | None, tuple[str, ...]]] = {
    AccountRole.INSTALLER: (None, (LIUGOU,)),
    AccountRole.VILLAGE: ("zhang-haiyan", (BEITAN,)),
    AccountRole.TOWNSHIP: ("li-qiang", (LIUGOU,)),
    AccountRole.COUNTY: ("zhou-min", (COUNTY,)),
    AccountRole.ADMINISTRATOR: (None, (EVERYWHERE,)),
}


# Where Wang Xiulan was in each hour from 06:00 until 03:00: she gets up, cooks, rests, goes to bed at nine. Each stay
# is told by its sensor as often as she moves.
_BED, _HALL, _KITCHEN, _DOOR = "bed-motion", "hall-motion", "kitchen-motion", "front-door"
_DAY: Sequence[Sequence[str]] = (
    (_BED, _BED, _HALL), (_KITCHEN, _KITCHEN, _KITCHEN, _HALL), (_HALL, _DOOR), (_HALL, _DOOR), (_HALL, _HALL),
    (_KITCHEN, _KITCHEN, _HALL, _KITCHEN), (_HALL,), (_BED,), (_BED, _HALL), (_HALL, _HALL, _DOOR), (_HALL, _DOOR),
    (_KITCHEN, _KITCHEN, _HALL), (_HALL, _HALL), (_HALL, _HALL), (_BED, _HALL), (_BED,), (), (), (_BED,), (), (),
)  # fmt: skip

# The same county for English readers.
ENGLISH: Mapping[str, str] = {
    "安河县民政局": "Anhe County",
    "安河县": "Anhe County",
    "柳沟乡": "Liugou",
    "东湾镇": "Dongwan",
    "上堡村": "Shangbao",
    "北滩村": "Beitan",
    "柳沟村": "Liugou Village",
    "东湾村": "Dongwan Village",
    "李强": "Li Qiang",
    "张海燕": "Zhang Haiyan",
    "孙志强": "Sun Zhiqiang",
    "周敏": "Zhou Min",
    "赵建国": "Zhao Jianguo",
    "王秀兰": "Wang Xiulan",
    "王丽": "Wang Li",
    "马德福": "Ma Defu",
    "马建军": "Ma Jianjun",
    "贺兰英": "He Lanying",
    "贺春梅": "He Chunmei",
    "田玉芬": "Tian Yufen",
    "冯倩": "Feng Qian",
    "周德海": "Zhou Dehai",
    "罗桂香": "Luo Guixiang",
    "罗伟": "Luo Wei",
    "冯玉梅": "Feng Yumei",
    "冯磊": "Feng Lei",
    "白存义": "Bai Cunyi",
    "白军": "Bai Jun",
    "杨玉珍": "Yang Yuzhen",
    "杨平": "Yang Ping",
    "陈桂芳": "Chen Guifang",
    "陈红": "Chen Hong",
    "吴振山": "Wu Zhenshan",
    "赵存良": "Zhao Cunliang",
    "赵燕": "Zhao Yan",
    "钥匙在三社11号赵婶家": "Key with neighbour Zhao, 3-11",
    "用助行器，走得慢": "Walking frame, slow",
    "柳沟卫生院 马医生": "Dr Ma, Liugou clinic",
    "大门朝东，院里有狗，拴着": "Gate on the east; a dog in the yard, tied",
    "高血压，两年前换过髋关节": "High blood pressure; new hip two years ago",
    "床头": "by the bed",
    "误按，电话确认": "pressed by mistake, asked by phone",
}

_SIGNS_IN_AS: Mapping[AccountRole, str] = {
    AccountRole.INSTALLER: "安装员",
    AccountRole.VILLAGE: "张海燕",
    AccountRole.TOWNSHIP: "李强",
    AccountRole.COUNTY: "周敏",
    AccountRole.ADMINISTRATOR: "管理员",
}


@dataclass
class County:
    """The county while it runs: the whole hub on a clock that only the test moves."""

    world: World
    test_id: str = ""  # a test of home 8, ended and not signed yet

    @classmethod
    async def started(cls, folder: Path, *, story: bool = True, language: str = "zh-CN", day: bool = False) -> "County":
        """Start it, with accounts for every role; `story`: as the night has gone until 03:14:26.

        `day`: what Wang Xiulan's sensors said the day before is kept as well.
        """
        county = cls(World(folder, language=language, begins=BEGINS))
        county._settle_people()
        await county.world.start()
        await county._sign_everybody_in()
        if story:
            await county._night()
        if day:
            await county._day()
        return county

    @property
    def url(self) -> str:
        """Where the hub's pages are."""
        assert self.world.hub is not None
        return f"http://127.0.0.1:{self.world.hub.server.port}"

    def home(self, number: int) -> StoryHome:
        """Return a home by its number."""
        return self.world.story_homes[f"ah-{number:03d}"]

    def cookie(self, role: AccountRole) -> str:
        """Return the cookie of somebody with this role; they are signed in."""
        return f"test-{role.value}-" + "c" * 32

    async def close(self) -> None:
        """End everything."""
        await self.world.close()

    def _settle_people(self) -> None:
        world, say = self.world, self._say
        world.areas = {code: say(name) for code, name in AREAS.items()}
        sms = {"type": "twilio_sms", "from": "+15005550006", "links": "never", "signature": say(SIGNATURE)}
        world.settings = {"desk": DESK, "channels": {"sms": sms}}
        for id, name, role, areas in STAFF:
            world.person(id, say(name), role, areas=areas)
        for id, who, born, village, address, family, home, resident in HOMES:
            if family:
                world.person(family[0], say(family[1]), "family")
            world.home(say(who), id, family=[family[0]] if family else (), prefix=f"homes/{id}/")
            devices = [{key: say(value) for key, value in device.items()} for device in DEVICES]
            world.homes[id] |= {"area": village, "address": self._address(village, address), "devices": devices}
            world.homes[id] |= {key: say(value) for key, value in home.items()}
            more = {key: say(value) if isinstance(value, str) else value for key, value in resident.items()}
            world.homes[id]["residents"] = [{"name": say(who), "born": born, **more}]

    def _say(self, text: str) -> str:
        return text if self.world.language == "zh-CN" else ENGLISH.get(text, text)

    def _address(self, village: str, address: str) -> str:
        if self.world.language == "zh-CN":
            return AREAS[village] + address
        group, number = address.rstrip("号").split("社")
        return f"{ENGLISH[AREAS[village]]} {'一二三四五'.index(group) + 1}-{number}"

    async def _sign_everybody_in(self) -> None:
        def enter(work: Work) -> None:
            for role, (person, areas) in WHO.items():
                name = role.value if self.world.language == "en" else _SIGNS_IN_AS[role]
                account = Account(role.value, name, frozenset({role}), areas, person, created_at=work.now)
                work.transaction.save_account(account)
                work.transaction.save_sign_in(SignIn(digest(self.cookie(role)), account.id, work.now, work.now))

        assert self.world.hub is not None
        await self.world.hub.engine.write(Lane.DUTY, enter)

    async def _day(self) -> None:
        """Keep the hours before: where Wang Xiulan moved, how often, and when last in each room."""
        home, said = self.home(1), list[tuple[str, str, Reading, datetime]]()
        for number, hour in enumerate(_DAY):
            for place, device in enumerate(hour):
                starts = BEGINS - HOUR * (len(_DAY) - number - place / len(hour))
                kind, moves = (Kind.CONTACT, 1) if device == _DOOR else (Kind.MOTION, 7 + (5 * number + 3 * place) % 13)
                every = HOUR / len(hour) / moves
                told = Reading(f"zigbee2mqtt/{device.replace('-', '_')}", device, kind, State.ACTIVE)
                said += [(home.id, device, told, starts + move * every) for move in range(moves)]
        last = {device: at for _, device, _, at in said}

        def keep(work: Work) -> None:
            work.transaction.add_readings(said)
            states = work.transaction.device_states((home.id, device) for device in last)
            quiet = [each for each in states if each.kind == Kind.MOTION and each.life_at is None]
            work.transaction.save_device_states([replace(each, life_at=last[each.device_id]) for each in quiet])

        assert self.world.hub is not None
        await self.world.hub.engine.write(Lane.DUTY, keep)

    async def _night(self) -> None:
        """Tell the night: a mistake that is resolved, a leak, a low battery, gas that somebody goes to, then a call."""
        forward = self.world.forward
        for number in range(1, len(HOMES) + 1):
            if number != 11:  # nothing was ever heard of one home
                await self._speaks(self.home(number))
        await self.world.published()
        await self._tests(8)
        await self.home(7).press_sos()
        await forward(MINUTE)
        await self._does(7, ev.Acknowledge("li-qiang", "console"))
        await forward(MINUTE)
        await self._does(7, ev.Resolve("li-qiang", Outcome.FALSE, note=self._say("误按，电话确认")))
        await self.home(4).says("bath_leak", {"water_leak": True, "battery": 77, "linkquality": 61})
        await self.home(5).says("bed_sos", {"battery": 8, "battery_low": True, "linkquality": 40})
        await forward(MINUTE)
        await self._does(4, ev.Acknowledge("feng-qian", "sms"))
        await self.home(2).gas(active=True)
        await forward(2 * MINUTE)
        await self._does(2, ev.Acknowledge("zhang-haiyan", "sms"))
        await self.home(2).gas(active=False)
        await self.home(3).says("bath_leak", {"water_leak": True, "battery": 64})
        await forward(7 * MINUTE)
        await self.home(1).press_sos()
        await forward(10 * SECOND)
        await self.home(1).press_sos()  # so soon that it only counts
        await forward(128 * SECOND)

    async def _speaks(self, home: StoryHome) -> None:
        """Let each device of a home say what it says on a quiet evening."""
        says: Sequence[tuple[str, dict[str, Any]]] = (
            ("bed_sos", {"action": "", "battery": 87, "linkquality": 98}),
            ("kitchen_gas", {"gas": False, "battery": 90, "linkquality": 120}),
            ("hall_motion", {"occupancy": True, "battery": 71, "linkquality": 88}),
            ("hall_motion", {"occupancy": False, "battery": 71, "linkquality": 88}),
            ("bed_motion", {"occupancy": False, "battery": 66, "linkquality": 90}),
            ("kitchen_motion", {"occupancy": False, "battery": 68, "linkquality": 79}),
            ("bath_leak", {"water_leak": False, "battery": 77, "linkquality": 61}),
            ("front_door", {"contact": True, "battery": 93, "linkquality": 70}),
        )
        for device, payload in says:
            topic = f"{home.prefix}zigbee2mqtt/{device}"
            await self.world.publish(topic, json.dumps(payload), settle=False)

    async def _tests(self, number: int) -> None:
        """Test a home: the button is pressed and confirmed, the gas detector never tried."""
        hub = self.world.hub
        assert hub is not None
        home = self.home(number)
        test = await hub.engine.write(
            Lane.DUTY,
            lambda work: testing.start(work, home.id, WalkKind.HOME, HOUR, "zhang-haiyan", "zhang-haiyan"),
        )
        await hub.engine.load()  # as a running hub does within half a second
        await self._speaks(home)
        await home.press_sos()
        await hub.engine.write(Lane.DUTY, lambda work: testing.confirm(work, test.id, "zhang-haiyan"))
        await hub.engine.write(Lane.DUTY, lambda work: testing.finish(work, test.id, "zhang-haiyan"))
        await hub.engine.load()
        self.test_id = test.id

    async def _does(self, number: int, event: ev.Event) -> None:
        alert = next(a for a in await self.home(number).alerts(everything=True) if a.stage != "resolved")
        await self.world.command(alert, event)

"""The words people get: as they are written, within their length, whatever the names are."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.alerts.alert import Outcome
from hub.alerts.catalogue import Catalogue
from hub.alerts.catalogue.en import ENGLISH
from hub.alerts.catalogue.zh_cn import CHINESE
from hub.alerts.limits import is_gsm, segments, septets, units
from hub.alerts.wording import CALLS, KEYS, render
from hub.homes import DeviceKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 19, 20, tzinfo=UTC)  # 03:20 on the 25th
SIGNATURE, DESK = "安河县民政局", "0936-0000000"
LINK = "https://care.example.org/a/0123456789abcdef01"
AT, ETA = "2026-11-24T19:12:00+00:00", "2026-11-24T19:34:00+00:00"

# The longest usual values; what `usual_texts.tsv` was written with.
_BOTH: dict[str, str | int] = {
    "code": "K7", "code2": "B6", "ref": "M8", "pin": "123456", "number": "+447700900103", "link": LINK,
    "n": 12, "h": 26, "h2": 9, "pct": 9, "type": "CR2032", "channel": "sms", "error": "20003",
    "at": AT, "eta": ETA, "end": ETA, "from": "2026-11-24T18:50:00+00:00", "to": AT,
    "room": "bathroom", "device_kind": "button", "what": "sos", "outcome": "false",
}  # fmt: skip
_USUAL: dict[str, dict[str, str | int]] = {
    "zh-CN": _BOTH | {
        "who": "欧阳秀兰", "addr": "上堡村十三社112号", "by": "司马海燕", "next": "司马海燕", "who2": "司马海燕",
        "area": "上堡村", "list": "欧阳秀兰、欧阳秀英、欧阳秀梅", "note": "洗澡时碰到按钮了",
    },
    "en": _BOTH | {
        "who": "Abdurahman Yusup", "addr": "Shangbao Village 13-112", "by": "Liu Guangliang",
        "next": "Abdullah Memetov", "who2": "Li Guangliang", "area": "Shangbao Village",
        "list": "Wang Xiulan, Li Na, Ma Long", "note": "误按",
    },
}  # fmt: skip
_OTHERWISE: dict[str, dict[str, str | int]] = {
    "sos.late": {"mins": 45},
    "sos.late.most": {"mins": 190, "late_max": 1},
    "nobody": {"mins": 45},
    "inactivity": {"h": 14},
    "mains": {"h": 12},
    "area": {"n": 120},
    "unproven": {"n": 30, "what": "unproven"},
    "unheard": {"n": 3, "what": "unheard", "list": "bed-sos、bath-sos、kitchen-gas"},
    "unheard.homes": {"n": 12, "what": "unheard.homes"},
    "tamper": {"what": "tamper"},
    "fault": {"what": "fault", "device_kind": "smoke", "room": "kitchen"},
    "recovered": {"what": "silent"},
    "answer.which_one": {"n": 10},
    "empty_step": {"n": 2},
    "again.hazard": {"what": "gas", "device_kind": "gas", "room": "kitchen"},
    "still_active": {"what": "gas"},
    "answer.resolved_active": {"what": "gas"},
    "unknown": {"dev": "0x00158d0001ab", "what": "unknown"},
    "qos0": {"dev": "bed-sos", "what": "qos0", "device_kind": ""},
    "sick.reply": {"note": "4点到"},
    "answer.note": {"note": "4点到"},
}
_ROWS = [row.split("\t") for row in (Path(__file__).parent / "usual_texts.tsv").read_text("utf-8").splitlines()[1:]]


def usual(key: str, language: str = "zh-CN", **others: str | int) -> dict[str, str | int]:
    facts = _USUAL[language] | _OTHERWISE.get(key, {})
    if key == "raised" and language == "en":
        facts |= {"device_kind": "", "what": "", "dev": "bathroom button"}
    return facts | others


def text(
    key: str,
    facts: Mapping[str, str | int],
    language: str = "zh-CN",
    *,
    replies: bool = True,
    signature: str | None = SIGNATURE,
    desk: str | None = DESK,
    round: int = 1,
    now: datetime | None = NOW,
) -> str:
    return render(
        key,
        facts,
        language=language,
        timezone=SHANGHAI,
        replies=replies,
        signature=signature,
        desk=desk,
        round=round,
        now=now,
    )


# --- every text as it is written --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "language", "answers", "length", "written"), _ROWS, ids=[" ".join(r[:3]) for r in _ROWS]
)
def test_usual_text(key: str, language: str, answers: str, length: str, written: str) -> None:
    for replies in {"reply": [True], "one way": [False], "both": [True, False]}[answers]:
        assert text(key, usual(key, language), language, replies=replies) == written
    assert units(written) == int(length)


def test_every_text_is_shown_in_both_languages_and_ways() -> None:
    shown = {(key, language, how) for key, language, answers, *_ in _ROWS for how in
             (["reply", "one way"] if answers == "both" else [answers])}  # fmt: skip
    keys = {key for key in KEYS if not key.endswith(".link")} | {"sos.link"}
    assert shown == {(key, language, how) for key in keys for language in _USUAL for how in ("reply", "one way")}


def test_both_catalogues_are_complete() -> None:
    assert set(CHINESE.texts) == set(ENGLISH.texts)
    assert set(CHINESE.texts) >= CALLS
    for name in ("what", "outcomes", "rooms", "devices", "remarks"):
        assert set(getattr(CHINESE, name)) == set(getattr(ENGLISH, name)), name
        assert all(getattr(CHINESE, name).values()), name
    assert set(CHINESE.outcomes) == {outcome.value for outcome in Outcome}
    assert set(CHINESE.devices) == {kind.value for kind in DeviceKind}
    assert set(CHINESE.rooms) == {
        "bedroom", "kitchen", "hall", "bathroom", "toilet", "living", "dining", "study", "balcony", "stairs", "yard",
        "corridor",
    }  # fmt: skip


def _templates(catalogue: Catalogue) -> list[str]:
    phrases = [getattr(catalogue.phrases, name) for name in catalogue.phrases.__slots__ if name != "signed"]
    return [part for t in catalogue.texts.values() for part in (t.head, t.head + t.reply, t.head + t.one_way)] + phrases


@pytest.mark.requirement("29")
@pytest.mark.parametrize("catalogue", [CHINESE, ENGLISH], ids=["zh-CN", "en"])
def test_templates_pass_what_carriers_check(catalogue: Catalogue) -> None:
    for template in _templates(catalogue):
        assert not re.search(r"[【】（）()<>]|https?:|www\.|医疗|养老|点击|免费|退订|老人|患者", template), template
        assert not re.search(r"1[3-9]\d{9}", template), template
        if template != catalogue.phrases.device_in:
            assert not re.search(r"\}[\[\]]*\{", template), f"two variables side by side: {template}"
        assert template.count("[") == template.count("]")
        assert "报警" not in re.sub(r"(燃气|烟雾|一氧化碳|漏水|摔倒|也|仍在|还在)报警|报警(主机|器)", "", template), (
            template
        )
        if catalogue is ENGLISH:
            assert is_gsm(re.sub(r"[\[\]{}]", "", template)), template


@pytest.mark.parametrize("catalogue", [CHINESE, ENGLISH], ids=["zh-CN", "en"])
def test_templates_use_only_names_that_are_filled(catalogue: Catalogue) -> None:
    known = {
        "who", "addr", "room", "at", "code", "by", "eta", "n", "what", "dev", "outcome", "next", "end", "h", "h2",
        "pct", "type", "list", "area", "desk", "link", "note", "code2", "who2", "pin", "ref", "tail", "channel",
        "error", "from", "to", "late", "span", "home", "site",
    }  # fmt: skip
    for key, template in catalogue.texts.items():
        whole = template.head + template.reply + template.one_way
        assert {name.lower() for name in re.findall(r"\{(\w+)\}", whole)} <= known, key


# --- lengths ----------------------------------------------------------------------------------------------------

_HOSTILE = "\n\r\t\0\u202e\u2066\u200b\ufeff【】[]{}%\\\"'<>1王é€𠮷😀\u0301\u2028\ue000"
_WORD = (
    st.text(alphabet="欧阳秀兰热合曼·上堡村十三社112号甘州区柳沟乡", max_size=60)
    | st.text(alphabet="Abdurahman Yusup-'", max_size=60)
    | st.text(alphabet=_HOSTILE, max_size=80)
    | st.text(max_size=30)
    | st.just("长" * 4096)
    | st.just("x" * 4096)
)
_INSTANT = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | st.sampled_from([AT, "", "yesterday"])
_NUMBER = st.integers(-5, 10**12) | st.integers(0, 100)
_FACTS = st.fixed_dictionaries(
    {"code": st.sampled_from(["K7", "A5B9"])},
    optional={
        **dict.fromkeys(
            ["who", "addr", "room_name", "by", "next", "who2", "dev", "list", "area", "note", "type", "channel"], _WORD
        ),
        **dict.fromkeys(["at", "eta", "end", "from", "to"], _INSTANT),
        **dict.fromkeys(["mins", "n", "h", "h2", "pct"], _NUMBER),
        "late_max": st.integers(0, 1),
        "room": st.sampled_from([*CHINESE.rooms, "east-room", ""]) | _WORD,
        "what": st.sampled_from([*CHINESE.what, "nonsense"]),
        "device_kind": st.sampled_from([*CHINESE.devices, "nonsense"]),
        "outcome": st.sampled_from([*CHINESE.outcomes, "nonsense"]),
        "error": _WORD,
        "number": _WORD,
        "ref": _WORD,
        "code2": _WORD,
        "pin": _WORD,
        "site": _WORD,
    },
)
_PLAIN_KEYS = st.sampled_from(sorted(key for key in KEYS if not key.endswith(".link")))


@pytest.mark.requirement("28")
@settings(max_examples=600)
@given(
    _PLAIN_KEYS,
    _FACTS,
    st.booleans(),
    st.integers(1, 2000),
    st.none() | _WORD | st.just(SIGNATURE),
    st.none() | st.just(DESK),
)
def test_a_chinese_text_is_one_part_whatever_it_must_say(
    key: str, facts: dict[str, str | int], replies: bool, round: int, signature: str | None, desk: str | None
) -> None:
    said = text(key, facts, replies=replies, round=round, signature=signature, desk=desk)
    assert segments(said) == 1, (units(said), said)
    _is_clean(said)
    _says_how_to_answer(key, facts, said, replies, desk)


@pytest.mark.requirement("28")
@settings(max_examples=400)
@given(_PLAIN_KEYS, _FACTS, st.booleans(), st.integers(1, 2000), st.none() | st.just(DESK))
def test_an_english_text_is_one_gsm_part_or_two_with_names_that_gsm_cannot_spell(
    key: str, facts: dict[str, str | int], replies: bool, round: int, desk: str | None
) -> None:
    said = text(key, facts, "en", replies=replies, round=round, desk=desk)
    assert said.startswith("Carehub: ")
    assert segments(said) == 1 if is_gsm(said) else units(said) <= 134
    _is_clean(said)
    _says_how_to_answer(key, facts, said, replies, desk)


def _is_clean(said: str) -> None:
    assert said == said.strip()
    assert said.isprintable(), said
    assert said.count("【") == said.count("】") <= 1
    assert said.find("【") <= 0


def _says_how_to_answer(key: str, facts: Mapping[str, str | int], said: str, replies: bool, desk: str | None) -> None:
    """The code and how to answer, or the desk, are in the text whenever its template has them."""
    words = ENGLISH if said.startswith("Carehub: ") else CHINESE
    if key == "sick":
        assert said.endswith(words.phrases.sick.strip())
        return
    if key in {"sos", "sos.late", "again"}:
        return  # these have further forms, each with a key of its own
    ending = words.texts[key].reply if replies else words.texts[key].one_way
    if "{code}" in ending:
        assert str(facts["code"]) in said
    for digit in re.findall(r"回复?(\d)|Reply (\d)", ending):
        assert "".join(digit) in said
    if "{desk}" in ending and desk:
        assert desk in said


@pytest.mark.requirement("28")
@given(
    st.sampled_from(sorted(key for key in CHINESE.texts if "{who}" in CHINESE.texts[key].head)),
    st.text(alphabet="欧阳秀兰买合木提·", min_size=1, max_size=20).filter(lambda name: name == name.strip()),
    _FACTS,
    st.booleans(),
    st.integers(1, 12),
)
def test_a_name_of_twenty_characters_is_never_cut(
    key: str, who: str, facts: dict[str, str | int], replies: bool, round: int
) -> None:
    facts = {name: value for name, value in facts.items() if name not in {"mins", "late_max"}} | {"who": who}
    assert who in text(key, facts, replies=replies, round=round)


@pytest.mark.requirement("28")
@pytest.mark.parametrize("key", sorted(key for key in KEYS if not key.endswith(".link")))
@pytest.mark.parametrize("replies", [True, False])
def test_the_worst_of_everything_fits(key: str, replies: bool) -> None:
    long, far, many = "长" * 400, "2026-11-01T19:12:00Z", 10**9
    names = [
        "who",
        "addr",
        "room_name",
        "by",
        "next",
        "who2",
        "list",
        "area",
        "note",
        "type",
        "channel",
        "error",
        "ref",
    ]
    facts: dict[str, str | int] = dict.fromkeys([*names, "dev", "code2", "pin"], long)
    facts |= dict.fromkeys(["at", "eta", "end", "from", "to"], far) | dict.fromkeys(["n", "h", "h2", "pct"], many)
    facts |= {"code": "A5B9", "room": "x", "number": "+447700900103", "late_max": 1}
    for what in ("sos", "co", "unknown"):
        for others in ({}, {"mins": 60 * 99 + 59}, {"addr": ""}, {"device_kind": "co"}):
            said = text(
                key,
                facts | {"what": what} | others,
                replies=replies,
                round=1000,
                signature="署" * 12,
                desk="+86 0936-0000000",
            )
            assert segments(said) == 1, (units(said), said)
            _says_how_to_answer(key, facts, said, replies, "0936-0000000")


def test_with_a_long_name_the_address_goes_first_then_the_room() -> None:
    def sos(who: str, addr: str = "甘州区柳沟乡上堡村十三社112号") -> str:
        return text("sos", usual("sos", who=who, addr=addr, code="A5B9")).removeprefix("【安河县民政局】")

    how = "。能去请回复1，去不了回复2。编号A5B9"
    assert sos("王秀兰") == "王秀兰于03:12在卫生间按了紧急呼叫，甘州区柳沟乡上堡村十三社112号" + how
    assert sos("名" * 9) == "名" * 9 + "于03:12在卫生间按了紧急呼叫，柳沟乡上堡村十三社112号" + how
    assert sos("名" * 12) == "名" * 12 + "于03:12在卫生间按了紧急呼叫，上堡村十三社112号" + how
    assert sos("名" * 15) == "名" * 15 + "于03:12在卫生间按了紧急呼叫，十三社112号" + how
    assert sos("名" * 18) == "名" * 18 + "于03:12在卫生间按了紧急呼叫，…112号" + how
    assert sos("名" * 20) == "名" * 20 + "于03:12按了紧急呼叫，十三社112号" + how
    assert sos("名" * 28) == "名" * 28 + "于03:12按了紧急呼叫" + how
    assert sos("名" * 60) == "名" * 19 + "…于03:12按了紧急呼叫，十三社112号" + how


def test_an_english_address_loses_its_region_first() -> None:
    said = text(
        "sos", usual("sos", "en", addr="Shangbao Village 13-112, Liugou Township, Ganzhou District, Zhangye"), "en"
    )
    assert "Shangbao Village 13-112. Reply 1" in said
    assert septets(said) == 147


def test_an_english_text_with_a_chinese_name_is_at_most_two_parts() -> None:
    said = text("sos", usual("sos", "en", who="王秀兰", addr="上堡村三社12号"), "en")
    assert said == (
        "Carehub: EMERGENCY: 王秀兰 pressed the call button, bathroom, 03:12. 上堡村三社12号."
        " Reply 1 to take it, 2 if you cannot. Ref K7"
    )
    assert segments(said) == 2


def test_accents_do_not_double_the_price_of_an_english_text() -> None:
    said = text("arrived", {"by": "Zhāng Hǎiyàn", "who": "Wáng Xiùlán", "at": AT}, "en")
    assert said == "Carehub: Zhang Haiyàn reached Wang Xiùlan at 03:12. We tell you how it ends."
    assert segments(said) == 1


# --- links ------------------------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.sampled_from(sorted(CALLS)), _FACTS, st.sampled_from(["zh-CN", "en"]))
def test_the_first_part_of_a_text_with_a_link_says_all_the_rest(
    key: str, facts: dict[str, str | int], language: str
) -> None:
    said = text(f"{key}.link", facts | {"link": LINK}, language)
    assert said.endswith(LINK)
    before = said.removesuffix(LINK).removesuffix("查看和接手：").removesuffix(" See who has it, take it: ")
    if language == "zh-CN":
        assert (units(before) <= 67, segments(said) <= 2) == (True, True)
    elif (length := septets(said)) is not None:
        assert len(before) <= 153
        assert length <= 306
    else:  # a name that GSM cannot spell: English needs two parts for the words alone
        assert units(before) <= 134
        assert segments(said) <= 3


# --- what the facts mean ----------------------------------------------------------------------------------------


def test_from_the_second_round_on_a_call_says_so() -> None:
    assert text("sos", usual("sos"), round=2).startswith("【安河县民政局】第2遍，欧阳秀兰于03:12")
    assert text("sos", usual("sos", "en"), "en", round=3).startswith("Carehub: Call 3: EMERGENCY: ")
    assert text("sick", usual("sick"), round=2).startswith("【安河县民政局】第2遍，")
    assert text("taken", usual("taken"), round=2) == text("taken", usual("taken"))
    assert text("answer.take", usual("answer.take"), round=2) == text("answer.take", usual("answer.take"))


def test_repeated_calls_differ() -> None:
    for key in CALLS:
        for language in _USUAL:
            said = {text(key, usual(key, language), language, round=round) for round in range(1, 8)}
            assert len(said) == 7


def test_a_press_that_waited_says_how_long() -> None:
    facts = usual("sos", mins=45)
    assert "在03:12按过紧急呼叫，因断线晚到45分钟" in text("sos", facts)
    assert text("sos", facts) == text("sos.late", facts)
    assert "因断线晚到3小时10分" in text("sos", usual("sos", mins=190))
    assert "因断线最多晚到3小时10分" in text("sos", usual("sos", mins=190, late_max=1))
    assert "LATE by up to 3 h 10: " in text("sos.late", usual("sos", "en", mins=190, late_max=1), "en")
    assert "因断线晚到60分钟" in text("sos", usual("sos", mins=60))
    assert "因断线晚到2小时，" in text("sos", usual("sos", mins=120))
    assert "因断线晚到5天" in text("sos", usual("sos", mins=60 * 24 * 5))


def test_a_hazard_that_waited_says_how_long() -> None:
    assert "燃气报警，晚到12分钟" in text("gas", usual("gas", mins=12))
    assert "GAS ALARM: Abdurahman Yusup, bathroom, 03:12, late by up to 2 h." in text(
        "gas", usual("gas", "en", mins=120, late_max=1), "en"
    )


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (AT, "于03:12在"),
        ("2026-11-25T03:12:00+08:00", "于03:12在"),
        ("2026-11-24T19:12:00Z", "于03:12在"),
        ("2026-11-24T15:59:00Z", "于11-24 23:59在"),
        ("2025-01-05T15:59:00Z", "于2025-01-05在"),
        ("", "兰在"),
        ("soon", "兰在"),
    ],
)
def test_a_time_has_its_date_when_it_is_not_today(at: str, shown: str) -> None:
    assert shown in text("sos", usual("sos", at=at, addr=""))


def test_a_time_without_a_present_has_no_date() -> None:
    assert "于23:59在" in text("sos", usual("sos", at="2026-11-24T15:59:00Z"), now=None)


def test_rooms_are_said_in_the_readers_language() -> None:
    assert "在卧室按了" in text("sos", usual("sos", room="bedroom"))
    assert ", bedroom, " in text("sos", usual("sos", "en", room="bedroom"), "en")
    assert "在东屋按了" in text("sos", usual("sos", room="east-room", room_name="东屋"))
    assert "于03:12按了紧急呼叫" in text("sos", usual("sos", room=""))


def test_a_device_is_called_by_room_and_kind_else_as_it_is_named() -> None:
    assert "家厨房燃气报警器已26小时" in text("silent", usual("silent", room="kitchen", device_kind="gas", dev="g1"))
    assert "家g1已26小时" in text("silent", usual("silent", device_kind="", what="silent", dev="g1"))
    raised = text("raised", usual("again", "en", what="gas", device_kind="gas", room="kitchen"), "en")
    assert "More urgent: gas detector also alarms at Abdurahman Yusup, kitchen, 03:12." in raised


def test_an_unknown_device_says_what_it_knows() -> None:
    home = usual("unknown", dev="btn9", device_kind="gas", what="unknown")
    assert "没登记的设备btn9于03:12发出燃气报警，可能在欧阳秀兰家" in text("unknown", home)
    site = {"what": "unknown", "device_kind": "button", "dev": "btn9", "who": "anhe-gateway-017", "addr": "", "at": AT}
    assert "没登记的设备btn9于03:12发出紧急呼叫，anhe-gateway-017，请查明在哪家" in text("unknown", site)
    assert "UNKNOWN DEVICE btn9: emergency call, 03:12, anhe-gateway-017, find out where." in text(
        "unknown", site, "en"
    )


def test_how_it_ended_is_said_with_the_words_added() -> None:
    assert "已办结：误报，误按。" in text("resolved", usual("resolved", note="误按"))
    assert "closed: genuine, all well." in text(
        "resolved", usual("resolved", "en", outcome="genuine", note="没事"), "en"
    )
    assert "closed: genuine, dealt with." in text(
        "resolved", usual("resolved", "en", outcome="genuine", note="done"), "en"
    )
    assert "已办结：属实，送医。" in text("resolved", usual("resolved", outcome="genuine", note="taken to hospital"))
    assert "已办结：没联系上。" in text("resolved", usual("resolved", outcome="unreached", note=""))
    assert "已办结。" in text("resolved", usual("resolved", outcome="", note=""))


def test_without_a_desk_its_clause_is_dropped() -> None:
    for key in CHINESE.texts:
        for language in _USUAL:
            said = text(key, usual(key, language), language, replies=False, desk=None)
            assert not re.search(r"，值班台$|。值班台$|Desk|: ?$|，$", said), said
    assert text("sos", usual("sos"), replies=False, desk=None).endswith("，上堡村十三社112号。请马上打电话或上门")


def test_without_a_signature_a_chinese_text_begins_with_the_name() -> None:
    assert text("sos", usual("sos"), signature=None).startswith("欧阳秀兰于")


def test_where_no_answer_can_reach_us_none_is_asked_for() -> None:
    for key in CHINESE.texts:
        if key.startswith("answer."):
            continue
        assert "回复" not in CHINESE.texts[key].one_way.replace("不用回复", "")
        assert "Reply" not in ENGLISH.texts[key].one_way


@pytest.mark.promise("P13")
@pytest.mark.parametrize("what", ["sos", "gas", "smoke", "co", "fall"])
def test_a_text_from_a_sick_store_asks_to_phone_or_go(what: str) -> None:
    said = text("sick", usual("sick", what=what, device_kind=""))
    assert said.endswith("请马上打电话或上门，不用回复")
    assert "欧阳秀兰" in said
    assert "编号" not in said
    assert text("sick", usual("sick", "en", what=what), "en").endswith(" Phone or go now, no reply needed")


def test_a_strangers_number_shows_its_last_four_digits_only() -> None:
    said = text("stranger_code", usual("stranger_code"))
    assert "尾号0103" in said
    assert "7700" not in said
    assert "尾号0103" in text("stranger_code", usual("stranger_code", number="+44*****0103"))


def test_a_home_without_a_resident_is_named_by_its_address_once() -> None:
    said = text("sos", usual("sos", who="上堡村三社12号", addr="上堡村三社12号"))
    assert said.count("上堡村") == 1


def test_another_press_and_another_alarm_are_told_apart() -> None:
    assert "又按了呼叫，第12次" in text("again", usual("again"))
    assert "家又有烟雾报警，第12次" in text("again", usual("again", what="smoke"))


def test_a_key_that_does_not_exist_is_still_a_call() -> None:
    assert "欧阳秀兰有新的告警" in text("nonsense", usual("sos"))
    assert text("nonsense", usual("sos")).endswith("能去请回复1，去不了回复2。编号K7")


@pytest.mark.parametrize("key", sorted(KEYS))
@pytest.mark.parametrize("language", ["zh-CN", "en", "zh", "fr", ""])
def test_a_text_without_any_facts_is_still_a_text(key: str, language: str) -> None:
    said = text(key, {}, language, desk=None, signature=None)
    assert said
    assert not re.search(r"[{}\[\]]", said)


def test_hostile_names_stay_on_one_line_and_bring_no_second_signature() -> None:
    said = text(
        "sos",
        usual(
            "sos", who="王\n\u202e【假公司】秀\0兰 http://evil.example/x", addr="三社\r\n12号", room_name="{addr}[x]"
        ),
    )
    assert said.startswith("【安河县民政局】王 假公司 秀兰于03:12")
    assert "evil" not in said
    assert "三社 12号" in said
    assert "{addr}" not in text("sos", usual("sos", room=""))

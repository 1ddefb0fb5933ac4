"""Every mistake an installer can make, and the sentence it gets: where, what, what is allowed, what to do."""

import re
import string
from pathlib import Path

import pytest

from hub.settings import Fault
from hub.settings.sentences import SENTENCES, Phrase
from tests.settings.folder import Folder

WANG = 'phone: "+447700900101"'
ROOMS = "bedroom, hall, bathroom, toilet, living, dining, study, balcony, stairs, yard, corridor"
DURATION = "is not a duration: a whole number with s, m, h, d or y, like 60s, 10m, 24h, 7d, 1y. Correct it."
TOP = (
    "Allowed: site, timezone, desk, language, database, mqtt, web, dialects, channels, policies, promise, keep, audit."
)


def mistakes(name: str) -> list[tuple[str, str, list[str]]]:
    """Read one file of mistakes: what the example says, what it says then, the sentences."""
    content = Path(__file__).with_name(f"mistakes_in_{name}.txt").read_text(encoding="utf-8")
    found = []
    for block in content.split("\n\n")[1:]:
        was, now, *said = block.strip("\n").split("\n")
        old, new = (each[5:].replace("⏎", "\n").replace("␣", " ") for each in (was, now))
        found.append((old, new, said))
    return found


def _shown(case: tuple[str, str, list[str]]) -> str:
    return case[1][:40]


@pytest.mark.parametrize("case", mistakes("homes"), ids=_shown)
def test_a_mistake__shown_yaml(folder: Folder, case: tuple[str, str, list[str]]) -> None:
    old, new, said = case
    assert folder.edit("homes.yaml", old, new).faults() == [f"homes.yaml:{each}" for each in said]


@pytest.mark.parametrize("case", mistakes("hub"), ids=_shown)
def test_a_mistake_in_hub_yaml(folder: Folder, case: tuple[str, str, list[str]]) -> None:
    old, new, said = case
    assert folder.edit("hub.yaml", old, new).faults() == [f"hub.yaml:{each}" for each in said]


def test_all_mistakes_of_all_files_come_at_once(folder: Folder) -> None:
    folder.edit("hub.yaml", "language: zh-CN", "language: zh").edit("hub.yaml", "wait: 60s", "wait: soon")
    folder.edit("homes.yaml", "room: kitchen", "room: kichen").edit("homes.yaml", "kind: gas", "kind: gass")
    folder.write("homes-b.yaml", "people: [").write("homes-c.yaml", "homes:\n  - {id: ah-001}\n")
    said = folder.faults({"CAREHUB_WEB__LISTEN": "everywhere"})
    assert [re.split(r":(?: |\d+: )", each)[0] for each in said] == [
        "CAREHUB_WEB__LISTEN",
        "hub.yaml",
        "hub.yaml",
        "homes.yaml",
        "homes.yaml",
        "homes-b.yaml",
        "homes-c.yaml",
        "homes-c.yaml",
        "homes-c.yaml",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("homes-b.yaml", b"\xff", "homes-b.yaml: is not UTF-8 text (byte 1). Save it as UTF-8."),
        ("homes-b.yaml", b"", "homes-b.yaml: is empty. See the commented example in config/."),
        (
            "homes-b.yaml",
            b"- 1",
            'homes-b.yaml:1: holds no names at its top: write lines like "people: …", see the commented example '
            "in config/.".replace(r"\…", "…"),
        ),
        (
            "homes-b.yaml",
            b"people: \x00",
            "homes-b.yaml:1: this is not YAML: control characters are not allowed. Look for a bracket, a quote or an "
            "indent that does not match.",
        ),
    ],
)
def test_a_file_that_is_no_configuration(folder: Folder, name: str, content: bytes, said: str) -> None:
    assert folder.write(name, content).faults() == [said]


def test_missing_folder_and_files_are_said_in_one_sentence(folder: Folder) -> None:
    (folder.path / "homes.yaml").unlink()
    assert folder.faults() == [
        "homes.yaml: there is no such file. A configuration folder holds hub.yaml and at least one homes*.yaml; add it."
    ]
    (folder.path / "hub.yaml").unlink()
    assert len(folder.faults()) == 2
    folder.path /= "nowhere"
    assert folder.faults()[0].endswith(
        "is not a folder that can be read. Name the folder that holds hub.yaml with --config or CAREHUB_CONFIG."
    )


def test_a_folder_in_place_of_a_file_is_said(folder: Folder) -> None:
    (folder.path / "homes-b.yaml").mkdir()
    assert folder.faults() == ["homes-b.yaml: cannot be read (Is a directory). Let the user who runs carehub read it."]


def test_a_file_that_does_not_count_is_a_warning(folder: Folder) -> None:
    folder.write("homes.yml", "people: []")
    assert folder.warnings() == [
        "homes.yml: is not read: only hub.yaml and homes*.yaml count. Rename it if it should count."
    ]


def test_ids_that_stand_in_two_files_name_both_places(folder: Folder) -> None:
    folder.write("homes-b.yaml", '\nhomes:\n  - {id: ah-001, area: "620702207200", address: x}\n')
    assert folder.faults() == [
        "homes-b.yaml:3: home ah-001: this id is used already at homes.yaml:10. Rename or remove one of them."
    ]


def test_a_topic_is_one_topic_with_its_prefix(folder: Folder) -> None:
    home = """
homes:
  - {id: ah-002, area: "620702207200", address: x, prefix: "PREFIX", contacts: [{person: wang-li, role: family}],
     devices: [{id: sos, kind: button, topic: zigbee2mqtt/bed_sos}]}
"""
    folder.write("homes-b.yaml", home.replace("PREFIX", "homes/2/"))
    assert folder.warnings() == []
    folder.write("homes-b.yaml", home.replace("PREFIX", ""))
    assert folder.faults() == [
        'homes-b.yaml:4: device sos: topic "zigbee2mqtt/bed_sos" belongs to device bed-sos of home ah-001 already '
        "(homes.yaml:23). Correct one of them."
    ]


def test_aliases_cannot_blow_up(folder: Folder) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    said = folder.write("homes-b.yaml", bomb).faults()
    assert len(said) == 1
    assert said[0].endswith("and the like make more values than the file has characters. Write the values out.")


def test_an_alias_is_what_it_stands_for(folder: Folder) -> None:
    folder.edit("homes.yaml", "roles: [family]", "roles: &f [family]").edit("homes.yaml", "[staff]", "*f")
    assert folder.load().registry.people["li-qiang"].roles == {"family"}


def test_a_mistake_in_an_override_names_the_variable(folder: Folder) -> None:
    said = folder.faults(
        {
            "CAREHUB_SITTE": "x",
            "CAREHUB_MQTT": "mqtt://h",
            "CAREHUB_MQTT__URL": "http://hunter2",
            "CAREHUB_POLICIES__EMERGENCY__STEPS__1__WAIT": "soon",
            "CAREHUB_POLICIES__EMERGENCY__STEPS__9__WAIT": "60s",
            "CAREHUB_DATABASE": "hunter2",
        }
    )
    assert said == [
        "CAREHUB_DATABASE: database is not an address the hub knows: sqlite:///var/carehub.db or "
        "postgresql://user@host/db. Correct it.",
        "CAREHUB_MQTT: names a section, not one value. Name one value in it, like CAREHUB_MQTT__URL.",
        "CAREHUB_MQTT__URL: mqtt.url is not the address of a broker: mqtt://host:1883, mqtts://host:8883 or embedded. "
        "Correct it.",
        f'CAREHUB_POLICIES__EMERGENCY__STEPS__1__WAIT: step 1 of emergency: wait "soon" {DURATION}',
        'CAREHUB_POLICIES__EMERGENCY__STEPS__9__WAIT: there is no "9" to go into. Two underscores lead into a section, '
        "steps count from 1.",
        f'CAREHUB_SITTE: there is no key "sitte" here; did you mean "site"? {TOP}',
    ]


def test_secrets_are_never_repeated(folder: Folder) -> None:
    folder.edit("hub.yaml", "username: hub", "password: hunter2, auth_token: 8675309")
    folder.edit("hub.yaml", "signature: 安河县民政局", "auth_token: 8675309, token: [hunter2]")
    folder.edit("hub.yaml", "sqlite:///var/carehub.db", "postgresql://u:hunter2@h:port/db")
    environ = {
        "TWILIO_AUTH_TOKEN": "hunter2",
        "CAREHUB_MQTT__PASSWORD": "hunter2",
        "CAREHUB_AUDIT__DEADMAN_URL": "hunter2",
    }
    said = "\n".join([*folder.faults(environ), *folder.faults(environ, "zh-CN")])
    assert "hunter2" not in said
    assert "8675309" not in said


def test_a_secret_file_that_cannot_be_read_is_said(folder: Folder) -> None:
    folder.edit("hub.yaml", "username: hub", "password_file: nowhere").write("empty", "\n")
    environ = {"TWILIO_AUTH_TOKEN_FILE": "empty", "TWILIO_ACCOUNT_SID": "AC", "TWILIO_ACCOUNT_SID_FILE": "empty"}
    said = folder.faults(environ)
    assert sorted(said) == [
        "TWILIO_ACCOUNT_SID: TWILIO_ACCOUNT_SID and TWILIO_ACCOUNT_SID_FILE are both set. Keep one of them.",
        "TWILIO_AUTH_TOKEN_FILE: the file it names is empty. Write the secret into it.",
        "hub.yaml:13: nowhere: there is no such file. Put the secret there or correct the name.",
    ]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('from: "+15005550006"', 'from: "5005"', "from：请写 + 加国家代码和号码，例如 +15005550006。"),
        ("signature: 安河县民政局", "signature: 【安河县】", "signature：只写名称，不带括号。"),
        ("signature: 安河县民政局", f"signature: {'安' * 21}", "signature：最多写 20 个字。"),
    ],
)
def test_what_a_channel_refuses_is_said_in_chinese_too(folder: Folder, was: str, now: str, said: str) -> None:
    folder.edit("hub.yaml", was, now)
    (fault,) = folder.faults(language="zh-CN")
    assert said in fault
    assert "write" not in fault


def test_the_sentences_of_the_catalogue_in_chinese(folder: Folder) -> None:
    folder.edit("homes.yaml", WANG, 'phone: "1391234567"').edit("homes.yaml", '"+447700900102"', '"120"')
    folder.edit("homes.yaml", "room: kitchen", "room: kichen")
    assert folder.faults(language="zh-CN") == [
        "homes.yaml:5 王丽的电话“1391234567”少 1 位。请写 11 位手机号，或 +86 开头。",
        "homes.yaml:6 电话“120”不能当联系人：系统从不自动拨打急救、火警、报警电话。请删掉，值班人员会在页面上看到它。",
        f"homes.yaml:24 设备 kitchen-gas：家庭 ah-001 没有房间“kichen”，只有 kitchen、{ROOMS.replace(', ', '、')}。"
        "请改名，或先加这个房间。",
    ]


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_every_sentence_reads_in_both_languages(key: str) -> None:
    english, chinese = SENTENCES[key]
    names = [{name for _, name, _, _ in string.Formatter().parse(each) if name} for each in (english, chinese)]
    assert names[1] <= names[0] | {"name"}
    facts = {name: Phrase(f"<{name}>", f"<{name}>") for name in names[0] | names[1]}
    for language in ("en", "zh-CN"):
        said = Fault("hub.yaml", 3, key, facts).say(language)
        assert "\n" not in said
        assert said.endswith((".", "。")) or said.endswith("<remedy>")
    assert re.search(r"[\u4e00-\u9fff]", chinese)

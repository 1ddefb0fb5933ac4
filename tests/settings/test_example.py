"""The configuration that the design shows, and the example that ships, load as they stand."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.alerts.policy import Policy, Severity, Step
from hub.channels import TwilioSmsSettings
from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Person, Resident, Role
from hub.settings import ConfigurationError, HubSettings, KeepSettings, MqttSettings, WebSettings, load
from tests.settings.folder import EXAMPLE, Folder

HUB = """
site: anhe-gateway-017
timezone: Asia/Shanghai
desk: "0936-0000000"
language: zh-CN
database: sqlite:///var/carehub.db    # or postgresql://user@host/db
mqtt: {url: "mqtt://127.0.0.1:1883", client_id: carehub, username: hub}   # url "embedded": see below
web:  {listen: "127.0.0.1:8080", public_url: "http://127.0.0.1:8080"}
dialects: {zigbee2mqtt: {base_topics: [zigbee2mqtt]}}     # same keys as `decode --config`
channels:
  sms: {type: twilio_sms, from: "+15005550006", signature: 安河县民政局}
policies:
  emergency:
    steps:
      - {tell: [family],     by: [sms], wait: 60s}
      - {tell: [staff],      by: [sms], wait: 120s}
      - {tell: [supervisor], by: [sms], wait: 180s}
    repeat: 5m
  warning: {steps: [{tell: [family], by: [sms], wait: 10m}, {tell: [staff], by: [sms], wait: 20m}], repeat: 30m}
  notice:  {steps: [{tell: [staff], by: [sms], wait: 24h}], repeat: 24h}
promise: {emergency: 20m, warning: 2h, notice: 7d}
keep: {readings: 30d, alerts: 1y}
"""


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def expected(folder: Path) -> HubSettings:
    by = ("sms",)
    day, week = timedelta(days=1), timedelta(days=7)
    emergency = (
        Step(("family",), by, minutes(1)),
        Step(("staff",), by, minutes(2)),
        Step(("supervisor",), by, minutes(3)),
    )
    warning = (Step(("family",), by, minutes(10)), Step(("staff",), by, minutes(20)))
    return HubSettings(
        site="anhe-gateway-017",
        timezone=ZoneInfo("Asia/Shanghai"),
        database=f"sqlite:///{folder}/var/carehub.db",
        mqtt=MqttSettings("mqtt://127.0.0.1:1883", "carehub", "hub", None),
        channels={"sms": TwilioSmsSettings(from_="+15005550006", signature="安河县民政局")},
        policies={
            Severity.EMERGENCY: Policy(emergency, minutes(5), minutes(20)),
            Severity.WARNING: Policy(warning, minutes(30), minutes(120)),
            Severity.NOTICE: Policy((Step(("staff",), by, day),), day, week),
        },
        promise={Severity.EMERGENCY: minutes(20), Severity.WARNING: minutes(120), Severity.NOTICE: week},
        web=WebSettings("127.0.0.1:8080", "http://127.0.0.1:8080"),
        keep=KeepSettings(timedelta(days=30), timedelta(days=365)),
        desk="0936-0000000",
        language="zh-CN",
        dialects={"zigbee2mqtt": {"base_topics": ["zigbee2mqtt"]}},
    )


HOME = Home(
    id="ah-001",
    area="620702207200",
    address="上堡村三社12号",
    residents=(Resident("王秀兰", 1938, frozenset({"advanced_age", "deaf"}), timedelta(hours=12)),),
    contacts=(Contact("wang-li", Role.FAMILY),),
    devices=(
        Device("ah-001", "bed-sos", DeviceKind.BUTTON, "zigbee2mqtt/bed_sos", DeviceRole.SOS, "bedroom"),
        Device("ah-001", "kitchen-gas", DeviceKind.GAS, "zigbee2mqtt/kitchen_gas", None, "kitchen"),
        Device("ah-001", "hall-motion", DeviceKind.MOTION, "zigbee2mqtt/hall_motion", None, "hall"),
        Device("ah-001", "front-door", DeviceKind.CONTACT, "zigbee2mqtt/front_door", DeviceRole.ENTRANCE, "hall"),
    ),
)
PEOPLE = {
    "wang-li": Person("wang-li", "王丽", "+447700900101", frozenset({Role.FAMILY})),
    "li-qiang": Person("li-qiang", "李强", "+447700900102", frozenset({Role.STAFF}), ("620702207200",)),
    "zhao-min": Person("zhao-min", "赵敏", "+447700900103", frozenset({Role.SUPERVISOR}), ("620702000000",)),
}


def test_the_designs_hub_yaml_loads_exactly(folder: Folder) -> None:
    assert folder.write("hub.yaml", HUB).load().hub == expected(folder.path)


def test_the_shipped_example_loads_exactly_and_without_a_warning() -> None:
    secrets = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t"}
    found = load(EXAMPLE, secrets)
    assert found.registry.people == PEOPLE
    assert found.registry.homes == {"ah-001": HOME}
    assert found.hub.channel_environment == secrets
    assert found.warnings == []
    assert found.folder == EXAMPLE


def test_database_counts_from_the_configuration_folder(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.path.parent)
    found = load(Path(folder.path.name), {})
    assert found.hub.database == f"sqlite:///{folder.path}/var/carehub.db"
    elsewhere = folder.load({"CAREHUB_DATABASE": "sqlite:////srv/carehub.db"})
    assert elsewhere.hub.database == "sqlite:////srv/carehub.db"
    server = folder.load({"CAREHUB_DATABASE": "postgresql://hub:s3cret@db.example/carehub"})
    assert server.hub.database == "postgresql+psycopg://hub:s3cret@db.example/carehub"


def test_what_may_be_left_out_has_defaults(folder: Folder) -> None:
    shortest = """
site: s
timezone: UTC
mqtt: {url: embedded}
channels: {sms: {type: twilio_sms, from: "+15005550006"}}
policies:
  emergency: {steps: [{tell: [staff], by: [sms], wait: 60s}]}
  warning: {steps: [{tell: [staff], by: [sms], wait: 60s}]}
  notice: {steps: [{tell: [staff], by: [sms], wait: 60s}]}
"""
    hub = folder.write("hub.yaml", shortest).load().hub
    assert (hub.language, hub.desk, hub.keep, hub.web) == ("zh-CN", None, KeepSettings(), WebSettings())
    assert hub.mqtt.is_embedded
    assert (hub.mqtt.host, hub.mqtt.port, hub.mqtt.client_id) == ("127.0.0.1", 1883, "carehub")
    assert hub.policies[Severity.EMERGENCY] == Policy((Step(("staff",), ("sms",), minutes(1)),), None, minutes(20))
    assert hub.database == f"sqlite:///{folder.path}/var/carehub.db"


def test_addresses_come_apart() -> None:
    assert (WebSettings("[::1]:9000").host, WebSettings("[::1]:9000").port) == ("::1", 9000)
    tls = MqttSettings("mqtts://broker.example")
    assert (tls.host, tls.port, tls.uses_tls) == ("broker.example", 8883, True)


def test_homes_lie_in_several_files(folder: Folder) -> None:
    more = """
homes:
  - {id: ah-002, area: "620702207200", address: 上堡村, prefix: homes/ah-002/, away_until: 2026-03-01 18:00,
     rooms: {east-room: 东屋}, contacts: [{person: wang-li, role: neighbour}],
     devices: [{id: sos, kind: button, role: sos, room: east-room, topic: carehub/sos}]}
"""
    found = folder.write("homes-2.yaml", more).load()
    home = found.registry.homes["ah-002"]
    assert list(found.registry.homes) == ["ah-001", "ah-002"]
    assert home.away_until is not None
    assert home.away_until.isoformat() == "2026-03-01T10:00:00+00:00"
    assert found.registry.by_topic["homes/ah-002/carehub/sos"].room == "east-room"


def test_chinese_mobile_numbers_need_no_country_code_in_china(folder: Folder) -> None:
    folder.edit("homes.yaml", '"+447700900101"', '"138 0013-8000"')
    assert folder.load().registry.people["wang-li"].phone == "+8613800138000"


def test_secrets_are_needed_to_run_but_not_to_check(folder: Folder) -> None:
    found = folder.load({"TWILIO_ACCOUNT_SID": "AC1"})
    said = [str(each) for each in found.warnings]
    assert said == [
        "TWILIO_AUTH_TOKEN: is not set, but channel sms needs it. Put it into the environment, or its file into "
        "TWILIO_AUTH_TOKEN_FILE."
    ]
    with pytest.raises(ConfigurationError, match="TWILIO_AUTH_TOKEN"):
        found.require_secrets()
    folder.write("token", "t0ken\n")
    whole = folder.load({"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN_FILE": "token"})
    whole.require_secrets()
    account = whole.hub.channels["sms"].account(whole.hub.channel_environment)
    assert (account.sid, account.token, account.api_base) == ("AC1", "t0ken", None)
    assert "t0ken" not in repr(whole)
    assert "t0ken" not in repr(account)

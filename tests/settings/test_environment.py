"""Any single value of hub.yaml can come from the environment; secrets come from nowhere else."""

from datetime import timedelta

import pytest

from hub.alerts.policy import Severity
from tests.settings.folder import Folder


def test_values_of_every_depth_can_be_overridden(folder: Folder) -> None:
    hub = folder.load(
        {
            "CAREHUB_SITE": "other",
            "CAREHUB_LANGUAGE": "en",
            "CAREHUB_MQTT__URL": "embedded",
            "CAREHUB_WEB__LISTEN": "0.0.0.0:80",
            "CAREHUB_WEB__PUBLIC_URL": "https://care.example/hub/",
            "CAREHUB_CHANNELS__SMS__FROM": "+15005550009",
            "CAREHUB_POLICIES__EMERGENCY__STEPS__2__WAIT": "45s",
            "CAREHUB_POLICIES__WARNING__REPEAT": "1h",
            "CAREHUB_PROMISE__NOTICE": "1d",
            "CAREHUB_KEEP__READINGS": "7d",
            "CAREHUB_AUDIT__DEADMAN_URL": "https://hc.example/ping/x?y=1",
            "CAREHUB_DIALECTS__ZIGBEE2MQTT__BASE_TOPICS__1": "zigbee2mqtt",
            "CAREHUB_CONFIG": "ignored",
            "CAREHUB_DESK": "",
            "PATH": "/bin",
        }
    ).hub
    assert (hub.site, hub.language, hub.mqtt.is_embedded, hub.web.port) == ("other", "en", True, 80)
    assert hub.web.public_url == "https://care.example/hub"
    assert hub.channels["sms"].from_ == "+15005550009"
    emergency = hub.policies[Severity.EMERGENCY]
    assert [step.wait.total_seconds() for step in emergency.steps] == [60, 45, 180]
    assert hub.policies[Severity.WARNING].repeat == timedelta(hours=1)
    assert hub.promise[Severity.NOTICE] == hub.policies[Severity.NOTICE].promise == timedelta(days=1)
    assert hub.keep.readings == timedelta(days=7)
    assert hub.audit.deadman_url == "https://hc.example/ping/x?y=1"
    assert hub.desk == "0936-0000000"  # an empty variable is not set


def test_a_section_the_file_does_not_have_can_be_given_whole(folder: Folder) -> None:
    folder.edit("hub.yaml", "mqtt: {url", "# mqtt: {url")
    assert folder.load({"CAREHUB_MQTT__URL": "mqtt://h", "CAREHUB_MQTT__CLIENT_ID": "c"}).hub.mqtt.client_id == "c"


def test_an_override_repairs_a_mistake_of_the_file(folder: Folder) -> None:
    folder.edit("hub.yaml", "language: zh-CN", "language: zh")
    assert folder.load({"CAREHUB_LANGUAGE": "zh-CN"}).hub.language == "zh-CN"


def test_an_override_of_an_alias_changes_one_place(folder: Folder) -> None:
    folder.edit("hub.yaml", "warning: {steps: [{tell", "warning: {steps: &s [{tell").edit(
        "hub.yaml", "notice:  {steps: [{tell: [staff], by: [sms], wait: 24h}]", "notice:  {steps: *s"
    )
    hub = folder.load({"CAREHUB_POLICIES__NOTICE__STEPS__1__WAIT": "2h"}).hub
    assert hub.policies[Severity.NOTICE].steps[0].wait == timedelta(hours=2)
    assert hub.policies[Severity.WARNING].steps[0].wait == timedelta(minutes=10)


@pytest.mark.parametrize("name", ["CAREHUB_", "CAREHUB___", "CAREHUB_MQTT__", "CAREHUB_SITE__X", "CAREHUB_POLICIES"])
def test_a_variable_that_names_no_value_is_a_fault(folder: Folder, name: str) -> None:
    said = folder.faults({name: "x"})
    assert said[0].startswith(f"{name}: ")


def test_the_brokers_password_comes_from_a_variable_or_a_file(folder: Folder) -> None:
    folder.edit("hub.yaml", "username: hub", "username: hub, password_file: secret").write("secret", "from-file\n")
    from_file = folder.load().hub
    assert from_file.mqtt.password == "from-file"
    assert folder.load({"CAREHUB_MQTT__PASSWORD": "from-env"}).hub.mqtt.password == "from-env"
    assert "from-file" not in repr(from_file)

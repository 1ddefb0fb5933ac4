"""Which dialect reads which topic, and what its settings may be."""

import pytest

from devices.dialects import SETTINGS, InvalidSetting, build, route


def test_each_topic_has_one_reader() -> None:
    dialects = build({"zigbee2mqtt": {"base_topics": ["zigbee2mqtt", "home/zigbee"]}})
    readers = {
        t: [d.name for d in dialects if d.claims(t)]
        for t in ("zigbee2mqtt/a", "home/zigbee/a/b", "carehub/a", "x/y", "")
    }
    assert list(readers.values()) == [["zigbee2mqtt"], ["zigbee2mqtt"], ["native"], [], []]
    reader = route(dialects, "carehub/a")
    assert reader is not None
    assert reader.name == "native"
    assert route(dialects, "homeassistant/status") is None


def test_every_dialect_has_its_settings_listed() -> None:
    assert {dialect.name for dialect in build({})} == set(SETTINGS)


@pytest.mark.parametrize(
    ("settings", "path", "reason"),
    [
        ({"zigbee": {}}, ("zigbee",), "there are native, zigbee2mqtt"),
        ({"zigbee2mqtt": {"base_topic": "z"}}, ("zigbee2mqtt", "base_topic"), "zigbee2mqtt has base_topics"),
        ({"native": {"prefix": "x"}}, ("native", "prefix"), "native has none"),
        ({"zigbee2mqtt": {"base_topics": "zigbee2mqtt"}}, ("zigbee2mqtt", "base_topics"), "a list of topics"),
        ({"zigbee2mqtt": {"base_topics": []}}, ("zigbee2mqtt", "base_topics"), "a list of topics"),
        ({"zigbee2mqtt": {"base_topics": ["a/#"]}}, ("zigbee2mqtt", "base_topics"), "without wildcards"),
        ({"zigbee2mqtt": {"base_topics": ["a/"]}}, ("zigbee2mqtt", "base_topics"), "without a slash"),
        ({"zigbee2mqtt": {"base_topics": [7]}}, ("zigbee2mqtt", "base_topics"), "is text"),
        ({"zigbee2mqtt": {"base_topics": ["a", "a"]}}, ("zigbee2mqtt", "base_topics"), "inside another"),
        ({"zigbee2mqtt": {"base_topics": ["a", "a/b"]}}, ("zigbee2mqtt", "base_topics"), "inside another"),
        ({"zigbee2mqtt": {"base_topics": ["carehub"]}}, ("zigbee2mqtt", "base_topics"), "inside another"),
    ],
)
def test_a_wrong_setting_says_where_and_what_is_allowed(
    settings: dict[str, dict[str, object]], path: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(InvalidSetting, match=reason) as caught:
        build(settings)
    assert caught.value.path == path

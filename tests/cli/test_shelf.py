"""Shelved messages are handed in again, on both databases and beside a running hub."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.message import Message
from hub.ports import Session
from tests.cli.live import Live
from tests.cli.place import Place
from tests.cli.process import eventually

DAUGHTER = "+447700900101"
PRESS, BROKEN = b'{"action":"emergency","battery":87}', b'{"action":'


def shelve(place: Place, payload: bytes, topic: str = "zigbee2mqtt/bed_sos") -> int:
    """Set a message aside as the hub did three hours ago; return its number."""
    at = datetime.now(UTC) - timedelta(hours=3)
    place.work(lambda work: work.transaction.shelve(Session.SOS, Message(topic, payload, at), "an old decoder", 3))
    numbers: list[int] = [row["id"] for row in json.loads(place.carehub("shelf", "list", "--json").out)]
    return max(numbers)


def test_what_can_be_handled_leaves_the_shelf_and_the_rest_says_why(site: Place) -> None:
    bad, good = shelve(site, BROKEN), shelve(site, PRESS)
    done = site.carehub("shelf", "retry", "--all")
    assert done.code == 1
    assert done.err == "1 message could not be handled. The reason stands above.\n"
    (alert,) = json.loads(site.carehub("alerts", "list", "--json").out)
    first, second = done.out.splitlines()
    assert first.startswith(f"{bad}  zigbee2mqtt/bed_sos: stays: zigbee2mqtt: ")
    assert second == f"{good}  zigbee2mqtt/bed_sos: handled: opened alert {alert['code']}"
    assert alert["late_s"] >= 3 * 3600
    (row,) = json.loads(site.carehub("shelf", "list", "--json").out)
    assert (row["id"], row["reason"].startswith("zigbee2mqtt: "), row["tries"]) == (bad, True, 3)


def test_one_message_by_its_number(site: Place) -> None:
    first, second = shelve(site, PRESS), shelve(site, PRESS)
    assert site.carehub("shelf", "retry", str(second)).code == 0
    assert [row["id"] for row in json.loads(site.carehub("shelf", "list", "--json").out)] == [first]
    gone = site.carehub("shelf", "retry", str(second))
    assert (gone.code, gone.out) == (1, f"{second}  is not on the shelf.\n")


def test_an_empty_shelf_is_no_failure_and_nothing_named_is_a_question(site: Place) -> None:
    empty = site.carehub("shelf", "retry", "--all")
    assert (empty.code, empty.out) == (0, "The shelf is empty.\n")
    for arguments in ((), ("1", "--all"), ("x",), ("0",)):
        done = site.carehub("shelf", "retry", *arguments)
        assert (done.code, done.out) == (2, "")


def test_a_topic_nobody_reads_any_more_stays(site: Place) -> None:
    number = shelve(site, PRESS, "elsewhere/thing")
    done = site.carehub("shelf", "retry", str(number))
    assert done.out == f"{number}  elsewhere/thing: stays: no dialect reads this topic\n"


@pytest.mark.promise("P7")
def test_a_running_hub_texts_a_press_from_the_shelf_as_late(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    topic = f"t/{live.unique}/zigbee2mqtt/bed_sos"
    number = shelve(live.place, PRESS, topic)
    done = live.place.carehub("shelf", "retry", str(number))
    assert (done.code, done.err) == (0, "")
    assert "晚" in live.gets(DAUGHTER, "王秀兰")
    assert hub.stop() == 0


def test_what_a_hub_shelved_is_tried_again(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    live.publish("zigbee2mqtt/bed_sos", "{")
    eventually(lambda: live.place.carehub("shelf", "list").out != "The shelf is empty.\n")
    done = live.place.carehub("shelf", "retry", "--all")
    assert done.code == 1
    assert "stays: zigbee2mqtt: " in done.out
    assert hub.stop() == 0

"""An edit that moves no topic has nothing planned anew."""

from dataclasses import replace

from hub.homes import Contact, Device, DeviceKind, DeviceRole, Home, Registry, Role
from hub.ingest.filters import same_routes

SOS = Device("h1", "sos", DeviceKind.BUTTON, "z/sos", DeviceRole.SOS)
HOME = Home("h1", "620702207200", "上堡村", devices=(SOS,))


def test_words_and_people_move_nothing() -> None:
    said = replace(HOME, address="新村", contacts=(Contact("p", Role.FAMILY),), devices=(replace(SOS, model="B-1"),))
    assert same_routes(Registry.of([], [HOME]), Registry.of([], [said]))


def test_topics_kinds_roles_prefixes_and_homes_do() -> None:
    before = Registry.of([], [HOME])
    for other in (
        replace(HOME, prefix="h1/"),
        replace(HOME, devices=(replace(SOS, topic="z/other"),)),
        replace(HOME, devices=(replace(SOS, kind=DeviceKind.GAS),)),
        replace(HOME, devices=(replace(SOS, role=None),)),
        replace(HOME, devices=()),
        replace(HOME, id="h2"),
    ):
        assert not same_routes(before, Registry.of([], [other]))
    assert not same_routes(before, Registry())

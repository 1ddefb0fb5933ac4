"""Rooms that nobody has drawn become a plan on which nothing overlaps and every way leads through a door."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from simulators.stage.floorplan import MARGIN, OUTSIDE, WIDTH, Drawing, Room, draw

ROOMS = ("bedroom", "kitchen", "bathroom", "living", "study", "dining", "yard", "balcony", "stairs")
HOUSE = [
    Room("hall", ("hall-motion", "front-door")),
    Room("bedroom", ("bed-sos", "bed-mat", "bedroom-motion")),
    Room("kitchen", ("kitchen-gas",)),
    Room("bathroom"),
]


def within(drawing: Drawing, point: tuple[float, float]) -> bool:
    return 0 <= point[0] <= drawing.width and 0 <= point[1] <= drawing.height


@given(
    st.lists(
        st.tuples(st.sampled_from(ROOMS), st.integers(0, 6)), min_size=0, max_size=9, unique_by=lambda room: room[0]
    ),
    st.integers(0, 6),
)
def test_whatever_rooms_there_are_devices_keep_apart_and_lie_inside(others: list[tuple[str, int]], own: int) -> None:
    rooms = [Room("hall", tuple(f"hall{n}" for n in range(own)))]
    rooms += [Room(name, tuple(f"{name}{n}" for n in range(count)), name == "yard") for name, count in others]
    drawing = draw(rooms, "hall", "hall")
    assert {room["id"] for room in drawing.rooms} == {room.id for room in rooms}
    assert set(drawing.places) == {device for room in rooms for device in room.devices}
    assert all(within(drawing, point) for point in (*drawing.places.values(), *drawing.stands.values()))
    for one, other in combinations(drawing.places.values(), 2):
        assert abs(one[0] - other[0]) >= 30 or abs(one[1] - other[1]) >= 50
    for one, other in combinations(drawing.rooms, 2):
        beside = one["x"] + one["w"] <= other["x"] + 0.2 or other["x"] + other["w"] <= one["x"] + 0.2
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_every_room_has_a_door_to_the_one_through_which_all_are_reached() -> None:
    drawing = draw(HOUSE, "hall", "hall")
    for room in ("bedroom", "kitchen", "bathroom"):
        door = drawing.doors["hall", room]
        assert drawing.doors[room, "hall"] == door
        way = drawing.path(["bedroom", "hall", room]) if room != "bedroom" else drawing.path(["hall", room])
        assert door in way
        assert way[-1] == drawing.stands[room]
    assert drawing.path(["hall", OUTSIDE])[-1] == drawing.stands[OUTSIDE]


def test_the_plan_is_as_wide_as_the_picture() -> None:
    drawing = draw(HOUSE, "hall", "bathroom")
    assert {room["x"] for room in drawing.rooms} >= {MARGIN}
    rights = [room["x"] + room["w"] for room in drawing.rooms]
    assert round(max(rights)) == round(WIDTH - MARGIN)


def test_no_room_at_all_is_an_empty_plan() -> None:
    assert draw([], "hall").rooms == []

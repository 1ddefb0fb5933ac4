"""Sentences about the resident and names of rooms, in both languages."""

from collections.abc import Mapping

from simulators.home.habits import Doing
from simulators.home.house import OUTSIDE

_ROOMS: Mapping[str, tuple[str, str]] = {
    "bedroom": ("卧室", "bedroom"),
    "kitchen": ("厨房", "kitchen"),
    "hall": ("门厅", "hall"),
    "bathroom": ("卫生间", "bathroom"),
    "toilet": ("厕所", "toilet"),
    "living": ("客厅", "living room"),
    "dining": ("餐厅", "dining room"),
    "study": ("书房", "study"),
    "balcony": ("阳台", "balcony"),
    "stairs": ("楼梯", "stairs"),
    "yard": ("院子", "yard"),
    "corridor": ("走廊", "corridor"),
    OUTSIDE: ("外面", "outside"),
}
_DOING: Mapping[Doing, tuple[str, str]] = {
    Doing.SLEEPING: ("{who}在{room}睡觉", "{who} is asleep in the {room}"),
    Doing.NAPPING: ("{who}在{room}午睡", "{who} takes a nap in the {room}"),
    Doing.LYING: ("{who}在{room}躺着", "{who} lies awake in the {room}"),
    Doing.PASSING: ("{who}走到了{room}", "{who} walks through the {room}"),
    Doing.TOILET: ("{who}上厕所", "{who} is on the toilet"),
    Doing.WASHING: ("{who}在{room}洗漱", "{who} washes in the {room}"),
    Doing.COOKING: ("{who}在{room}做饭", "{who} cooks in the {room}"),
    Doing.EATING: ("{who}在{room}吃饭", "{who} eats in the {room}"),
    Doing.TEA: ("{who}在{room}倒茶", "{who} makes tea in the {room}"),
    Doing.SITTING: ("{who}在{room}坐着看电视", "{who} watches television in the {room}"),
    Doing.PUTTERING: ("{who}在{room}收拾东西", "{who} tidies up in the {room}"),
    Doing.YARD: ("{who}在{room}里忙活", "{who} is busy in the {room}"),
    Doing.ANSWERING: ("{who}去开门", "{who} opens the door to somebody"),
    Doing.VISITED: ("有客人，{who}在{room}陪着说话", "{who} sits with a visitor in the {room}"),
    Doing.OUT: ("{who}出门了", "{who} has gone out"),
    Doing.AT_NEIGHBOURS: ("{who}去邻居家过夜了", "{who} spends the night at the neighbour's"),
    Doing.ON_FLOOR: ("{who}摔倒在{room}，起不来", "{who} has fallen in the {room} and cannot get up"),
}


def room_name(room: str, own: Mapping[str, str], language: str) -> str:
    """Return how people call a room; `own` are the home's own rooms."""
    names = _ROOMS.get(room)
    if names is None:
        return own.get(room, room)
    return names[0] if language.startswith("zh") else names[1]


def sentence(who: str, doing: Doing, room: str, own: Mapping[str, str], language: str) -> str:
    """Return what somebody does, in a sentence without its full stop."""
    zh, en = _DOING[doing]
    form = zh if language.startswith("zh") else en
    return form.format(who=who, room=room_name(room, own, language))

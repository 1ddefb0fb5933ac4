"""Whom the ladders really reach: nobody, nobody who could answer, or gaps that a step skips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.alerts.ladder import CONTACT_ROLES, resolve
from hub.alerts.policy import Ladder, Policy, Severity
from hub.channels import ChannelSettings
from hub.homes import Home, Registry, Role
from hub.settings.fault import Place, Report
from hub.settings.homes_file import HomesDraft
from hub.settings.policies import PoliciesDraft
from hub.settings.sentences import Phrase

_SHOWN = 3
_SEVERITIES = {
    Severity.EMERGENCY: Phrase("emergency", "紧急"),
    Severity.WARNING: Phrase("warning", "重要"),
    Severity.NOTICE: Phrase("notice", "提示"),
}
_CONTACT_WORDS = frozenset(role.value for role in CONTACT_ROLES)
_ROLE_WORDS = frozenset(role.value for role in Role)


@dataclass
class _Gap:
    """The homes for which one step is empty, at most a few by name."""

    count: int = 0
    homes: list[str] = field(default_factory=list)
    areas: dict[str, None] = field(default_factory=dict)

    def add(self, home: Home) -> None:
        self.count += 1
        if len(self.homes) < _SHOWN:
            self.homes.append(home.id)
        if len(self.areas) <= _SHOWN:
            self.areas[home.area] = None


def check_reach(
    homes: HomesDraft,
    ladders: PoliciesDraft,
    channels: Mapping[str, ChannelSettings],
    hub: Report,
    channels_at: Place,
) -> None:
    """Resolve every ladder for every home without mistakes, and report what would stay unheard."""
    registry = Registry.of(homes.people.values(), homes.homes.values())
    sound = [home for home in homes.homes.values() if home.id in homes.sound]
    gaps: dict[tuple[Severity, int], _Gap] = {}
    one_way: list[str] = []
    for home in sound:
        for severity, policy in ladders.policies.items():
            ladder = resolve(policy, home, registry)
            empty = [index for index, rung in enumerate(ladder.rungs) if not rung.people]
            if severity is Severity.EMERGENCY:
                if len(empty) == len(ladder.rungs):
                    report, place = homes.places[home.id]
                    report.fault(place, "home_nobody", home=home.id, why=_why(_words(policy), [home.area]))
                    continue
                if not _can_be_answered(ladder, registry, channels):
                    one_way.append(home.id)
            for index in empty:
                gaps.setdefault((severity, index), _Gap()).add(home)
    if one_way:
        hub.fault(channels_at, "one_way", homes=one_way)
    for (severity, index), gap in sorted(gaps.items(), key=lambda item: (item[0][0].rank, item[0][1])):
        _warn(hub, ladders, severity, index, gap, len(sound))


def _can_be_answered(ladder: Ladder, registry: Registry, channels: Mapping[str, ChannelSettings]) -> bool:
    """Whether one of the people told can take the alert over one of the ways they are told by."""
    return any(
        name not in channels or channels[name].replies(registry.people[person].phone)  # a wrong channel was told
        for rung in ladder.rungs
        for name in rung.by
        for person in rung.people
    )


def _warn(hub: Report, ladders: PoliciesDraft, severity: Severity, index: int, gap: _Gap, total: int) -> None:
    """Say once for a step in how many homes it is empty."""
    words = ladders.policies[severity].steps[index].tell
    some = ", ".join(gap.homes) + (", …" if gap.count > len(gap.homes) else "")
    of = Phrase("", "")
    if total > 1:
        of = Phrase(f" for {gap.count} of {total} homes ({some})", f"（{total} 户中的 {gap.count} 户：{some}）")
    if all(word in _CONTACT_WORDS for word in words):
        remedy = Phrase(
            "The step is skipped there; give them such a contact if they have one.", "这一步会跳过；有的话请加上。"
        )
    elif len(gap.areas) == 1:
        area = next(iter(gap.areas))
        remedy = Phrase("Give one person that area.", f'请给一个人加上 areas: ["{area}"]。')
    else:
        remedy = Phrase("Give one person these areas.", "请给一个人加上这些区。")
    facts = {"severity": _SEVERITIES[severity], "why": _why(words, list(gap.areas)), "remedy": remedy}
    hub.warn(ladders.places[severity, index], "step_nobody", step=index + 1, homes=of, **facts)


def _words(policy: Policy) -> list[str]:
    return list(dict.fromkeys(word for step in policy.steps for word in step.tell))


def _why(words: Sequence[str], areas: Sequence[str]) -> Phrase:
    """Say which roles are missing at the home and in its area."""
    contacts = [word for word in words if word in _CONTACT_WORDS]
    staff = [word for word in words if word in _ROLE_WORDS and word not in _CONTACT_WORDS]
    some = ", ".join(areas[:_SHOWN]) + (", …" if len(areas) > _SHOWN else "")
    english, chinese = [], []
    if contacts:
        english.append(f"no contact is {' or '.join(contacts)}")
        chinese.append(f"联系人里没有 {'、'.join(contacts)}")
    if staff:
        english.append(f"area {some} has no {' and no '.join(staff)}")
        chinese.append(f"{some} 没有 {'、'.join(staff)}")
    if not english:
        english.append("the people it names have no number")
        chinese.append("写到的人没有号码")
    return Phrase(", ".join(english), "，".join(chinese))

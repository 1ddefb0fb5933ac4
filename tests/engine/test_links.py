"""The second text in the hub's own work: what it follows, what it never touches."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alerts.alert import Stage
from hub.alerts.links import Said, Tap, is_link
from hub.alerts.notification import Fate, Notification
from hub.engine import people
from hub.engine.links import LinkExpired, Links, NoSuchLink, digest, is_token, look, tap
from hub.homes import Contact, Person, Role
from hub.ports import Accepted, Inbound, NoAnswer, Rejected, Verdict
from tests.engine.pocket import HOUR, MINUTE, PEOPLE, SECOND, WANG, Answer, Pocket

AUNT = Person("aunt", "张姨", "+8613912345678", frozenset({Role.FAMILY}))
FAMILY = replace(WANG, contacts=tuple(Contact(p, Role.FAMILY) for p in ("daughter", "son", "aunt")))
LINKS = Links(b"k" * 32, "https://care.example/")


def a_hub() -> Pocket:
    """A hub whose one home has three relatives; one has a number where links are filtered."""
    hub = Pocket(FAMILY, people=(*PEOPLE, AUNT))
    hub.passes = lambda message: message.person_id != "aunt"
    return hub


def link_of(hub: Pocket, person: str) -> Notification:
    return next(m for m in hub.memory.messages.values() if is_link(m.key) and m.person_id == person)


def opened(hub: Pocket, person: str = "daughter") -> str:
    """Send the link of this person's first text; return its token."""
    link = link_of(hub, person)
    hub.do(lambda work: LINKS.keep(work, link))
    return LINKS.token(link.alert_id or "", person)


ANSWERS: dict[str, Answer] = {
    "accepted": Accepted("SM"),
    "delivered": Accepted("SM", Fate.DELIVERED),
    "later": Rejected(Verdict.LATER, "429"),
    "next": Rejected(Verdict.NEXT_CHANNEL, "21610"),
    "none": NoAnswer("timeout"),
}


@given(
    st.lists(st.sampled_from(sorted(ANSWERS)), min_size=3, max_size=12), st.sampled_from([SECOND, MINUTE, 9 * MINUTE])
)
def test_links_leave_after_all_first_texts_once_each_and_never_to_china(answers: list[str], span: timedelta) -> None:
    hub = a_hub()
    script = iter(answers)

    def carrier(message: Notification) -> Answer:
        answer = ANSWERS[next(script, "delivered")] if not is_link(message.key) else ANSWERS["delivered"]
        return (
            replace(answer, provider_id=f"SM{message.id}-{message.tries}") if isinstance(answer, Accepted) else answer
        )

    hub.carrier = carrier
    hub.press()
    hub.forward(span)
    told: set[str] = set()
    waiting = Counter(m.person_id for m in hub.memory.messages.values() if m.step is not None)
    for sent in hub.heard:
        if is_link(sent.key):
            assert sent.to in told, "after the first text of this person"
            assert sent.to != "aunt"
        told.add(sent.to)
    links = Counter(sent.to for sent in hub.heard if is_link(sent.key))
    assert all(count == 1 for count in links.values())
    first_link = next((n for n, sent in enumerate(hub.heard) if is_link(sent.key)), len(hub.heard))
    first_step = {sent.to for sent in hub.heard[:first_link] if sent.message.step == 0 and sent.message.round == 1}
    assert not links or first_step >= {"daughter", "son", "aunt"}, "nobody's link before another one's first text"
    assert waiting


def test_a_failed_link_moves_nothing_and_counts_as_no_step() -> None:
    hub = a_hub()
    plain = hub.carrier
    hub.carrier = lambda m: Rejected(Verdict.NEXT_CHANNEL, "30007") if is_link(m.key) else plain(m)
    hub.press()
    before = hub.alert()
    hub.forward(30 * SECOND)
    assert link_of(hub, "daughter").fate is Fate.FAILED
    assert hub.alert() == before
    assert [to for to, key in hub.said() if key == "sos.link"] == ["daughter", "son"]


def test_a_link_that_has_not_left_is_dropped_when_the_alert_is_closed() -> None:
    hub = a_hub()
    plain = hub.carrier
    hub.carrier = lambda m: Rejected(Verdict.LATER, "429") if is_link(m.key) else plain(m)
    hub.press()
    hub.reply("daughter", "1")
    assert link_of(hub, "son").fate is Fate.QUEUED  # whoever is told may look who has it
    hub.reply("daughter", "4")
    assert {link_of(hub, p).fate for p in ("daughter", "son")} == {Fate.CANCELLED}


def test_a_link_answers_to_nothing_that_the_first_text_does_not() -> None:
    hub = a_hub()
    hub.press()
    sent_at = hub.now
    hub.forward(10 * SECOND)
    late = replace(link_of(hub, "daughter"), sending_since=hub.now, created_at=hub.now)
    hub.save(late)
    hub.do(lambda work: people.received(work, Inbound("sms", "IN1", "+447700900101", "1", sent_at)))
    assert hub.alert().holder == "daughter"


def test_without_links_nobody_gets_one() -> None:
    hub = Pocket(FAMILY, people=(*PEOPLE, AUNT))
    hub.press()
    hub.forward(HOUR)
    assert not [key for _, key in hub.said() if is_link(key)]


# --- tokens ---------------------------------------------------------------------------------------------------


def test_a_token_is_for_one_person_and_one_alert_and_is_kept_nowhere() -> None:
    tokens = {LINKS.token(alert, person) for alert in ("A1", "A2") for person in ("daughter", "son")}
    assert len(tokens) == 4
    assert all(is_token(token) for token in tokens)
    assert LINKS.token("A1", "daughter") != Links(b"K" * 32, "https://care.example").token("A1", "daughter")
    hub = a_hub()
    hub.press()
    token = opened(hub)
    assert token not in repr(hub.memory)
    assert digest(token) in hub.memory.page_links


@pytest.mark.parametrize("token", ["", "x", "A" * 21, "A" * 23, "A" * 22, "字" * 22, "../../etc/passwd", "A" * 100_000])
def test_forged_tokens_open_nothing(token: str) -> None:
    hub = a_hub()
    hub.press()
    opened(hub)
    with pytest.raises(NoSuchLink):
        look(hub.memory, hub.memory.registry(), token, hub.now)
    with pytest.raises(NoSuchLink):
        hub.do(lambda work: tap(work, token, Tap.TAKE))


def test_a_link_opens_for_a_day_and_shows_how_it_ended() -> None:
    hub = a_hub()
    hub.press()
    token = opened(hub)
    assert hub.do(lambda work: tap(work, token, Tap.WELL)) is Said.DONE
    hub.forward(23 * HOUR)
    sight = look(hub.memory, hub.memory.registry(), token, hub.now)
    assert (sight.alert.stage, sight.person.id) == (Stage.RESOLVED, "daughter")
    hub.forward(2 * HOUR)
    with pytest.raises(LinkExpired):
        look(hub.memory, hub.memory.registry(), token, hub.now)
    with pytest.raises(LinkExpired):
        hub.do(lambda work: tap(work, token, Tap.TAKE))


def test_who_is_no_longer_known_sees_nothing() -> None:
    hub = a_hub()
    hub.press()
    token = opened(hub, "son")
    registry = hub.memory.registry()
    gone = replace(registry, people={id: p for id, p in registry.people.items() if id != "son"})
    with pytest.raises(NoSuchLink):
        look(hub.memory, gone, token, hub.now)


# --- taps -----------------------------------------------------------------------------------------------------


def test_who_taps_gets_no_text_and_the_others_hear_once() -> None:
    hub = a_hub()
    hub.press()
    token = opened(hub)
    hub.said()
    hub.do(lambda work: tap(work, token, Tap.TAKE))
    hub.turn()
    assert sorted(hub.said()) == [("aunt", "taken"), ("son", "taken")]
    hub.do(lambda work: tap(work, token, Tap.WELL))
    hub.turn()
    assert sorted(hub.said()) == [("aunt", "resolved"), ("son", "resolved")]
    assert hub.events()[-2:] == ["arrived", "resolve"]


def test_help_goes_to_the_alert_that_is_open_now() -> None:
    hub = a_hub()
    hub.press()
    token = opened(hub)
    hub.reply("son", "1")
    hub.reply("son", "4误按")
    hub.forward(MINUTE)
    hub.press()
    first, second = sorted(hub.memory.by_id.values(), key=lambda a: a.opened_at)
    hub.do(lambda work: tap(work, token, Tap.HELP))
    hub.turn()
    assert hub.memory.by_id[first.id].stage is Stage.RESOLVED
    assert hub.events(hub.memory.by_id[second.id])[-2:] == ["need_help", "step"]
    assert ("nurse", "need_help") in hub.said()


def test_being_away_closes_the_stillness_and_is_kept_with_who_said_so() -> None:
    hub = a_hub()
    hub.press()
    token = opened(hub)
    until = hub.now + 3 * 24 * HOUR
    hub.do(lambda work: tap(work, token, Tap.AWAY, until=until))
    assert hub.memory.registry().homes["wang"].away_until == until
    (act,) = hub.memory.acts("wang")
    assert (act.who, act.event) == ("daughter", "away")
    assert (hub.alert().stage, hub.alert().note) == (Stage.RESOLVED, "外出了")

"""The board's sentences: who and what, facts for whoever goes, fates of messages, history, why an alert exists."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from hub.alerts.alert import Alert, DutyKind, Entry
from hub.alerts.notification import Fate, Notification
from hub.alerts.policy import Severity
from hub.homes import SITE, Home, Registry, Resident
from hub.web.console.board import Card, Coming, Group, Rung
from hub.web.console.words import Words

Say = Callable[[Words], str]

HEADS: Mapping[str, Say] = {
    "sos": lambda w: w.say("%(who)s pressed the emergency button"),
    "call": lambda w: w.say("%(who)s rang the service bell"),
    "gas": lambda w: w.say("Gas alarm at the home of %(who)s"),
    "smoke": lambda w: w.say("Smoke alarm at the home of %(who)s"),
    "co": lambda w: w.say("Carbon monoxide alarm at the home of %(who)s"),
    "fall": lambda w: w.say("%(who)s may have fallen"),
    "leak": lambda w: w.say("Water leak at the home of %(who)s"),
    "inactivity": lambda w: w.say("%(who)s: no movement for %(h)s h, usually at most %(h2)s h"),
    "wandering": lambda w: w.say("%(who)s went out and has not come back"),
    "silent": lambda w: w.say("%(who)s: no signal from the %(dev)s for %(h)s h"),
    "unproven": lambda w: w.say("%(who)s: the %(dev)s was not pressed for %(n)s days"),
    "unheard": lambda w: w.say("%(who)s: %(n)s new devices never heard"),
    "unheard.homes": lambda w: w.say("%(who)s: %(n)s new homes never heard"),
    "tamper": lambda w: w.say("%(who)s: the %(dev)s was opened or moved"),
    "fault": lambda w: w.say("%(who)s: the %(dev)s reports a fault"),
    "battery": lambda w: w.say("%(who)s: battery of the %(dev)s at %(pct)s%%"),
    "mains": lambda w: w.say("Power cut at the home of %(who)s"),
    "gateway": lambda w: w.say("%(who)s: the home’s hub is offline"),
    "area": lambda w: w.say("%(who)s: %(n)s homes offline, maybe a power cut"),
    "unknown": lambda w: w.say("A device that nobody registered calls: %(who)s"),
    "session_lost": lambda w: w.say("The broker lost data: calls may be missing (%(who)s)"),
    "restored": lambda w: w.say("The hub was put back to a backup: calls may be missing (%(who)s)"),
    "database_lost": lambda w: w.say("The hub has a new database: earlier alerts are not known (%(who)s)"),
    "qos0": lambda w: w.say("%(who)s: the %(dev)s sends so that a press may be lost"),
    "unreadable": lambda w: w.say("%(who)s: the %(dev)s says what we cannot read"),
    "channel_refused": lambda w: w.say("The carrier refuses us: texts may not leave (%(channel)s)"),
    "stranger_code": lambda w: w.say("An unknown number used the code of %(who)s"),
    "config_differs": lambda w: w.say("Files and database have differed for a day"),
    "number.dead": lambda w: w.say("%(who)s: the number of %(by)s reaches nobody"),
}
# Where a fact is missing, the sentence without it.
_PLAIN: Mapping[str, tuple[tuple[str, ...], Say]] = {
    "inactivity": (("h", "h2"), lambda w: w.say("%(who)s: no movement for too long")),
    "silent": (("h",), lambda w: w.say("%(who)s: no signal from the %(dev)s")),
    "unproven": (("n",), lambda w: w.say("%(who)s: the %(dev)s was not pressed for long")),
    "battery": (("pct",), lambda w: w.say("%(who)s: battery of the %(dev)s is low")),
}
_STILL_FOR: Say = lambda w: w.say("%(who)s: no movement for %(h)s h")  # noqa: E731

WHYS: Mapping[str, Say] = {
    "sos": lambda w: w.say("The call button was pressed. Every press is an alert, whatever the home’s mode."),
    "call": lambda w: w.say("The service bell was rung: a wish, no emergency."),
    "gas": lambda w: w.say("The gas detector says alarm. Its own alarm always counts; only a person ends it."),
    "smoke": lambda w: w.say("The smoke detector says alarm. Its own alarm always counts; only a person ends it."),
    "co": lambda w: w.say("The CO detector says alarm. Its own alarm always counts; only a person ends it."),
    "fall": lambda w: w.say("The fall detector reported a fall."),
    "leak": lambda w: w.say("The leak detector says that there is water."),
    "inactivity": lambda w: w.say(
        "No sensor of the home noticed a sign of life for longer than the limit of this resident, and nobody said "
        "that they are away. Time in which we could not hear the home does not count."
    ),
    "silent": lambda w: w.say("The device said nothing for longer than its kind may be silent."),
    "unproven": lambda w: w.say("A pendant cannot report by itself: only a press proves that it works."),
    "unheard": lambda w: w.say("Devices that were set up a day ago have never been heard."),
    "unheard.homes": lambda w: w.say("Several homes that were set up a day ago have never been heard."),
    "battery": lambda w: w.say("The device says that its battery is low."),
    "mains": lambda w: w.say("The home’s hub reports that the mains are gone; the family hears of it after an hour."),
    "gateway": lambda w: w.say("The home’s hub said goodbye or is silent: calls from there cannot reach us."),
    "area": lambda w: w.say("More than three homes of one village lost their link together: one alert for all."),
    "unknown": lambda w: w.say("A device that is in no home’s list sent a call for help or an alarm."),
}

_NEEDS: Mapping[str, tuple[str, Say]] = {
    "deaf": ("ear", lambda w: w.say("Hard of hearing: speak slowly and loudly")),
    "no_speech": ("mute", lambda w: w.say("Cannot speak: a silent call is a call")),
    "incapacitated": ("bed", lambda w: w.say("Cannot get up alone")),
    "severe_disability": ("man", lambda w: w.say("Severely disabled")),
    "lives_with": ("people", lambda w: w.say("Does not live alone")),
}
_HOT = ("deaf", "no_speech")

FATES: Mapping[Fate, tuple[str, str, Say]] = {
    Fate.QUEUED: ("f-wait", "", lambda w: w.say("queued")),
    Fate.SENDING: ("f-run", "run", lambda w: w.say("sending")),
    Fate.ACCEPTED: ("f-acc", "", lambda w: w.say("accepted by the carrier")),
    Fate.DELIVERED: ("f-ok", "ok", lambda w: w.say("delivered")),
    Fate.FAILED: ("f-no", "bad", lambda w: w.say("not delivered: %(why)s")),
    Fate.UNKNOWN: ("f-unk", "bad", lambda w: w.say("unknown, asking the carrier")),
    Fate.CANCELLED: ("f-no", "", lambda w: w.say("not sent, no longer needed")),
}
# Source: twilio.com/docs/api/errors; what staff can do with it, not what the carrier calls it.
_REASONS: Mapping[str, Say] = {
    "30003": lambda w: w.say("phone off or out of reach"),
    "30004": lambda w: w.say("blocked by the phone"),
    "30005": lambda w: w.say("no such number"),
    "21211": lambda w: w.say("no such number"),
    "30006": lambda w: w.say("a landline, takes no texts"),
    "21614": lambda w: w.say("a landline, takes no texts"),
    "21635": lambda w: w.say("a landline, takes no texts"),
    "30007": lambda w: w.say("filtered by the carrier"),
    "21610": lambda w: w.say("the person stopped our texts"),
    "21408": lambda w: w.say("country not enabled at the carrier"),
}

GROUPS: Mapping[Group, Say] = {
    Group.FAMILY: lambda w: w.say("Family"),
    Group.NEIGHBOUR: lambda w: w.say("Neighbours"),
    Group.RESIDENT: lambda w: w.say("Resident"),
    Group.STAFF: lambda w: w.say("Staff on duty"),
    Group.SUPERVISOR: lambda w: w.say("Supervisor"),
    Group.OTHER: lambda w: w.say("Others"),
    Group.NOBODY: lambda w: w.say("Nobody to ask"),
}

_EVENTS: Mapping[str, Say] = {
    "opened": lambda w: w.say("The alert opened"),
    "again": lambda w: w.say("Again, %(count)s times now"),
    "again.pressed": lambda w: w.say("Pressed again, %(count)s times now"),
    "again.alarmed": lambda w: w.say("The detector alarmed again, %(count)s times now"),
    "cleared": lambda w: w.say("The detector says it is over"),
    "step": lambda w: w.say("Step %(step)s, round %(round)s: people are told"),
    "empty_step": lambda w: w.say("Step %(step)s has nobody to tell; the next one is asked"),
    "round_over": lambda w: w.say("Everybody was asked, nobody took it; from the first again"),
    "reached_nobody": lambda w: w.say("No message of this round reached anybody"),
    "hurry": lambda w: w.say("No message arrives: the next step begins now"),
    "acknowledge": lambda w: w.say("%(who)s took it"),
    "joined": lambda w: w.say("%(who)s goes as well"),
    "offered": lambda w: w.say("%(who)s offered to go"),
    "pass": lambda w: w.say("%(who)s cannot go"),
    "withdraw": lambda w: w.say("%(who)s does not come after all"),
    "hand_over": lambda w: w.say("%(who)s handed it over to %(to)s"),
    "on_way": lambda w: w.say("%(who)s is on the way"),
    "arrived": lambda w: w.say("%(who)s arrived"),
    "recorded": lambda w: w.say("%(who)s recorded the arrival of %(of)s"),
    "need_help": lambda w: w.say("%(who)s is there and needs help"),
    "remind": lambda w: w.say("%(holder)s was reminded"),
    "lapsed": lambda w: w.say("%(holder)s is overdue; asking again"),
    "reopened": lambda w: w.say("Needed again, from the first step"),
    "still_active": lambda w: w.say("The detector still alarms; asking again"),
    "watch_ended": lambda w: w.say("Looked at again: the detector is calm"),
    "life": lambda w: w.say("Somebody moved in the home again"),
    "note": lambda w: w.say("%(who)s noted: %(text)s"),
    "said": lambda w: w.say("%(who)s wrote: %(text)s"),
    "silenced": lambda w: w.say("%(who)s silenced it: %(reason)s"),
    "call": lambda w: w.say("%(who)s opened the numbers to call"),
    "late_tap": lambda w: w.say("%(who)s acted after it was closed; nothing changed"),
    "resolve": lambda w: w.say("%(who)s closed it: %(outcome)s"),
    "changed": lambda w: w.say("What it is about has changed"),
    "power": lambda w: w.say("Mains came or went again"),
    "stranger": lambda w: w.say("An unknown number answered with its code; that does not count"),
}

# What a device calls itself comes from outside and may be as long as a topic.
_LONGEST_NAME = 60

# A button is pressed again, a detector alarms again.
_AGAIN: Mapping[str, str] = {
    **dict.fromkeys(("sos", "call"), "again.pressed"),
    **dict.fromkeys(("gas", "smoke", "co", "leak", "fall"), "again.alarmed"),
}

REASONS: Mapping[str, Say] = {
    "in_hand": lambda w: w.say("in hand"),
    "false": lambda w: w.say("false alarm"),
    "other": lambda w: w.say("another reason"),
}

_VIAS: Mapping[str, Say] = {
    "sms": lambda w: w.say("by text"),
    "page": lambda w: w.say("on their page"),
    "console": lambda w: w.say("at the console"),
    "command": lambda w: w.say("by command"),
    "api": lambda w: w.say("by a program"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that changes what a helper does; `hot` ones stand out."""

    icon: str
    text: str
    hot: bool = False


class Sayings:
    """The board's sentences in one language, with the names of one site."""

    def __init__(self, words: Words, registry: Registry, site: str, accounts: Mapping[str, str] | None = None) -> None:
        """`accounts` names accounts that are no person, by their id."""
        self.words, self.registry, self.site = words, registry, site
        self._accounts = accounts or {}

    # --- people and places

    def name(self, who: str | None, known_as: object = "") -> Markup:
        """Return what somebody is called, isolated from the text around it."""
        if not who or who == "hub":
            return Markup("carehub")
        if who.startswith("@"):
            name = str(known_as) or self._accounts.get(who.removeprefix("@account:"), "")
            return _isolated(name or self.words.say("the duty desk"))
        return _isolated(self.registry.names.get(who, who))

    def people(self, ids: Iterable[str], most: int = 3) -> Markup:
        """Return several names, of many the first ones."""
        names = [self.name(id) for id in ids]
        shown = escape(self.words.catalogue.phrases.joined).join(names[:most])
        more = len(names) - most
        return shown if more <= 0 else shown + escape(self.words.say(" and %(n)s more", n=more))

    def channel(self, name: str) -> str:
        """Return what people call a channel; its own name if it is none of the usual ones."""
        return self.words.channel(name)

    def channels(self, names: Iterable[str]) -> str:
        """Return several channels."""
        return self.words.catalogue.phrases.joined.join(dict.fromkeys(self.channel(name) for name in names))

    def who(self, alert: Alert, home: Home | None) -> str:
        """Return whom an alert is about: a resident, a place, or the site."""
        return home.who if home is not None else str(alert.facts.get("who", "")) or self.site

    def place(self, card: Card) -> str:
        """Return where to go: the village where the address does not say it, the address, the room."""
        home, alert = card.home, card.alert
        address = home.address if home else str(alert.facts.get("addr", ""))
        area = self.registry.areas.get(card.area or "", "")
        room = self._stranger(alert) if alert.what == "unknown" else self.words.room(alert.room, home)
        return " · ".join(part for part in (area if area not in address else "", address, room) if part)

    def _stranger(self, alert: Alert) -> str:
        """Return what is known of a device that nobody registered: its kind, and the name it goes by."""
        kind = self.words.catalogue.devices.get(str(alert.facts.get("device_kind", "")), "")
        return " ".join(part for part in (kind, str(alert.facts.get("dev", ""))[:_LONGEST_NAME]) if part)

    def address(self, alert: Alert, home: Home | None) -> str:
        """Return the address as a stranger needs it: county, township and village too, where it does not say them."""
        told = home.address if home else str(alert.facts.get("addr", ""))
        code, areas = (home.area if home else "") or "", self.registry.areas
        codes = dict.fromkeys((code, code[:9].ljust(12, "0"), code[:6].ljust(12, "0")) if code else ())
        above = [name for each in codes if (name := areas.get(each, "")) and name not in told]
        return "".join((*reversed(above), told)) if self.words.is_chinese else ", ".join(p for p in (told, *above) if p)

    def device(self, alert: Alert) -> str:
        """Return what the device of an alert is called, with its room."""
        catalogue = self.words.catalogue
        kind = catalogue.devices.get(str(alert.facts.get("device_kind", "")), "")
        name = kind or str(alert.facts.get("dev", "")) or alert.device_id or catalogue.phrases.device
        room = self.words.room(alert.room, self.registry.homes.get(alert.home_id))
        return catalogue.phrases.device_in.format(room=room, device=name) if room and kind else name

    # --- the card

    def head(self, alert: Alert, who: Markup) -> Markup:
        """Return who and what, in a sentence; `who` may be a link."""
        facts = alert.facts
        sentence = HEADS.get(alert.what)
        if sentence is None:
            what = self.words.catalogue.what.get(alert.what, self.words.catalogue.phrases.alert)
            return _filled(self.words.say("%(who)s: %(what)s"), {"who": who, "what": what})
        wanted, plain = _PLAIN.get(alert.what, ((), sentence))
        if any(name not in facts for name in wanted):
            sentence = _STILL_FOR if alert.what == "inactivity" and "h" in facts else plain
        known = {"dev": self.device(alert), "n": "?", "h": "?", "pct": "?", "channel": "", "by": ""}
        return _filled(sentence(self.words), {**known, **facts, "who": who})

    def why(self, alert: Alert) -> str:
        """Return why the alert exists."""
        sentence = WHYS.get(alert.what)
        return sentence(self.words) if sentence else self.words.say("The hub noticed something that staff should see.")

    def facts(self, home: Home | None, now: datetime, *, helps: bool) -> list[Fact]:
        """Return what changes how a helper acts: hearing, speech, how to get in, age, mobility.

        How to get in is for those alone who may go there (`helps`).
        """
        if home is None:
            return []
        found = [fact for resident in home.residents for fact in self._needs(resident)]
        if home.access and helps:
            found.append(Fact("key", home.access, hot=True))
        found.sort(key=lambda fact: not fact.hot)
        for resident in home.residents[:1]:
            if resident.born:
                age = now.astimezone(self.words.timezone).year - resident.born
                found.append(Fact("", self.words.say("%(n)s years old", n=age)))
            if resident.mobility:
                found.append(Fact("walk", resident.mobility))
        others = self.words.catalogue.phrases.joined.join(r.name for r in home.residents[1:])
        if others:
            found.append(Fact("people", self.words.say("Lives with %(names)s", names=others)))
        return found

    def _needs(self, resident: Resident) -> list[Fact]:
        wanted = [need for need in _NEEDS if need in resident.needs]
        return [Fact(_NEEDS[need][0], _NEEDS[need][1](self.words), need in _HOT) for need in wanted]

    def then(self, card: Card) -> Markup:
        """Return what happens next, without its time."""
        w, coming = self.words, card.next
        if coming is None:
            return Markup("")
        if coming.kind is Coming.NOBODY:
            return escape(w.say("There is nobody to ask: no step of this ladder reaches anybody"))
        who = Markup('<b class="nb">{}</b>').format(self.people(coming.people))
        by = self.channels(coming.by if coming.together else coming.by[:1])
        if coming.kind is Coming.HANDED:
            to = self.name(coming.handed_to)
            return _filled(
                w.say("%(to)s was asked by name. Otherwise: %(by)s to %(who)s"), {"to": to, "by": by, "who": who}
            )
        if coming.kind is Coming.ROUND:
            if len(card.alert.ladder.rungs) == 1:  # nothing lies between the first and the first
                return _filled(w.say("%(by)s to %(who)s again"), {"by": w.begin(by), "who": who})
            return _filled(w.say("From the first again: %(by)s to %(who)s"), {"by": by, "who": who})
        return _filled(w.say("%(by)s to %(who)s"), {"by": w.begin(by), "who": who})

    # --- messages and history

    def fate(self, message: Notification) -> str:
        """Return what is known of a message."""
        text = FATES[message.fate][2](self.words)
        return text % {"why": self._why_failed(message)} if message.fate is Fate.FAILED else text

    def _why_failed(self, message: Notification) -> str:
        code = (message.error or "").partition(" ")[0]
        known = _REASONS.get(code)
        if known is not None:
            return known(self.words)
        return self.words.say("error %(code)s", code=code) if code.isdigit() else self.words.say("the carrier refused")

    def said_at(self, message: Notification) -> datetime:
        """Return when a message came to what is known of it."""
        return message.ended_at or message.accepted_at or message.sending_since or message.created_at

    def line(self, entry: Entry, what: str = "", *, held: bool = False) -> Markup | None:
        """Return one line of the history of an alert about `what`; None for what nobody needs to read.

        `held`: somebody had it already.
        """
        w, detail = self.words, entry.detail
        event = "joined" if entry.event == "acknowledge" and held else entry.event
        sentence = _EVENTS.get(_AGAIN.get(what, event) if event == "again" else event)
        if sentence is None:
            return None
        who = self.name(entry.who, detail.get("as", ""))
        if event == "resolve" and entry.who == "hub":
            return escape(w.say("It ended by itself"))
        values: dict[str, object] = {"text": "", "reason": "", "outcome": "", **detail, "who": who}
        values["to"], values["of"] = self.name(str(detail.get("to", ""))), self.name(str(detail.get("of", "")))
        values["holder"] = self.name(str(detail.get("holder", "")))
        if event == "silenced":
            values["reason"] = self.reason(entry)
        if event == "resolve":
            values["outcome"] = self.outcome(str(detail.get("outcome", "")), str(detail.get("note", "")))
        told = _filled(sentence(w), values)
        via = _VIAS.get(str(detail.get("via", ""))) if event in ("acknowledge", "arrived", "pass", "resolve") else None
        around = ("（", "）") if w.is_chinese else (" (", ")")
        return told + around[0] + via(w) + around[1] if via else told

    def reason(self, entry: Entry) -> str:
        """Return why somebody silenced an alert."""
        text = str(entry.detail.get("text", ""))
        reason = str(entry.detail.get("reason", ""))
        if reason == "other" and text:
            return text
        known = REASONS[reason](self.words) if reason in REASONS else reason
        return f"{known}{self.words.catalogue.phrases.joined}{text}" if text else known

    def outcome(self, outcome: str, note: str | None) -> str:
        """Return how an alert ended, with the words that somebody added."""
        catalogue = self.words.catalogue
        said = catalogue.outcomes.get(outcome, outcome)
        return catalogue.phrases.with_note.format(outcome=said, note=note) if note else said

    # --- what templates put together

    @property
    def comma(self) -> str:
        """What joins parts of a sentence."""
        return "，" if self.words.is_chinese else ", "

    @property
    def colon(self) -> str:
        """What stands before what is explained."""
        return "：" if self.words.is_chinese else ": "

    @property
    def stop(self) -> str:
        """What ends a sentence."""
        return self.words.catalogue.phrases.stop

    def fill(self, sentence: str, **values: object) -> Markup:
        """Return a sentence with names in it."""
        return _filled(sentence, values)

    @staticmethod
    def bold(text: str) -> Markup:
        """Return a text that stands out."""
        return Markup("<b>{}</b>").format(text)

    @staticmethod
    def strong(text: str) -> Markup:
        """Return the part of a headline that counts."""
        return Markup("<em>{}</em>").format(text)

    def name_of_home(self, alert: Alert) -> Markup:
        """Return whom an alert is about, without a link."""
        return _isolated(self.who(alert, self.registry.homes.get(alert.home_id)))

    def closed_by(self, alert: Alert, now: datetime) -> str:
        """Return by whom and when an alert was closed, as the end of a sentence."""
        if alert.resolved_at is None or alert.resolved_by is None:
            return ""
        return self.words.say(
            " by %(who)s, %(at)s",
            who=self.name(alert.resolved_by).striptags(),
            at=self.words.moment(alert.resolved_at, now),
        )

    def again(self, alert: Alert, now: datetime) -> str:
        """Return how often it came again, and when last: a button is pressed, a detector alarms."""
        n, at = alert.count - 1, self.words.moment(alert.last_press_at or alert.opened_at, now)
        match _AGAIN.get(alert.what):
            case "again.pressed":
                return self.words.count(
                    "pressed once more, last %(at)s", "pressed %(n)s times more, last %(at)s", n, at=at
                )
            case "again.alarmed":
                return self.words.count(
                    "alarmed once more, last %(at)s", "alarmed %(n)s times more, last %(at)s", n, at=at
                )
        return self.words.count("once more, last %(at)s", "%(n)s times more, last %(at)s", n, at=at)

    def closed_line(self, alert: Alert, now: datetime) -> str:
        """Return how an alert ended, by whom and when."""
        if alert.resolved_at is None:
            return ""
        at = self.words.moment(alert.resolved_at, now)
        if alert.resolved_by == "hub":
            return self.words.say("It ended by itself, %(at)s", at=at)
        who = self.name(alert.resolved_by).striptags()
        outcome = self.outcome(alert.outcome.value if alert.outcome else "", alert.note)
        return self.words.say("Closed by %(who)s, %(at)s: %(outcome)s", who=who, at=at, outcome=outcome)

    @staticmethod
    def looked_again_at(alert: Alert) -> datetime | None:
        """Return when a hazard that was closed under watch is looked at again."""
        duty = alert.duties.get(DutyKind.WATCH)
        return duty.due_at if duty else None

    @property
    def fates(self) -> Mapping[Fate, tuple[str, str, Say]]:
        """Picture and colour of each fate."""
        return FATES

    def group(self, rung: Rung) -> str:
        """Return whom a step asks."""
        return GROUPS[rung.group](self.words)

    def area(self, card: Card) -> str:
        """Return the name of an alert's area, or of the site."""
        return self.registry.area_name(card.area) if card.area else self.site

    def mixed(self, cards: Iterable[Card]) -> str:
        """Return what several alerts are about, each with its count."""
        what, other = self.words.catalogue.what, self.words.catalogue.phrases.alert
        counted = Counter(what.get(card.alert.what, other) for card in cards)
        return self.words.catalogue.phrases.joined.join(f"{name} {n}" for name, n in counted.most_common(4))

    @staticmethod
    def soonest(cards: Iterable[Card]) -> datetime | None:
        """Return when the first of these moves on."""
        return min((card.next.due_at for card in cards if card.next), default=None)

    def announced(self, card: Card) -> str:
        """Return what a screen reader says of a new alert."""
        what = self.words.catalogue.what.get(card.alert.what, self.words.catalogue.phrases.alert)
        sentence = {
            Severity.EMERGENCY: self.words.say("New emergency: %(who)s, %(what)s, %(where)s"),
            Severity.WARNING: self.words.say("New warning: %(who)s, %(what)s, %(where)s"),
        }.get(card.severity, "")
        values = {"who": self.who(card.alert, card.home), "what": what, "where": self.place(card) or self.site}
        return sentence % values if sentence else ""

    @staticmethod
    def telling(card: Card) -> list[Notification]:
        """Return the messages that a single line has room for: the last ones that asked somebody to come.

        A card that shows its ladder has those of this round there.
        """
        has_ladder = card.waits and card.severity is Severity.EMERGENCY
        asked = [m for m in card.item.messages if m.step is not None or m.key == "handed_over"]
        asked = [m for m in asked if m.fate is not Fate.CANCELLED]
        if has_ladder:
            asked = [m for m in asked if m.step is None and m.round == card.alert.round]
        return asked[-3:]

    def last_words(self, card: Card) -> list[tuple[datetime, Markup]]:
        """Return what people last did or said, newest last."""
        found = []
        for entry, held in self.entries(card.item.history):
            by_person = entry.who != "hub" and entry.event not in ("call", "silenced", "late_tap")
            if by_person and (said := self.line(entry, card.alert.what, held=held)) is not None:
                found.append((entry.at, said))
        return found[-2:]

    @staticmethod
    def entries(history: Iterable[Entry]) -> Iterator[tuple[Entry, bool]]:
        """Return the history, each line with whether somebody had the alert before it."""
        held = False
        for entry in history:
            yield entry, held
            if entry.event in ("acknowledge", "arrived"):
                held = True
            elif entry.event in ("pass", "lapsed", "reopened", "hand_over", "need_help", "resolve", "still_active"):
                held = False

    @staticmethod
    def cleared_at(card: Card) -> datetime | None:
        """Return when the detector last said that it is over, if it does not alarm again."""
        if card.alert.active:
            return None
        return next((e.at for e in reversed(card.item.history) if e.event == "cleared"), None)

    @staticmethod
    def share(since: datetime, until: datetime, now: datetime) -> float:
        """Return how much of a wait is over, from 0 to 1."""
        whole = (until - since).total_seconds()
        return 1.0 if whole <= 0 else round(min(1.0, max(0.0, (now - since).total_seconds() / whole)), 3)

    def is_site(self, alert: Alert) -> bool:
        """Whether the alert is about the site and no home."""
        return alert.home_id == SITE

    def left(self, until: datetime, now: datetime) -> str:
        """Return a countdown."""
        return self.words.countdown(max(until - now, timedelta(0)))


def _isolated(name: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(name)


def _filled(sentence: str, values: Mapping[str, object]) -> Markup:
    """Return a sentence with values that are escaped unless they are markup."""
    return escape(sentence) % {name: escape(value) for name, value in values.items()}

"""What a contact's page holds: one sentence first, who has it, what to do, then the proof below."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from hub.alerts.alert import DutyKind, Outcome
from hub.alerts.links import Face, Said, Tap, face
from hub.alerts.policy import Severity
from hub.engine.links import Sight
from hub.web.contact_history import asked, lines, next_step
from hub.web.telling import Teller, remark_of, whole
from hub.web.view import Button, PageSettings, View, dial

# Under 5 s from the event to what a phone shows. Source: GB/T 45839-2025, 5.12.5.
REFRESH = timedelta(seconds=4)
# Within this of the taking, whoever tapped as well was only a moment too late.
_JUST = timedelta(minutes=2)
_TALL = ("gas", "smoke", "co", "inactivity")


def view(sight: Sight, settings: PageSettings, said: Said = Said.DONE, *, paused: bool = False) -> View:
    """Return the page of one person; `said` is what their last tap was answered."""
    return _Page(sight, settings, said, paused).view()


class _Page:
    def __init__(self, sight: Sight, settings: PageSettings, said: Said, paused: bool) -> None:
        self.sight, self.settings, self.said, self.paused = sight, settings, said, paused
        self.alert, self.home = sight.alert, sight.home
        language = sight.person.language or settings.language
        self.tell = Teller(language, settings.timezone, sight.now, sight.person.id, sight.names)
        self.face = face(self.alert, sight.person.id, _calling(sight))
        self.who = whole(str(self.alert.facts.get("who", "")))
        self.by = self.tell.name(self.alert.holder)

    def view(self) -> View:
        told = {
            Face.OPEN: self._open,
            Face.MINE: self._mine,
            Face.TAKEN: self._taken,
            Face.JOINED: self._taken,
            Face.CALLING: self._helping,
            Face.DONE: self._done,
        }[self.face]()
        told = replace(told, foot=self._foot(), refresh=self._refresh(), links=self._foot_links())
        if self.face is Face.DONE:  # where the key lies is nobody's business any more
            return told
        return self._with_place(self._with_away(self._with_proof(told)))

    # --- the faces

    def _open(self) -> View:
        alert, tell = self.alert, self.tell
        tone = {Severity.EMERGENCY: "red", Severity.WARNING: "amber"}.get(alert.severity, "calm")
        small = tell.say("take.small", span=tell.span(alert.ladder.promise))
        take = Button(tell.say("take"), Tap.TAKE.value, small=small, main=True)
        buttons = [take, *self._call_resident(), Button(tell.say("cannot"), Tap.CANNOT.value)]
        if alert.what == "inactivity":  # the call comes first, and settles most of them
            buttons = [*self._call_resident(), take, self._ends("phoned", Tap.PHONED), buttons[-1]]
        coming = next_step(alert, tell)
        soft = [text for text in (asked(self.sight, tell), coming.text if coming else None) if text]
        return replace(
            self._blank(tone, tell.say(alert.severity.value), self._head(), self._when()),
            shape="octagon" if alert.severity is Severity.EMERGENCY else "triangle",
            now=tell.say("nobody"),
            soft=soft,
            buttons=buttons,
        )

    def _mine(self) -> View:
        alert, tell = self.alert, self.tell
        there = alert.arrived_at is not None
        until = tell.clock(alert.promised_until) if alert.promised_until else ""
        label, head = ("mine.there", "mine.there.head") if there else ("mine", "mine.head")
        confirm = alert.duties.get(DutyKind.CONFIRM)
        buttons = [
            self._ends("well.there" if there else "well", Tap.WELL, main=confirm is None),
            Button(tell.say("help.there" if there else "help"), Tap.HELP.value),
            *([] if there else [self._ends("phoned", Tap.PHONED)]),
            *self._call_resident(),
            *([] if there else [Button(tell.say("cannot.mine"), Tap.CANNOT.value)]),
        ]
        notice = None
        if confirm is not None:
            notice = tell.say("mine.again", n=alert.count, at=tell.clock(confirm.due_at))
            buttons.insert(0, Button(tell.say("confirm"), Tap.TAKE.value, main=True))
        when = tell.say("mine.there.until" if there else "mine.until", at=Markup("<b>{}</b>").format(until))
        told = replace(self._blank("held", tell.say(label), tell.say(head), when), shape="tick", now=self._head())
        return replace(told, soft=(self._when(),), buttons=buttons, notice=notice or told.notice)

    def _taken(self) -> View:
        alert, tell = self.alert, self.tell
        there, joined = alert.arrived_at is not None, self.face is Face.JOINED
        head = tell.say("taken.there" if there else "taken.head", by=self.by, who=self.who)
        soft = (tell.say("taken.soft.there" if there else "taken.soft"), self._head(), self._when())
        just = self.said is Said.TAKEN and not joined
        if joined:
            buttons = [
                self._ends("well", Tap.WELL, main=True),
                Button(tell.say("help"), Tap.HELP.value),
                *self._call_resident(),
                *self._call_desk(),
                Button(tell.say("cannot.joined"), Tap.CANNOT.value),
            ]
        else:
            buttons = [*self._call_desk(), *self._call_resident(), Button(tell.say("join"), Tap.JOIN.value)]
        now = "joined.now" if joined else "taken.just" if just else "taken.now"
        told = self._blank("held", tell.say("taken"), head, self._taken_when())
        return replace(told, shape="tick", now=tell.say(now, by=self.by), soft=soft, buttons=buttons)

    def _helping(self) -> View:
        tell = self.tell
        coming = next_step(self.alert, tell)
        soft = [text for text in (asked(self.sight, tell), coming.text if coming else None) if text]
        told = self._blank("red", tell.say("calling"), tell.say("calling.head"), self._when())
        buttons = [*self._call_desk(), self._ends("well.there", Tap.WELL), *self._call_resident()]
        return replace(told, shape="octagon", now=self._head(), soft=soft, buttons=buttons)

    def _done(self) -> View:
        alert, tell = self.alert, self.tell
        outcome, remark = alert.outcome or Outcome.GENUINE, remark_of(alert.note)
        key = {Outcome.FALSE: "done.false", Outcome.TEST: "done.test", Outcome.UNREACHED: "done.unreached",
               Outcome.DUPLICATE: "done.duplicate"}.get(outcome, "done.genuine")  # fmt: skip
        if outcome is Outcome.GENUINE and remark in ("well", "phoned"):
            key = "done.well"
        key = {"hospital": "done.hospital", "away": "done.away"}.get(remark or "", key)
        ended = alert.resolved_at or self.sight.now
        words = tell.outcome(outcome.value, alert.note)
        when = tell.say("done.itself.when", at=tell.clock(ended))
        if alert.resolved_by != "hub":
            when = tell.say(
                "done.when", by=tell.known(alert.resolved_by or "", alert), at=tell.clock(ended), outcome=words
            )
        elif outcome is Outcome.GENUINE:
            key = "done.itself"
        told = self._blank("calm", tell.say("done"), tell.say(key, who=self.who), when)
        watch = alert.duties.get(DutyKind.WATCH)
        if watch is not None:
            told = replace(told, notice=tell.say("done.watch", at=tell.clock(watch.due_at)))
        return replace(told, now=self._head(), soft=(self._when(),), buttons=self._last_buttons())

    def _last_buttons(self) -> list[Button]:
        return [*self._call_resident(), *self._call_desk()]

    # --- the parts

    def _blank(self, tone: str, label: Markup, head: Markup, when: Markup) -> View:
        tell, name = self.tell, whole(self.sight.person.name)
        key = "from" if self.settings.sender else "from.plain"
        return View(
            tell.language,
            title=head.striptags(),
            sender=tell.say(key, sender=self.settings.sender or "", name=name),
            tone=tone,
            label=label,
            head=head,
            when=when,
            test=tell.say("test") if self.alert.facts.get("test") else None,
            notice=self._notice(),
        )

    def _head(self) -> Markup:
        alert, tell = self.alert, self.tell
        facts = alert.facts
        if alert.what == "inactivity" and "h" in facts:
            key = "head.inactivity.usual" if "h2" in facts else "head.inactivity"
            return tell.say(key, who=self.who, h=facts["h"], h2=facts.get("h2", ""))
        key = f"head.{alert.what}"
        if key not in tell.words or (alert.what == "inactivity"):
            return tell.say("head.other", who=self.who, what=tell.what(alert))
        return tell.say(key, who=self.who)

    def _when(self) -> Markup:
        alert, tell = self.alert, self.tell
        since = alert.opened_at
        if alert.late is not None and not alert.pressed_since and alert.late.exact:
            since = alert.opened_at - alert.late.age
        day = tell.day(since)
        first = tell.parts(day[:1].upper() + day[1:], tell.room(alert, self.home), tell.ago(since))
        more = []
        if alert.late is not None and not alert.pressed_since:
            more.append(tell.say("late" if alert.late.exact else "late.most", span=tell.span(alert.late.age)))
        if alert.count > 1 and alert.last_press_at is not None:
            more.append(tell.say("times", n=alert.count, at=tell.clock(alert.last_press_at)))
        return Markup("<br>").join([first, *more])

    def _notice(self) -> Markup | None:
        """Return what must be read before anything is tapped: the answer to the last tap, or the danger there."""
        tell, alert = self.tell, self.alert
        if self.said is Said.CLOSED and self.face is Face.DONE:
            return tell.say("said.closed")
        if self.said is Said.ACTIVE and alert.active and self.face is not Face.DONE:
            return tell.say("said.active")
        if self.face is Face.DONE:
            return None
        said = [tell.say("still")] if alert.active and alert.what in ("gas", "smoke", "co", "leak") else []
        advice = f"advice.{alert.what}"
        if alert.what in _TALL and self.face is not Face.TAKEN:
            said.append(tell.say(advice))
        joint = escape("。" if tell.language.startswith("zh") else ". ")
        return joint.join(said) if said else None

    def _taken_when(self) -> Markup:
        alert, tell = self.alert, self.tell
        role = ""
        if alert.holder in alert.ladder.supervisors and alert.holder not in alert.ladder.staff:
            role = tell.words["is.supervisor"]
        elif alert.holder in alert.ladder.staff:
            role = tell.words["is.staff"]
        taken = tell.bit("taken.when", at=tell.clock(alert.taken_at)) if alert.taken_at else ""
        if alert.arrived_at is not None:
            return tell.parts(role, tell.bit("taken.arrived", at=tell.clock(alert.arrived_at)))
        eta = tell.bit("taken.until", at=tell.clock(alert.promised_until)) if alert.promised_until else ""
        return tell.parts(role, taken, eta)

    def _ends(self, key: str, tap: Tap, *, main: bool = False) -> Button:
        """Return a button that closes the alert; while the detector alarms it says so."""
        small = self.tell.say("watched") if self.alert.active else None
        return Button(self.tell.say(key), tap.value, small=small, main=main, watched=self.alert.active)

    def _call_resident(self) -> list[Button]:
        residents = self.home.residents if self.home is not None else ()
        return [
            Button(self.tell.say("call.resident", who=whole(each.name)), href=dial(each.phone))
            for each in residents
            if each.phone
        ]

    def _call_desk(self) -> list[Button]:
        href = dial(self.settings.desk)
        return [Button(self.tell.say("call.desk"), href=href)] if href else []

    def _with_proof(self, told: View) -> View:
        tell = self.tell
        dials = (Button(tell.say("ambulance"), href="tel:120"), Button(tell.say("fire"), href="tel:119"))
        history = lines(self.sight, tell)
        return replace(told, danger=tell.say("danger"), dial=dials, history_head=tell.say("so.far"), history=history)

    def _with_away(self, told: View) -> View:
        if self.alert.what != "inactivity" or self.home is None:
            return told
        tell = self.tell
        buttons = [
            Button(tell.say("away.until", at=tell.day(at)), Tap.AWAY.value, until=name)
            for name, at in returns(self.sight.now, tell.timezone).items()
        ]
        return replace(told, away=buttons, away_head=tell.say("away.head"), away_soft=tell.say("away.soft"))

    def _with_place(self, told: View) -> View:
        if self.home is None:
            return told
        place = [self.home.address, *([self.home.access] if self.home.access else [])]
        return replace(told, place=place, place_head=self.tell.say("where" if self.home.access else "where.plain"))

    def _refresh(self) -> timedelta | None:
        over = self.face is Face.DONE and not self.alert.duties
        return None if over or self.paused else REFRESH

    def _foot(self) -> list[Markup]:
        tell = self.tell
        over = self.face is Face.DONE and not self.alert.duties
        key = "updated" if over else "paused" if self.paused else "updates"
        return [
            tell.say(key, at=tell.exact(self.sight.now)),
            tell.say("yours.alone", at=tell.day(self.sight.expires_at)),
        ]

    def _foot_links(self) -> list[Button]:
        tell = self.tell
        own = [Button(tell.say("update"), href="?pause=1" if self.paused else "?")]
        if self._refresh() is not None:
            own.append(Button(tell.say("pause"), href="?pause=1"))
        elif self.paused and self.face is not Face.DONE:
            own.append(Button(tell.say("resume"), href="?"))
        href = dial(self.settings.desk)
        label = Markup("{} {}").format(tell.words["desk.number"], self.settings.desk)
        return [*own, Button(label, href=href)] if href else own


def returns(now: datetime, timezone: ZoneInfo) -> dict[str, datetime]:
    """Return when somebody who is away may say they are back, by the name the form posts."""
    local = now.astimezone(timezone).replace(minute=0, second=0, microsecond=0)
    evening = local.replace(hour=22)
    days = {"tomorrow": 1, "days3": 3, "week": 7}
    back = {name: (local + timedelta(days=n)).replace(hour=20) for name, n in days.items()}
    return {**({"evening": evening} if local.hour < 21 else {}), **back}


def _calling(sight: Sight) -> str | None:
    """Return who is there and asked for more people, if nobody has taken it since."""
    last = next((e for e in reversed(sight.history) if e.event in ("need_help", "acknowledge", "pass")), None)
    return last.who if last is not None and last.event == "need_help" else None

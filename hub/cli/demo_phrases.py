"""What the demo says about the hub's decisions: each sentence in Chinese and in English."""

from collections.abc import Mapping
from string import Formatter

_FORMATTER = Formatter()

# key: (Chinese, English). `{name}` is filled in; what is unknown is left out.
_PHRASES: Mapping[str, tuple[str, str]] = {
    # the kinds of lines
    "label.received": ("收到", "Heard"),
    "label.alert": ("告警", "Alert"),
    "label.notified": ("通知", "Told"),
    "label.fate": ("结果", "Fate"),
    "label.failed": ("没成", "Failed"),
    "label.due": ("到点", "Due"),
    "label.taken": ("接手", "Taken"),
    "label.resolved": ("办结", "Closed"),
    "label.noted": ("记下", "Noted"),
    "label.world": ("模拟", "World"),
    # severities, stages, roles
    "severity.emergency": ("紧急", "Emergency"),
    "severity.warning": ("重要", "Warning"),
    "severity.notice": ("提示", "Notice"),
    "role.family": ("家人", "family"),
    "role.neighbour": ("邻居", "neighbour"),
    "role.resident": ("本人", "resident"),
    "role.staff": ("值班人员", "staff on duty"),
    "role.supervisor": ("值班长", "supervisor"),
    "role.village": ("村里", "village staff"),
    "role.township": ("乡镇", "township staff"),
    "role.county": ("县里", "county staff"),
    "role.other": ("联系人", "contact"),
    # what devices say: text, then why
    "button.active": ("{dev}按下", "{dev}: pressed"),
    "button.why.sos": ("按钮的用途是“呼叫”，按一次就算", "its purpose is to call for help: one press is enough"),
    "button.why.call": ("这是服务铃，不是紧急呼叫", "it is the service bell, no call for help"),
    "button.why.other": ("这个按钮不是呼叫用的，只记下来", "this button is not there to call: only noted"),
    "button.clear": ("{dev}松开", "{dev}: released"),
    "hazard.active": ("{dev}报警", "{dev}: alarm"),
    "hazard.why.emergency": ("有危险，不等第二次，马上告警", "dangerous: nobody waits for a second word"),
    "hazard.why.warning": (
        "要紧，但不危及生命：按“重要”一级找人",
        "urgent but no danger to life: the ladder of a warning",
    ),
    "hazard.why.test": (
        "探测器说是自检：60 秒内没结束就当真",
        "it calls itself a test: real unless it ends within 60 s",
    ),
    "hazard.clear": ("{dev}恢复正常", "{dev}: over"),
    "hazard.why.clear": (
        "探测器自己说没事不算完，要有人看过才办结",
        "a detector's own word closes nothing: a person does",
    ),
    "motion.active": ("{room}有人走动", "Movement, {room}"),
    "contact.active": ("{dev}开了", "{dev}: open"),
    "contact.clear": ("{dev}关了", "{dev}: closed"),
    "bed.active": ("{dev}：有人躺下", "{dev}: somebody lies down"),
    "bed.clear": ("{dev}：离床", "{dev}: got up"),
    "life.why": ("有动静，人好好的，不用告警", "a sign of life: nothing to do"),
    "battery.active": ("{dev}电量低{pct}", "{dev}: battery low{pct}"),
    "battery.clear": ("{dev}电量正常", "{dev}: battery well again"),
    "mains.active": ("{dev}：停电了", "{dev}: the power is gone"),
    "mains.clear": ("{dev}：来电了", "{dev}: the power is back"),
    "tamper.active": ("{dev}被拆动", "{dev}: tampered with"),
    "fault.active": ("{dev}有故障", "{dev}: has a fault"),
    "availability.offline": ("{dev}没有信号了", "{dev}: no signal"),
    "availability.online": ("{dev}又有信号了", "{dev}: signal again"),
    "bridge.offline": ("家里的网关断线了", "The home's bridge is offline"),
    "bridge.online": ("家里的网关上线了", "The home's bridge is online"),
    "silence.why": (
        "先等一等：也许只是重启；到点还没有信号才找人",
        "it may be a restart: somebody is asked only if it lasts",
    ),
    "noted.why": ("记下来，不用告警", "kept; nothing to do"),
    "retained.why": ("消息服务器里存着的旧话，不算新的", "the broker kept it: old news is no news"),
    # an alert's way
    "opened": ("{severity} {code}：{title}", "{severity} {code}: {title}"),
    "opened.why": ("这家没有同样的告警开着，开一件新的", "no such alert was open at this home"),
    "opened.why.late": ("消息在路上耽搁了，按“晚到”说清楚", "it waited on its way: told as late"),
    "opened.why.inactivity": ("{h} 小时没有动静，到了给她定的限度", "no sign of life for {h} h, the limit set for her"),
    "opened.why.fault": ("是设备或线路的事，找值班人员处理", "a matter of devices or lines: staff see to it"),
    "step": ("{code} 第 {n} 步，{roles}：{names}", "{code}, step {n}, {roles}: {names}"),
    "step.again": (
        "{code} 第 {round} 遍第 {n} 步，{roles}：{names}",
        "{code}, round {round}, step {n}, {roles}: {names}",
    ),
    "step.why.first": ("一有告警就先找最近的人", "those who are closest come first, at once"),
    "step.why.waited": ("{wait}没有人接手", "nobody took it within {wait}"),
    "step.why.round": ("一遍叫完没有人接手，从头再来", "the round is over and nobody took it: again from the start"),
    "step.why.pass": ("{name}去不了，不等了", "{name} cannot: no more waiting"),
    "step.why.hurry": (
        "上一步的短信都没有着落，不等了",
        "the messages of the last step came to nothing: no more waiting",
    ),
    "step.why.again": ("又按了一次，下一步提前", "pressed again: the next step comes early"),
    "step.why.lapsed": ("{name}答应了却没有消息，接着找人", "{name} promised and was not heard of: others are asked"),
    "step.why.reopened": ("又报警了，重新从第一步找人", "it called again: from the first step anew"),
    "empty_step": ("{code} 第 {n} 步没有人可找", "{code}: step {n} has nobody"),
    "empty_step.why": ("马上往下走，并告诉值班长", "passed at once; the supervisor is told"),
    "round_over": ("{code} 第 {round} 遍叫完了，没有人接手", "{code}: round {round} is over, nobody took it"),
    "round_over.why": ("从头再来，直到有人接手", "again from the start, until somebody takes it"),
    "reached_nobody": ("{code} 一条短信都没送到", "{code}: not one message arrived"),
    "reached_nobody.why": ("告诉所有留了号码的人", "everybody who has a number is told"),
    "hurry": ("{code} 不等了，马上走下一步", "{code}: no more waiting, the next step is due now"),
    "hurry.why.failed": ("这一步的短信都没有送到", "every message of this step failed"),
    "hurry.why.unknown": ("运营商 45 秒没有说送到没有", "for 45 s the carrier has not said whether they arrived"),
    "again": ("{code} 又收到一次，共 {count} 次", "{code}: again, {count} times in all"),
    "again.why": ("同一件还开着，不另开一件", "the same alert is still open: no second one"),
    "acknowledge": ("{name}接手了 {code}", "{name} takes {code}"),
    "pass": ("{name}去不了 {code}", "{name} cannot go to {code}"),
    "pass.why": ("马上找下一个人", "the next person is asked now"),
    "withdraw": ("{name}不去 {code} 了", "{name} will not come to {code}"),
    "offered": ("{name}也愿意去 {code}", "{name} would go to {code} too"),
    "hand_over": ("{name}把 {code} 转给{other}", "{name} hands {code} to {other}"),
    "arrived": ("{name}到了（{code}）", "{name} is there ({code})"),
    "arrived.why": ("等{name}说结果；2 小时没有消息就问", "waits for the outcome; asked after 2 h without a word"),
    "need_help": ("{name}到了，要人帮忙（{code}）", "{name} is there and needs help ({code})"),
    "resolve": ("{name}办结 {code}：{outcome}", "{name} closes {code}: {outcome}"),
    "resolve.hub": ("{code} 自己好了，办结：{outcome}", "{code} mended itself and is closed: {outcome}"),
    "remind": ("提醒{name}：{code}", "{name} is reminded of {code}"),
    "remind.why": ("答应的时间过了一半", "half of the promised time is over"),
    "lapsed": ("{name}到点没有消息（{code}）", "{name} was not heard of in time ({code})"),
    "lapsed.why": ("答应的时间过了，接着往下找人", "the promise is over: the ladder goes on"),
    "reopened": ("{code} 又打开了", "{code} is open again"),
    "cleared": ("{code}：探测器说没事了", "{code}: the detector says that it is over"),
    "cleared.why": ("探测器自己说没事不算完，要有人看过才办结", "a detector's own word closes nothing: a person does"),
    "still_active": ("{code} 还在报警，又打开了", "{code} is still active: open again"),
    "watch_ended": ("{code} 看过了，没有再报警", "{code}: the watch is over"),
    "said": ("{name}说：“{text}”（{code}）", "{name} wrote “{text}” ({code})"),
    "said.why": ("没看懂，记下来，再问一声", "not understood: kept, and asked back"),
    "other": ("{code}：{event}", "{code}: {event}"),
    "via.sms": ("用短信回的", "by text"),
    "via.page": ("在短信里的页面上点的", "on the page of the text"),
    "via.command": ("用命令做的", "by command"),
    # messages
    "sent": ("短信交给运营商，发给{name}", "Text for {name} handed to the carrier"),
    "sent.why.step": ("{code} 第 {n} 步", "{code}, step {n}"),
    "sent.why.answer": ("回{name}一声", "an answer to {name}"),
    "sent.why.link": ("附上能查看和接手的链接", "with the link to see it and take it"),
    "sent.why.taken": ("告诉{name}已经有人接手", "somebody has it: {name} may rest"),
    "sent.why.arrived": ("告诉{name}有人到了", "{name} hears that somebody is there"),
    "sent.why.resolved": ("告诉{name}已经办结", "{name} hears how it ended"),
    "sent.why.remind": ("提醒{name}", "a reminder"),
    "sent.why.other": ("{code}", "{code}"),
    "sent.fast": ("，从按下算起 {ms} 毫秒", ", {ms} ms after it was heard"),
    "delivered": ("{name}的短信已送达", "Text for {name}: delivered"),
    "undelivered": ("{name}的短信没送到", "Text for {name}: not delivered"),
    "undelivered.why": ("{error}；这一步的都没送到就不再等", "{error}; if all of this step fail, nobody waits"),
    "unknown": ("{name}的短信结果不明", "Text for {name}: fate unknown"),
    "unknown.why": (
        "运营商没有回话：先去查，再决定要不要重发",
        "no answer from the carrier: looked up before it is sent again",
    ),
    # fates, short, under the ladder
    "fate.queued": ("{name}：排队", "{name}: queued"),
    "fate.sending": ("{name}：正在发", "{name}: being sent"),
    "fate.accepted": ("{name}：运营商已收", "{name}: with the carrier"),
    "fate.delivered": ("{name}：已送达", "{name}: delivered"),
    "fate.failed": ("{name}：没送到", "{name}: not delivered"),
    "fate.unknown": ("{name}：结果不明，正在查", "{name}: unknown, asking the carrier"),
    "fate.cancelled": ("{name}：不用发了", "{name}: no longer needed"),
    # what comes next
    "next.step": ("{due}后第 {n} 步：{roles} {names}", "Step {n} in {due}: {roles} {names}"),
    "next.round": ("{due}后从头再来，直到有人接手", "Again from the start in {due}, until somebody takes it"),
    "due.step": ("第 {n} 步：{roles} {names}", "Step {n}: {roles} {names}"),
    "due.round": ("从头再来", "Again from the start"),
    "due.remind": ("提醒{name}", "{name} is reminded"),
    "due.promise": ("{name}的时间到，没有消息就找别人", "{name}'s time is over; without a word others are asked"),
    "due.confirm": ("{name}没有回话就重新找人", "Unless {name} confirms, it is open again"),
    "due.tell": ("再告诉{name}一次", "{name} hears of further presses"),
    "due.watch": ("再看一眼是不是还在报警", "It is looked at again"),
    "again.rung": ("从头再来", "From the start"),
    "again.until": ("直到有人接手", "until somebody takes it"),
    "nobody": ("没有人", "nobody"),
    "holder.coming": ("{name}接手了，答应 {eta} 前到，还有 {due}", "{name} has it, there by {eta}, {due} left"),
    "holder.there": ("{name} {at} 到了，等结果，还有 {due}", "{name} arrived {at}; the outcome is due in {due}"),
    "quiet": ("还没有打扰。平时不打扰任何人。", "Not disturbed. In quiet times nobody is."),
    "quiet.soon": (
        "还没有打扰。没有人接手的话，{due} 后发短信。",
        "Not disturbed yet. If nobody takes it: a text in {due}.",
    ),
    "soon": ("没有人接手的话，{due} 后再发短信。", "If nobody takes it: the next text in {due}."),
    # spans
    "span.s": ("{n} 秒内", "{n} s"),
    "span.m": ("{n} 分钟内", "{n} min"),
    "span.h": ("{n} 小时内", "{n} h"),
    # the carrier's word under a text
    "carrier.delivered": ("已送达", "Delivered"),
    "carrier.sent": ("已送达，运营商还没回执", "Delivered, no receipt yet"),
    "carrier.other": ("运营商：{status}", "Carrier: {status}"),
    "times": ("按了 {n} 次", "{n} presses"),
    "late": ("晚到", "late"),
    "site": ("整个站点", "the site"),
}


class Phrases:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.chinese = language.startswith("zh")

    def __call__(self, key: str, **facts: object) -> str:
        """Return a sentence with its facts; names that are not given are empty."""
        form = _PHRASES[key][0 if self.chinese else 1]
        names = {name: "" for _, name, _, _ in _FORMATTER.parse(form) if name}
        return form.format(**{**names, **{name: str(value) for name, value in facts.items()}})

    def has(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in _PHRASES

    @property
    def comma(self) -> str:
        """What stands between two parts of a list."""
        return "、" if self.chinese else ", "

    @property
    def gap(self) -> str:
        """What stands between two words."""
        return "" if self.chinese else " "

"""The sheet that a test leaves: devices, results, signatures; the same on paper, on a screen, and in a year."""

from dataclasses import dataclass
from datetime import datetime

from hub.walktest import Verdict, WalkKind, WalkTest
from hub.web.console.probes import Line, lines_now, seconds
from hub.web.console.words import Words

# Who signs a sheet, in this order.
SIGNERS = ("installer", "resident", "staff")


@dataclass(frozen=True, slots=True)
class Row:
    """One device: what it is, and what it did."""

    name: str
    model: str
    place: str
    installed: str
    subsidy: str
    passed: bool
    result: str
    heard: str
    told: str
    delay: str
    signal: str
    battery: str
    why: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One line to sign; `name` is what was typed, empty for a pen."""

    signed_as: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All words of a sheet, in one language."""

    title: str
    site: str
    verdict: str
    passed: bool
    is_over: bool
    head: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    open_points: str
    signatures: tuple[Signature, ...]
    note: str
    number: str
    is_chinese: bool


def sheet_of(words: Words, test: WalkTest, now: datetime, site: str) -> Sheet:
    """Return the sheet of a test; of one that still runs, as it stands."""
    shown = lines_now(words, test, now)
    failed = [line for line in shown if line.verdict is not Verdict.PASSED]
    over = test.ended_at is not None
    passed = bool(test.passed) if over else not failed
    return Sheet(
        title=_title(words, test),
        site=site,
        verdict=_verdict(words, len(failed), is_over=over, passed=passed),
        passed=passed,
        is_over=over,
        head=_head(words, test),
        columns=_columns(words),
        rows=tuple(_row(words, line) for line in shown),
        open_points=words.say("Still to do") if failed else "",
        signatures=tuple(Signature(one, _signer(words, one), test.signed.get(one, "")) for one in SIGNERS),
        note=words.say("A press that nobody confirmed in this test was told as real. Tests do not count as calls."),
        number=words.say("Test %(id)s", id=test.id),
        is_chinese=words.is_chinese,
    )


def _title(words: Words, test: WalkTest) -> str:
    if test.kind is WalkKind.WEEKLY:
        return words.say("Weekly test of the call buttons")
    return words.say("Test of a home")


def _verdict(words: Words, failed: int, *, is_over: bool, passed: bool) -> str:
    if not is_over:
        return words.say("The test still runs")
    if passed:
        return words.say("All devices passed")
    return words.count("%(n)s device did not pass", "%(n)s devices did not pass", failed)


def _head(words: Words, test: WalkTest) -> tuple[tuple[str, str], ...]:
    zone = words.timezone
    began, ended = test.began_at.astimezone(zone), (test.ended_at or test.ends_at).astimezone(zone)
    return (
        (words.say("Resident"), test.who),
        (words.say("Address"), test.address),
        (words.say("Area"), f"{test.area_name} {test.area}" if test.area_name != test.area else test.area),
        (words.say("Home"), test.home_id),
        (words.say("Tested"), f"{began:%Y-%m-%d %H:%M} – {ended:%H:%M}"),
        (words.say("Tester"), test.tester_name or test.by),
    )


def _columns(words: Words) -> tuple[str, ...]:
    return (
        words.say("Device"),
        words.say("Model"),
        words.say("Place"),
        words.say("Installed"),
        words.say("Subsidy no."),
        words.say("Result"),
        words.say("Heard"),
        words.say("Tester told"),
        words.say("Signal"),
        words.say("Battery"),
    )


def _row(words: Words, line: Line) -> Row:
    probe = line.probe
    acted = probe.acted_at or probe.heard_at
    told = seconds(words, probe.told_at - probe.acted_at) if probe.told_at and probe.acted_at else ""
    return Row(
        name=line.name,
        model=probe.model or "",
        place=probe.place or "",
        installed=probe.installed_on.isoformat() if probe.installed_on else "",
        subsidy=probe.subsidy or "",
        passed=line.verdict is Verdict.PASSED,
        result=line.word,
        heard=words.clock(acted) if acted is not None else "",
        told=words.say("after %(span)s", span=told) if told else "",
        delay=line.delay,
        signal=line.signal,
        battery=line.battery,
        why=line.why,
    )


def _signer(words: Words, signed_as: str) -> str:
    match signed_as:
        case "installer":
            return words.say("Installer")
        case "resident":
            return words.say("Resident or family")
        case _:
            return words.say("Community staff")

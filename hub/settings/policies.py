"""`policies:` and `promise:` of hub.yaml to one Policy for each severity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.alerts.policy import Policy, Severity, Step
from hub.homes import Role
from hub.settings.entry import as_items, as_section, read_entry, report_unknown_key, subject
from hub.settings.fault import Place, Report, hint
from hub.settings.fields import spell
from hub.settings.hub_entries import PolicyEntry, PromiseEntry, StepEntry
from hub.settings.sentences import Phrase, as_it_is
from hub.settings.tree import Section

_WORDS = [role.value for role in Role]


@dataclass
class PoliciesDraft:
    """The ladders that could be read whole, and the place of each of their steps."""

    policies: dict[Severity, Policy] = field(default_factory=dict)
    places: dict[tuple[Severity, int], Place] = field(default_factory=dict)
    told: list[tuple[str, Phrase, Place]] = field(default_factory=list)


def read_policies(tree: Section, promise: PromiseEntry, channels: Iterable[str], report: Report) -> PoliciesDraft:
    """Read `policies:`; `channels` are the names that `by` may hold."""
    draft = PoliciesDraft()
    about = subject("in", "在", "policies")
    if tree.get("policies") is None:
        return draft  # that it is missing was said already
    policies = as_section(tree["policies"], tree.place("policies"), report, Phrase("", ""), "policies")
    severities = [severity.value for severity in Severity]
    for key in policies:
        if key not in severities:
            report_unknown_key(report, policies.place(key), about, key, severities)
    for severity in Severity:
        if policies.get(severity) is None:
            example = f"{severity}: {{{PolicyEntry.examples['steps']}}}"
            report.fault(policies.place(severity), "severity_missing", key=severity, example=as_it_is(example))
            continue
        section = as_section(policies[severity], policies.place(severity), report, about, severity)
        if section:
            _read_policy(severity, section, promise, list(channels), report, draft)
    return draft


def _read_policy(
    severity: Severity,
    section: Section,
    promise: PromiseEntry,
    channels: list[str],
    report: Report,
    draft: PoliciesDraft,
) -> None:
    """Read one ladder; keep it only if all of it is right."""
    about = subject("policy", "策略", severity)
    entry, sound = read_entry(PolicyEntry, section, report, about)
    if section.get("steps") is None:
        return
    items = as_items(section["steps"], section.place("steps"), report, about, "steps")
    steps: list[Step] = []
    for index, item in enumerate(items):
        place = items.place(index)
        step_about = Phrase(f"step {index + 1} of {severity}: ", f"{severity} 第 {index + 1} 步：")
        step_section = as_section(item, place, report, about, f"steps {index + 1}")
        if not isinstance(item, Section):
            sound = False
            continue
        step = _read_step(step_section, channels, report, step_about, draft)
        draft.places[severity, index] = place
        sound = sound and step is not None
        steps += [step] if step else []
    if not items and isinstance(section["steps"], list):
        report.fault(section.place("steps"), "no_steps", subject=about, example=as_it_is(PolicyEntry.examples["steps"]))
    if not (sound and steps):
        return
    if entry.repeat is not None and entry.repeat < steps[-1].wait:
        facts = {"value": spell(entry.repeat), "wait": spell(steps[-1].wait)}
        report.warn(section.place("repeat"), "repeat_short", subject=about, **facts)
    draft.policies[severity] = Policy(tuple(steps), entry.repeat, getattr(promise, severity.value))


def _read_step(
    section: Section, channels: list[str], report: Report, about: Phrase, draft: PoliciesDraft
) -> Step | None:
    """Read one rung; whom it tells is noted, and checked when the people are known."""
    entry, sound = read_entry(StepEntry, section, report, about)
    for key, words, allowed in (("tell", entry.tell, _WORDS), ("by", entry.by, channels)):
        if not words and section.get(key) == []:
            report.fault(section.place(key), "step_empty", subject=about, key=key, allowed=allowed)
            sound = False
    for word in entry.tell:
        draft.told.append((word, about, section.place("tell")))
    for word in entry.by:
        if channels and word not in channels:
            place, close = section.place("by"), hint(word, channels)
            report.fault(place, "unknown_channel", subject=about, value=word, hint=close, allowed=channels)
            sound = False
    return Step(tuple(dict.fromkeys(entry.tell)), tuple(dict.fromkeys(entry.by)), entry.wait) if sound else None


def check_told(draft: PoliciesDraft, people: Mapping[str, object], report: Report) -> None:
    """Report words of `tell` that are neither a role nor a person."""
    for word, about, place in draft.told:
        if word not in _WORDS and word not in people:
            # A misspelt role is likelier than a misspelt person.
            close = hint(word, [*_WORDS, *people])
            report.fault(place, "unknown_tell", subject=about, value=word, hint=close, allowed=_WORDS)

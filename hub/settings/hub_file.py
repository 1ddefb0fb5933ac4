"""hub.yaml to the settings of this hub: every section on its own, so that one mistake hides no other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from devices import dialects as known_dialects
from devices.dialect import Dialect
from hub.alerts.policy import Severity
from hub.channels import CHANNEL_SETTINGS, ChannelSettings, WrongSetting
from hub.settings.entry import (
    NO_SUBJECT,
    EntryType,
    as_section,
    keys,
    read_entry,
    report_unknown_key,
    report_unquoted,
    subject,
)
from hub.settings.environment import MQTT_PASSWORD, secret, secret_file
from hub.settings.fault import Fault, Place, Report, closest
from hub.settings.hub_entries import AuditEntry, HubEntry, KeepEntry, MqttEntry, PromiseEntry, WebEntry
from hub.settings.hub_settings import AuditSettings, HubSettings, KeepSettings, MqttSettings, WebSettings
from hub.settings.policies import PoliciesDraft, read_policies
from hub.settings.sentences import Phrase, as_it_is
from hub.settings.tree import Section, plain

_CHANNEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_EXAMPLE_CHANNEL = 'sms: {type: twilio_sms, from: "+15005550006"}'
_POSTGRESQL = "postgresql://"


@dataclass
class HubDraft:
    """What hub.yaml says, as far as it could be read; `settings` is whole only if the report has no fault.

    `missing` are secrets that only `run` needs.
    """

    top: HubEntry
    dialects: Sequence[Dialect]
    channels: dict[str, ChannelSettings]
    ladders: PoliciesDraft
    channels_at: Place
    settings: HubSettings | None = None
    missing: list[Fault] = field(default_factory=list)


def read_hub(tree: Section, folder: Path, environ: Mapping[str, str], report: Report) -> HubDraft:
    """Read the whole file; secrets come from `environ`, relative paths count from `folder`."""
    before = len(report.faults)
    top, _ = read_entry(HubEntry, tree, report, NO_SUBJECT)
    channels = _channels(tree, report)
    names = tree["channels"] if isinstance(tree.get("channels"), Section) else channels
    promise = _section(PromiseEntry, tree, "promise", report)
    draft = HubDraft(
        top,
        _dialects(tree, report),
        channels,
        read_policies(tree, promise, [name for name in names if isinstance(name, str)], report),
        tree.place("channels"),
    )
    mqtt = _mqtt(tree, folder, environ, report)
    web = _section(WebEntry, tree, "web", report)
    keep = _section(KeepEntry, tree, "keep", report)
    audit = _section(AuditEntry, tree, "audit", report)
    environment = _channel_environment(channels, folder, environ, report, draft.missing)
    database = _database(top.database, tree.place("database"), folder, report)
    if len(report.faults) > before or top.timezone is None:
        return draft
    draft.settings = HubSettings(
        site=top.site,
        timezone=top.timezone,
        database=database,
        mqtt=mqtt,
        channels=channels,
        policies=draft.ladders.policies,
        promise={severity: getattr(promise, severity.value) for severity in Severity},
        web=WebSettings(web.listen, web.public_url),
        keep=KeepSettings(keep.readings, keep.alerts),
        audit=AuditSettings(audit.deadman_url),
        desk=top.desk,
        language=top.language,
        dialects=plain(tree.get("dialects") or {}),
        channel_environment=environment,
    )
    return draft


def _section(model: type[EntryType], tree: Section, key: str, report: Report) -> EntryType:
    """Read one flat section; what is missing or wrong has its default."""
    section = as_section(tree.get(key), tree.place(key), report, NO_SUBJECT, key)
    if tree.get(key) is None:
        return model()
    return read_entry(model, section, report, Phrase(f"{key}: ", f"{key}："))[0]


def _mqtt(tree: Section, folder: Path, environ: Mapping[str, str], report: Report) -> MqttSettings:
    entry = _section(MqttEntry, tree, "mqtt", report)
    password = environ.get(MQTT_PASSWORD) or None
    if password is None and entry.password_file:
        section = tree["mqtt"]
        place = section.place("password_file")
        file = folder / entry.password_file
        password = secret_file(file, Report(f"{report.where(place)}: {file}", report.faults, report.warnings))
    return MqttSettings(entry.url, entry.client_id, entry.username, password)


def _database(url: str, place: Place, folder: Path, report: Report) -> str:
    """Return the address with an absolute path; a password belongs into the environment."""
    if url.startswith("sqlite:///"):
        return f"sqlite:///{folder.absolute() / url.removeprefix('sqlite:///')}"
    if urlsplit(url).password is not None and not isinstance(place, str):
        report.fault(place, "secret_in_url", subject=NO_SUBJECT, key="database", instead="CAREHUB_DATABASE")
    return f"postgresql+psycopg://{url.removeprefix(_POSTGRESQL)}" if url.startswith(_POSTGRESQL) else url


def _dialects(tree: Section, report: Report) -> Sequence[Dialect]:
    """Build the dialects, to know which topics they read; none if their settings are wrong."""
    section = as_section(tree.get("dialects"), tree.place("dialects"), report, NO_SUBJECT, "dialects")
    before = len(report.faults)
    for name, value in section.items():
        if name not in known_dialects.SETTINGS:
            report_unknown_key(report, section.place(name), _about_dialects(), name, list(known_dialects.SETTINGS))
            continue
        about = subject("dialect", "方言", name)
        inner = as_section(value, section.place(name), report, _about_dialects(), name)
        allowed = list(known_dialects.SETTINGS[name])
        for key in inner:
            if key not in allowed:
                report_unknown_key(report, inner.place(key), about, key, allowed)
    if len(report.faults) > before:
        return ()
    try:
        return known_dialects.build({name: value or {} for name, value in plain(section).items()})
    except known_dialects.InvalidSetting as error:
        place: Place = section.place(error.path[0])
        settings = section.get(error.path[0])
        if isinstance(settings, Section) and len(error.path) > 1:
            place = settings.place(error.path[1])
        report.fault(place, "dialects", reason=as_it_is(f"{'.'.join(error.path)}: {error.reason}"))
        return ()


def _about_dialects() -> Phrase:
    return Phrase("dialects: ", "dialects：")


def _channels(tree: Section, report: Report) -> dict[str, ChannelSettings]:
    """Read `channels:`; the type of each chooses its settings."""
    if tree.get("channels") is None:
        return {}
    section = as_section(tree["channels"], tree.place("channels"), report, NO_SUBJECT, "channels")
    if not section and isinstance(tree["channels"], Section):
        report.fault(tree.place("channels"), "no_channel", example=as_it_is(_EXAMPLE_CHANNEL))
    found: dict[str, ChannelSettings] = {}
    for name, value in section.items():
        if not _CHANNEL_NAME.fullmatch(name):
            report.fault(section.place(name), "channel_name", value=name)
            continue
        inner = as_section(value, section.place(name), report, Phrase("channels: ", "channels："), name)
        if isinstance(value, Section) and (settings := _channel(name, inner, report)):
            found[name] = settings
    return found


def _channel(name: str, section: Section, report: Report) -> ChannelSettings | None:
    """Read one channel; None if something in it is wrong."""
    about = subject("channel", "通道", name)
    types = {model.model_fields["type"].default: model for model in CHANNEL_SETTINGS}
    wanted = section.get("type")
    if wanted is None:
        report.fault(section.line, "missing", subject=about, key="type", example=as_it_is(f"type: {next(iter(types))}"))
        return None
    model = types.get(wanted) if isinstance(wanted, str) else None
    if model is None:
        allowed = closest(str(wanted), types) if isinstance(wanted, str) else list(types)
        value = wanted if isinstance(wanted, str) else "…"
        report.fault(section.place("type"), "channel_type", name=name, value=value, allowed=allowed)
        return None
    unquoted = report_unquoted(section, keys(model), report, about)
    try:
        return model.model_validate({key: value for key, value in plain(section).items() if value is not None})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _add_channel_fault(detail, section, model, about, report, unquoted=unquoted)
        return None


def _add_channel_fault(
    detail: Any, section: Section, model: type[ChannelSettings], about: Phrase, report: Report, *, unquoted: bool
) -> None:
    """Report one mistake of a channel; its model knows nothing of our sentences."""
    key = str(detail["loc"][0])
    place = section.place(key)
    if detail["type"] == "missing":
        report.fault(place, "missing", subject=about, key=key, example=as_it_is('from: "+15005550006"'))
    elif detail["type"] == "extra_forbidden":
        instead = ", ".join(model.required_environment)
        report_unknown_key(report, place, about, key, keys(model), instead)
    elif detail["type"] == "string_type":
        if not unquoted:
            report.fault(place, "not_text", subject=about, key=key)
    else:
        wrong = detail.get("ctx", {}).get("error")
        known = isinstance(wrong, WrongSetting)
        reason = Phrase(wrong.english, wrong.chinese) if known else as_it_is(detail["msg"])
        report.fault(place, "value", subject=about, key=key, reason=reason)


def _channel_environment(
    channels: Mapping[str, ChannelSettings],
    folder: Path,
    environ: Mapping[str, str],
    report: Report,
    missing: list[Fault],
) -> dict[str, str]:
    """Collect what the channels need from the environment; what is not there is only `run`'s business."""
    found: dict[str, str] = {}
    asked: set[str] = set()
    for channel, settings in channels.items():
        for name in (*settings.required_environment, *settings.optional_environment):
            if name in asked:
                continue
            asked.add(name)
            before = len(report.faults)
            value = secret(name, environ, folder, report)
            if value is not None:
                found[name] = value
            elif name in settings.required_environment and len(report.faults) == before:
                missing.append(Fault(name, None, "secret_missing", {"name": name, "channel": channel}))
    return found

"""Reads and checks a configuration folder: all mistakes of all files in one pass, or a Configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.clock import HubClock
from hub.homes import Registry
from hub.settings.environment import override
from hub.settings.fault import ConfigurationError, Fault, Report
from hub.settings.files import HOMES_FILES, HUB_FILE, read_file
from hub.settings.homes_entries import Scope
from hub.settings.homes_file import HomesDraft, Source, read_homes
from hub.settings.hub_file import HubDraft, read_hub
from hub.settings.hub_settings import HubSettings
from hub.settings.policies import check_told
from hub.settings.reach import check_reach
from hub.settings.tree import Section

# A gateway without a clock of its own may believe in 1970; nobody it cares for was born after this.
_YEAR_OF_THIS_VERSION = 2026


@dataclass(frozen=True)
class Configuration:
    """A folder without mistakes. `warnings` are what is allowed but may not be meant.

    `missing_secrets` are among the warnings: a folder can be checked where its secrets are not, only `run` needs
    them and asks with `require_secrets`.
    """

    folder: Path
    hub: HubSettings
    registry: Registry
    warnings: list[Fault]
    missing_secrets: tuple[Fault, ...] = ()

    def require_secrets(self) -> None:
        """Raise ConfigurationError if a channel lacks what it needs from the environment."""
        if self.missing_secrets:
            others = [each for each in self.warnings if each not in self.missing_secrets]
            raise ConfigurationError(self.missing_secrets, others, self.hub.language)


def load(folder: Path, environ: Mapping[str, str]) -> Configuration:
    """Read `hub.yaml` and all `homes*.yaml` of a folder; raises ConfigurationError with every mistake in them."""
    draft, hub_report = _read_hub_file(folder, environ)
    sources, reports = _read_homes_files(folder)
    homes = read_homes(sources, _scope(draft))
    if draft is not None:
        _check_together(draft, homes, sources, hub_report)
    reports = [hub_report, *reports]
    faults = [fault for report in reports for fault in _sorted(report.faults)]
    warnings = [fault for report in reports for fault in _sorted(report.warnings)] + _not_read(folder)
    if faults or draft is None or draft.settings is None:
        raise ConfigurationError(faults, warnings, draft.top.language if draft else "en")
    registry = Registry.of(homes.people.values(), homes.homes.values(), areas=homes.areas)
    return Configuration(folder, draft.settings, registry, [*warnings, *draft.missing], tuple(draft.missing))


def load_hub(folder: Path, environ: Mapping[str, str]) -> HubSettings:
    """Read `hub.yaml` alone, whatever the other files say; raises ConfigurationError with every mistake in it."""
    draft, report = _read_hub_file(folder, environ)
    if draft is None or draft.settings is None:
        raise ConfigurationError(_sorted(report.faults), _sorted(report.warnings))
    return draft.settings


def _read_hub_file(folder: Path, environ: Mapping[str, str]) -> tuple[HubDraft | None, Report]:
    if not folder.is_dir():
        raise ConfigurationError([Fault(str(folder), None, "no_folder")])
    report = Report(str(folder / HUB_FILE))
    tree = read_file(folder / HUB_FILE, report)
    if tree is None:
        return None, report
    override(tree, environ, report)
    return read_hub(tree, folder, environ, report), report


def _scope(draft: HubDraft | None) -> Scope:
    timezone = draft.top.timezone if draft else None
    this_year = max(HubClock().now().year, _YEAR_OF_THIS_VERSION)
    return Scope(timezone or ZoneInfo("UTC"), draft.dialects if draft else (), this_year)


def _check_together(draft: HubDraft, homes: HomesDraft, sources: Sequence[Source], report: Report) -> None:
    """Check what needs both: people in ladders, and ladders for homes."""
    check_told(draft.ladders, homes.people, report)
    if sources:
        check_reach(homes, draft.ladders, draft.channels, report, draft.channels_at)


def _read_homes_files(folder: Path) -> tuple[list[Source], list[Report]]:
    """Parse all homes*.yaml homes.yaml first, the others in the order of their names."""
    reports: list[Report] = []
    sources: list[Source] = []
    for path in sorted(folder.glob(HOMES_FILES), key=lambda each: (each.name != "homes.yaml", each.name)):
        report = Report(str(path))
        reports.append(report)
        tree = read_file(path, report)
        if isinstance(tree, Section):
            sources.append(Source(tree, report))
    if not reports:
        report = Report(str(folder / "homes.yaml"))
        report.fault(None, "file_missing")
        reports.append(report)
    return sources, reports


def _not_read(folder: Path) -> list[Fault]:
    """Name YAML files that somebody may believe to count."""
    read = {HUB_FILE, *(path.name for path in folder.glob(HOMES_FILES))}
    others = sorted(path for pattern in ("*.yaml", "*.yml") for path in folder.glob(pattern) if path.name not in read)
    return [Fault(str(path), None, "not_read") for path in others]


def _sorted(faults: Sequence[Fault]) -> list[Fault]:
    """Order by line; the same mistake found on two ways is said once."""
    once: dict[str, Fault] = {}
    for fault in sorted(faults, key=lambda each: (each.line or 0, each.path)):
        once.setdefault(str(fault), fault)
    return list(once.values())

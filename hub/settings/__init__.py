"""Configuration: a folder of YAML, checked whole before anything starts."""

from hub.settings.difference import (
    Change,
    Difference,
    MergeRefused,
    difference,
    merge,
    removed,
)
from hub.settings.fault import ConfigurationError, Fault
from hub.settings.hub_settings import AuditSettings, HubSettings, KeepSettings, MqttSettings, WebSettings
from hub.settings.load import Configuration, load, load_hub
from hub.settings.registry_json import dump, parse

__all__ = [
    "AuditSettings",
    "Change",
    "Configuration",
    "ConfigurationError",
    "Difference",
    "Fault",
    "HubSettings",
    "KeepSettings",
    "MergeRefused",
    "MqttSettings",
    "WebSettings",
    "difference",
    "dump",
    "load",
    "load_hub",
    "merge",
    "parse",
    "removed",
]

"""What a transaction does with single people and homes: each change costs no more than what it is about."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from hub.homes import Home, Person, Registry


class RegistryKeeping(Protocol):
    """Writes some people and homes; the version rises with each call, which returns it."""

    def registry_near(self, known: Registry) -> Registry | None:
        """Return what `registry_from` does if that takes little; None if too much has changed since."""
        ...

    def registry_from(self, known: Registry) -> Registry:
        """Return all people, homes and devices; where it can, read only what changed since the version of `known`."""
        ...

    def save_people(self, people: Iterable[Person]) -> int:
        """Insert or replace these people."""
        ...

    def drop_person(self, id: str) -> int:
        """Remove a person."""
        ...

    def save_homes(self, homes: Iterable[Home]) -> int:
        """Insert or replace these homes with their devices, in the order given."""
        ...

    def drop_home(self, id: str) -> int:
        """Remove a home and its devices."""
        ...

    def save_areas(self, areas: Mapping[str, str]) -> int:
        """Say what people call these areas; the others stay as they are."""
        ...

"""What pages that change people, homes and devices need from who knows what may stand in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from hub.homes import Home, Person, Registry

Read_co = TypeVar("Read_co", covariant=True)


class Part(StrEnum):
    """What of a home one form is about."""

    HOME = "home"
    RESIDENT = "resident"
    CONTACT = "contact"
    ROOM = "room"
    DEVICE = "device"


# The key of a part that is not there yet.
NEW = "new"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake in words: `field` is the form's field it is about, "" for none of them."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Read(Generic[Read_co]):
    """What a form says: `value` only without `faults`. `people` are those who come with it; `warnings` stop nothing."""

    value: Read_co | None
    faults: tuple[Complaint, ...] = ()
    warnings: tuple[Complaint, ...] = ()
    people: tuple[Person, ...] = ()


class Editor(Protocol):
    """Reads forms with the checks and sentences of the configuration. Slow on a large site: call it in a thread."""

    def person(
        self, registry: Registry, known: Person | None, values: Mapping[str, str], language: str
    ) -> Read[Person]:
        """Return the person as the form says; `known` is who it was, None for somebody new."""
        ...

    def home(
        self, registry: Registry, known: Home | None, part: Part, key: str, values: Mapping[str, str], language: str
    ) -> Read[Home]:
        """Return the home with one part as the form says. `key` names the resident, contact, room or device, or NEW."""
        ...

    def left_out(self, registry: Registry, known: Home, part: Part, key: str, language: str) -> Read[Home]:
        """Return the home without one part, or what needs it; raises LookupError if there is no such part."""
        ...

    def without_person(self, registry: Registry, person: Person, language: str) -> tuple[Complaint, ...]:
        """Return what is wrong with removing a person."""
        ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a spreadsheet would change, or, with `faults`, why nothing of it can be taken.

    `faults` and `warnings` are sentences with row and column. `new` and `changed` are ids of homes. `people`, `homes`
    and `areas` are what would be written; `version` of people and homes it was compared with.
    """

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    devices: int = 0
    people: tuple[Person, ...] = ()
    homes: tuple[Home, ...] = ()
    areas: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.people or self.homes or self.areas)


class Importer(Protocol):
    """Reads spreadsheets of homes. Slow: call it in a thread."""

    def read(self, name: str, data: bytes, registry: Registry, may: Callable[[str], bool], language: str) -> Proposal:
        """Return what the file would change; `may` says whose area is the reader's business. Never raises."""
        ...

    def template(self, language: str, *, csv: bool = False) -> bytes:
        """Return an empty spreadsheet with its header, an example and what is allowed."""
        ...

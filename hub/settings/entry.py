"""Checks one section of the tree against its model, and turns every mistake into a sentence with its place."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.settings.fault import Fact, Place, Report, Wrong, hint
from hub.settings.sentences import Phrase, as_it_is
from hub.settings.tree import Items, Section, Unquoted

NO_SUBJECT = Phrase("", "")
THE_ENVIRONMENT = Phrase("an environment variable", "环境变量")

# What to write instead of a secret, by the key under which people write it.
_SECRETS = ("password", "passwd", "pass", "token", "auth_token", "account_sid", "secret", "api_key", "key")


class Entry(BaseModel):
    """One section of a file. All keys have defaults: `required` says which must be there all the same.

    So what is right in a section with mistakes can still be used to check the rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[dict[str, str]] = {}
    secrets_go_to: ClassVar[Fact] = THE_ENVIRONMENT


EntryType = TypeVar("EntryType", bound=Entry)


def subject(english: str, chinese: str, name: str) -> Phrase:
    """Return how a sentence names the thing it is about: `device kitchen-gas: `."""
    return Phrase(f"{english} {name}: ", f"{chinese} {name}：")


def read_entry(
    model: type[EntryType],
    section: Section,
    report: Report,
    about: Phrase,
    context: object = None,
    facts: Mapping[str, Fact] | None = None,
) -> tuple[EntryType, bool]:
    """Return the section as its model, and whether it had no mistake; wrong keys have their defaults.

    `context` reaches the validators, `facts` the sentences.
    """
    values = {key: value for key, value in section.items() if value is not None}
    missing = [key for key in model.required if key not in values]
    for key in missing:
        example = model.examples.get(key, f"{key}: …")
        report.fault(section.place(key), "missing", subject=about, key=key, example=as_it_is(example))
    try:
        return model.model_validate(values, context=context), not missing
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _add(detail, model, section, report, {"subject": about, **(facts or {})})
            values.pop(str(detail["loc"][0]), None)
        return model.model_validate(values, context=context), False


def _add(
    detail: Mapping[str, Any], model: type[Entry], section: Section, report: Report, known: Mapping[str, Fact]
) -> None:
    """Report one mistake that pydantic found."""
    about = known["subject"]
    key = str(detail["loc"][0])
    place = _place(section, detail["loc"])
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, Wrong):
        facts: dict[str, Fact] = {**known, "key": key, **cause.facts}
        report.fault(place, cause.sentence, **facts)
    elif detail["type"] == "extra_forbidden":
        report_unknown_key(report, place, about, key, keys(model), model.secrets_go_to)
    else:
        report.fault(place, "value", subject=about, key=key, reason=detail["msg"])


def report_unknown_key(
    report: Report, place: Place, about: Fact, key: str, allowed: list[str], secrets_go_to: Fact = THE_ENVIRONMENT
) -> None:
    """Report a key that does not exist; one that names a secret is told where secrets belong."""
    if key.lower() in _SECRETS:
        report.fault(place, "secret_key", subject=about, key=key, instead=secrets_go_to)
    else:
        report.fault(place, "unknown_key", subject=about, key=key, hint=hint(key, allowed), allowed=allowed)


def keys(model: type[BaseModel]) -> list[str]:
    """Return the keys a section may have, as they are written in the file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _place(section: Section, location: tuple[int | str, ...]) -> Place:
    """Return the place of what pydantic points at."""
    here: Any = section
    place = section.line
    for step in location:
        if not isinstance(here, (Section, Items)):
            break
        place = here.place(step)
        try:
            here = here[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            break
    return place


def as_section(value: Any, place: Place, report: Report, about: Phrase, key: str) -> Section:
    """Return the value if it is a section; else report it and return an empty one."""
    if isinstance(value, Section):
        return value
    if value is not None:
        report.fault(place, "not_section", subject=about, key=key)
    return Section(place)


def as_items(value: Any, place: Place, report: Report, about: Phrase, key: str) -> Items:
    """Return the value if it is a list; else report it and return an empty one."""
    if isinstance(value, Items):
        return value
    if value is not None:
        report.fault(place, "not_list", subject=about, key=key)
    return Items(place)


def report_unquoted(section: Section, allowed: list[str], report: Report, about: Phrase) -> bool:
    """Report scalars that YAML does not read as text, for sections whose model takes only text.

    Only of `allowed` keys: what stands under another one may be a secret.
    """
    found = [(key, value) for key, value in section.items() if key in allowed and isinstance(value, Unquoted)]
    for key, value in found:
        report.fault(section.place(key), "quote", subject=about, key=key, value=str(value), what=value.what)
    return bool(found)

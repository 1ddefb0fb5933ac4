"""The words of the console: what code and templates say, what `words/*.po` have for it, and what is missing.

`make words` (python -m tests.web.console.catalogues) adds empty entries for what is missing, each to the catalogue of
the part that says it, and names what nobody says any more; test_words.py fails until all of it is done.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2 import nodes

from hub.web.console.drawing import environment

ROOT = Path(__file__).parents[3]
CONSOLE = ROOT / "hub" / "web" / "console"
WORDS = CONSOLE / "words"
# What Chinese readers know by its Latin name; anything else in Latin letters was not translated.
KNOWN = re.compile(
    r"(SOS|API|SMS|MQTT|CSV|XLSX|xlsx|csv|PDF|Excel|English|Enter|Esc|CO|ID|A4|UTF-8|GBK|HTTP|HTTPS|Twilio|SQLite|"
    r"PostgreSQL|Mosquitto|OpenAPI|carehub|Bearer|YAML|IP|yaml|hub|homes|"
    r"[JKTGARHXCNM]|\.(xlsx|csv|yaml))"
)
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Marks of the Latin script beside Chinese characters: they read as a slip.
_HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!](?=[\u4e00-\u9fff])|[\u4e00-\u9fff]\.(?!\w)")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence where it is said: `more` is its plural. Text None: it is put together, and cannot be translated."""

    where: str
    text: str | None
    more: str | None = None


def said() -> Iterator[Said]:
    """Return all that the console says."""
    for path in sorted(CONSOLE.rglob("*.py")):
        yield from _in_python(path)
    for path in sorted((CONSOLE / "pages").glob("*")):
        yield from _in_template(path)


def _in_python(path: Path) -> Iterator[Said]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        where = f"{path.name}:{node.lineno}"
        if name == "say":
            yield from (Said(where, text) for text in _literals(node.args[0]))
        elif name == "count" and len(node.args) >= 3:  # `text.count("x")` has one
            ones, mores = _literals(node.args[0]), _literals(node.args[1])
            yield from (Said(where, one, more) for one, more in zip(ones, mores, strict=True))


def _literals(node: ast.expr) -> list[str | None]:
    """Return the sentences that an argument may be; None for one that only a running program knows."""
    if isinstance(node, ast.IfExp):
        return [*_literals(node.body), *_literals(node.orelse)]
    return [node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None]


def _in_template(path: Path) -> Iterator[Said]:
    for node in environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
        name, where = getattr(node.node, "name", ""), f"{path.name}:{node.lineno}"
        if name == "_":
            yield from (Said(where, text) for text in _constants(node.args[0]))
        elif name == "ngettext":
            ones, mores = _constants(node.args[0]), _constants(node.args[1])
            yield from (Said(where, one, more) for one, more in zip(ones, mores, strict=True))


def _constants(node: nodes.Expr) -> list[str | None]:
    if isinstance(node, nodes.CondExpr) and node.expr2 is not None:
        return [*_constants(node.expr1), *_constants(node.expr2)]
    return [node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None]


def catalogues() -> dict[str, Catalog]:
    """Return all catalogues by the name of their part."""
    found = {}
    for path in sorted(WORDS.glob("*.po")):
        with path.open("rb") as file:
            found[path.stem] = read_po(file, locale="zh_CN", abort_invalid=True)
    return found


def key(message: Message) -> str:
    """Return by which sentence an entry is found."""
    return str(message.id[0]) if isinstance(message.id, tuple | list) else str(message.id)


def texts(message: Message) -> Sequence[str]:
    """Return what an entry says in Chinese; empty for what is missing."""
    string = message.string
    return [string] if isinstance(string, str) else [text or "" for text in string]


def entries(known: Mapping[str, Catalog]) -> Iterator[tuple[str, Message]]:
    """Return all entries with the name of their part, without the heads of the files."""
    for part, catalogue in known.items():
        for message in catalogue:
            if message.id:
                yield part, message


def missing(known: Mapping[str, Catalog]) -> list[Said]:
    """Return what is said and has no Chinese, each sentence once."""
    there = {key(message) for _, message in entries(known) if all(texts(message)) and not message.fuzzy}
    found: dict[str, Said] = {}
    for one in said():
        if one.text is not None and one.text not in there:
            found.setdefault(one.text, one)
    return list(found.values())


def unused(known: Mapping[str, Catalog]) -> list[str]:
    """Return entries that nobody says."""
    alive = {one.text for one in said()}
    return [f"{part}.po: {key(message)}" for part, message in entries(known) if key(message) not in alive]


def faults(message: Message) -> list[str]:
    """Return what is wrong with the Chinese of one entry."""
    found = []
    ids = list(message.id) if isinstance(message.id, tuple | list) else [str(message.id)]
    wanted = {name for one in ids for name in _PLACEHOLDER.findall(one)}
    for text in filter(None, texts(message)):
        if set(_PLACEHOLDER.findall(text)) != wanted:
            found.append(f"placeholders {set(_PLACEHOLDER.findall(text)) ^ wanted}: {text}")
        plain = _PLACEHOLDER.sub("", text)
        if left := [word for word in re.findall(r"[A-Za-z][A-Za-z0-9.-]*", plain) if not KNOWN.fullmatch(word)]:
            found.append(f"not translated {left}: {text}")
        if _HALF_WIDTH.search(plain):
            found.append(f"half-width punctuation: {text}")
        if not _CHINESE.search(plain) and re.search(r"[A-Za-z]{2}", _PLACEHOLDER.sub("", ids[0])) and plain == ids[0]:
            found.append(f"the English itself: {text}")
    return found


def part_of(where: str, known: Mapping[str, Catalog]) -> str:
    """Return to which catalogue a sentence of this file belongs: the one that has most of its others."""
    file = where.partition(":")[0]
    own = {one.text for one in said() if one.where.startswith(f"{file}:")}
    score = {part: sum(key(m) in own for m in catalogue if m.id) for part, catalogue in known.items()}
    best = max(score, key=lambda part: score[part], default="")
    return best if best and score[best] else re.sub(r"^_|_.*|\..*", "", file)


def add_missing() -> int:
    """Write empty entries for what is missing; say what was done, and what nobody says any more. Return how many."""
    known = catalogues()
    lacking = missing(known)
    touched = set()
    for one in lacking:
        part = part_of(one.where, known)
        catalogue = known.setdefault(part, Catalog(locale="zh_CN"))
        if one.text not in catalogue:
            catalogue.add((one.text, one.more) if one.more else one.text, locations=[])
            touched.add(part)
        print(f"missing in {part}.po: {one.text!r} ({one.where})")
    for part in touched:
        with (WORDS / f"{part}.po").open("wb") as file:
            write_po(file, known[part], width=120, omit_header=False)
    for one in unused(known):
        print(f"nobody says {one!r}")
    for one in said():
        if one.text is None:
            print(f"{one.where}: put together, cannot be translated")
    return len(lacking)


if __name__ == "__main__":
    sys.exit(1 if add_missing() else 0)

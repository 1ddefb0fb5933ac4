"""The console speaks both languages whole: nothing is missing, half done or left over."""

from collections import defaultdict

from tests.web.console import catalogues


def test_everything_that_is_said_has_its_chinese() -> None:
    lacking = catalogues.missing(catalogues.catalogues())
    assert [f"{one.where}: {one.text}" for one in lacking] == [], "`make words` adds the entries"


def test_every_sentence_stands_in_the_code_as_it_is() -> None:
    """What is put together from pieces cannot be translated: languages order their sentences differently."""
    assert [one.where for one in catalogues.said() if one.text is None] == []


def test_no_entry_is_left_over() -> None:
    assert catalogues.unused(catalogues.catalogues()) == []


def test_no_entry_is_a_guess() -> None:
    found = catalogues.entries(catalogues.catalogues())
    assert [f"{part}: {catalogues.key(one)}" for part, one in found if one.fuzzy] == []


def test_each_entry_is_chinese_with_the_same_values() -> None:
    found = catalogues.entries(catalogues.catalogues())
    assert [f"{part}: {fault}" for part, one in found for fault in catalogues.faults(one)] == []


def test_a_sentence_has_one_translation_wherever_it_is_said() -> None:
    by_key: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for _, one in catalogues.entries(catalogues.catalogues()):
        by_key[catalogues.key(one)].add(tuple(catalogues.texts(one)))
    assert {text: found for text, found in by_key.items() if len(found) > 1} == {}


def test_the_same_english_has_one_plural() -> None:
    by_text: dict[str, set[str | None]] = defaultdict(set)
    for one in catalogues.said():
        if one.text is not None and one.more is not None:
            by_text[one.text].add(one.more)
    assert {text: found for text, found in by_text.items() if len(found) > 1} == {}

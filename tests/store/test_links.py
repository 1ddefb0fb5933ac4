"""Links of contacts' pages in rows, and the secret that lies beside the database."""

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hub.ports import Lane, PageLink
from hub.store import SqlStore
from hub.store.secret import LENGTH, secret
from tests.store.samples import NOON

LINK = PageLink(b"d" * 32, "A1", "wang-li", NOON, NOON + timedelta(hours=24))


async def test_a_link_is_found_by_its_digest_and_keeps_its_times(store: SqlStore) -> None:
    await store.write(Lane.DUTY, lambda t: t.save_link(LINK))
    await store.write(Lane.DUTY, lambda t: t.save_link(replace(LINK, expires_at=NOON + timedelta(days=9))))
    assert await store.read(lambda t: t.link(LINK.digest)) == LINK
    assert await store.read(lambda t: t.link(b"e" * 32)) is None


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "var" / "carehub.links.key"
    first = secret(path)
    assert (len(first), secret(path)) == (LENGTH, first)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_secret_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "carehub.links.key"
    path.write_bytes(b"short")
    assert len(secret(path)) == LENGTH
    assert secret(path) == path.read_bytes()


def test_where_nothing_can_be_kept_a_secret_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / "file" / "carehub.links.key"
    assert len(secret(path)) == LENGTH
    assert secret(path) != secret(path)

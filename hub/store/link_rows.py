"""The links of contacts' pages, in rows: what a token opens, kept under the token's digest alone."""

from sqlalchemy import bindparam, select

from hub.ports import PageLink
from hub.store import tables
from hub.store.prepared import Prepared
from hub.store.rows import Rows, insert

_links = tables.links
_c = _links.c
_ONE = Prepared(
    select(_c.digest, _c.alert_id, _c.person_id, _c.created_at, _c.expires_at).where(_c.digest == bindparam("wanted"))
)


class LinkRows(Rows):
    """The part of a transaction that keeps the links of contacts' pages."""

    def save_link(self, link: PageLink) -> None:
        """Keep a link; one that is known keeps its times."""
        statement = insert(_links, self._dialect).values(
            digest=link.digest,
            alert_id=link.alert_id,
            person_id=link.person_id,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )
        self._db.execute(statement.on_conflict_do_nothing())

    def link(self, digest: bytes) -> PageLink | None:
        """Return what the token with this digest opens, expired or not."""
        row = next(iter(self._rows(_ONE, {"wanted": digest})), None)
        return PageLink(*row) if row is not None else None

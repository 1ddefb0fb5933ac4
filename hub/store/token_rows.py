"""What programs sign in with, and pages of alerts, in rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select, true

from hub.accounts import ApiToken, Right
from hub.alerts.alert import Alert, Stage
from hub.store import tables
from hub.store.alert_rows import SELECTED, AlertRows

_tokens = tables.api_tokens
_alerts = tables.alerts


class TokenRows(AlertRows):
    """The part of a transaction that programs need."""

    def api_token(self, digest: bytes) -> ApiToken | None:
        """Return the token with this digest, whether its time is over or not."""
        row = self._db.execute(select(_tokens).where(_tokens.c.digest == digest)).first()
        return _token(row) if row is not None else None

    def api_tokens(self, accounts: Sequence[str] | None = None) -> list[ApiToken]:
        """Return the tokens of these accounts, or of all, newest first; those that are over too."""
        question = select(_tokens).order_by(_tokens.c.created_at.desc(), _tokens.c.id.desc())
        if accounts is not None:
            question = question.where(_tokens.c.account_id.in_(accounts))
        return [_token(row) for row in self._db.execute(question)]

    def save_api_token(self, token: ApiToken) -> None:
        """Insert or replace a token."""
        row = {
            "id": token.id,
            "digest": token.digest,
            "account_id": token.account_id,
            "name": token.name,
            "rights": tuple(sorted(right.value for right in token.rights)),
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "revoked_at": token.revoked_at,
            "used_at": token.used_at,
        }
        self._upsert(_tokens, row)

    def drop_api_tokens(self, over_before: datetime) -> int:
        """Forget tokens that were revoked or ran out before then; return how many."""
        c = _tokens.c
        return int(
            self._db.execute(
                delete(_tokens).where(or_(c.revoked_at < over_before, c.expires_at < over_before))
            ).rowcount
        )

    def alerts_below(self, below: tuple[datetime, str] | None, limit: int, *, everything: bool) -> list[Alert]:
        """Return alerts newest first that come after this instant and id; unresolved only unless `everything`."""
        c = _alerts.c
        query = SELECTED.order_by(c.opened_at.desc(), c.id.desc()).limit(limit)
        if not everything:
            query = query.where(c.live == true(), c.stage != Stage.RESOLVED)
        if below is not None:
            at, id_ = below
            query = query.where(c.opened_at <= at, or_(c.opened_at < at, and_(c.opened_at == at, c.id < id_)))
        return self._load(self._db.execute(query).all())


def _token(row: Any) -> ApiToken:
    id_, digest, account_id, name, rights, *rest = row
    return ApiToken(id_, bytes(digest), account_id, name, _rights(rights), *rest)


def _rights(names: Sequence[str]) -> frozenset[Right]:
    """Return the rights that this version knows: one that went is nobody's."""
    known = {right.value: right for right in Right}
    return frozenset(known[name] for name in names if name in known)

"""What programs sign in with, and the alerts that they page through."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hub.accounts import ApiToken
from hub.alerts.alert import Alert


class TokenKeeping(Protocol):
    """The part of a transaction that programs need. Of a token only its digest is kept."""

    def api_token(self, digest: bytes) -> ApiToken | None:
        """Return the token with this digest, whether its time is over or not."""
        ...

    def api_tokens(self, accounts: Sequence[str] | None = None) -> list[ApiToken]:
        """Return the tokens of these accounts, or of all, newest first; those that are over too."""
        ...

    def save_api_token(self, token: ApiToken) -> None:
        """Insert or replace a token."""
        ...

    def drop_api_tokens(self, over_before: datetime) -> int:
        """Forget tokens that were revoked or ran out before then; return how many."""
        ...

    def alerts_below(self, below: tuple[datetime, str] | None, limit: int, *, everything: bool) -> list[Alert]:
        """Return alerts newest first that come after this instant and id; unresolved only unless `everything`."""
        ...

"""One open transaction, made of its parts."""

from hub.store.account_rows import AccountRows
from hub.store.act_rows import ActRows
from hub.store.arrival_rows import ReadingRows, SessionRows, ShelfRows
from hub.store.definition_rows import DefinitionRows
from hub.store.fact_rows import write_floor
from hub.store.gap_rows import GapRows
from hub.store.link_rows import LinkRows
from hub.store.overview_rows import OverviewRows
from hub.store.registry_rows import RegistryRows
from hub.store.retention import RetentionRows
from hub.store.rows import Overtaken, Postponed
from hub.store.sight_rows import SightRows
from hub.store.tally_rows import TallyRows
from hub.store.test_rows import HomeTestRows
from hub.store.token_rows import TokenRows
from hub.store.watch_rows import WatchRows

__all__ = ["Overtaken", "Postponed", "SqlTransaction", "write_floor"]


class SqlTransaction(
    SessionRows,
    ShelfRows,
    ReadingRows,
    SightRows,
    TokenRows,
    RegistryRows,
    RetentionRows,
    WatchRows,
    GapRows,
    ActRows,
    LinkRows,
    TallyRows,
    DefinitionRows,
    AccountRows,
    OverviewRows,
    HomeTestRows,
):
    """What `hub.ports.Transaction` promises, on a connection that is inside a transaction."""

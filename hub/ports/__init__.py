"""What the hub's parts promise each other: transactions, deliveries, channels."""

from hub.homes import Act as Act
from hub.homes import DeviceState as DeviceState
from hub.ports.arriving import Arrival as Arrival
from hub.ports.arriving import Connection as Connection
from hub.ports.arriving import Delivery as Delivery
from hub.ports.arriving import Intake as Intake
from hub.ports.arriving import Lifeline as Lifeline
from hub.ports.arriving import Session as Session
from hub.ports.keeping import Store as Store
from hub.ports.keeping import Transaction as Transaction
from hub.ports.kept import LAST_COMMITTED as LAST_COMMITTED
from hub.ports.kept import RESTORED_FROM as RESTORED_FROM
from hub.ports.kept import KeptReading as KeptReading
from hub.ports.kept import Lane as Lane
from hub.ports.kept import PageLink as PageLink
from hub.ports.kept import SessionRow as SessionRow
from hub.ports.kept import Shelved as Shelved
from hub.ports.kept import StoreUnavailable as StoreUnavailable
from hub.ports.leaving import Accepted as Accepted
from hub.ports.leaving import Channel as Channel
from hub.ports.leaving import Channels as Channels
from hub.ports.leaving import FateReport as FateReport
from hub.ports.leaving import Inbound as Inbound
from hub.ports.leaving import NoAnswer as NoAnswer
from hub.ports.leaving import Rejected as Rejected
from hub.ports.leaving import Verdict as Verdict

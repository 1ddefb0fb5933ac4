"""A hub for web tests that nothing but the part under test may call."""

from collections.abc import Mapping

from hub.ports import FateReport, Inbound
from hub.web.ports import Part


class NoHub:
    """Receipts, inboxes and health of nobody."""

    async def report(self, channel: str, report: FateReport) -> bool | None:
        raise AssertionError

    async def receive(self, inbound: Inbound) -> bool | None:
        raise AssertionError

    def ready(self) -> Mapping[str, Part]:
        return {}

"""From a notification to the words on a phone: whose number, which language, which form of the text."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.alerts.links import is_link
from hub.alerts.notification import Notification, Value
from hub.alerts.wording import render
from hub.engine.links import Links
from hub.homes import Registry
from hub.ports import Channel

# Stands in a kept text where the link was: whoever reads the database opens nobody's page.
_PLACE = "{link}"


@dataclass(frozen=True, slots=True)
class Words:
    """What texts need from the settings of this hub. Without `links` no text carries one."""

    language: str
    timezone: ZoneInfo
    desk: str | None = None
    links: Links | None = None

    def address(self, message: Notification, registry: Registry) -> str | None:
        """Return the number the message goes to, as it is now; None if there is none any more."""
        if message.phone is not None:
            return message.phone
        person = registry.people.get(message.person_id or "")
        return person.phone if person else None

    def text(self, message: Notification, to: str, channel: Channel, registry: Registry, now: datetime) -> str:
        """Return the words for this person over this channel."""
        person = registry.people.get(message.person_id or "")
        return render(
            message.key,
            {**self._local(message, registry), **self._link(message)},
            language=(person.language if person else None) or self.language,
            timezone=self.timezone,
            replies=channel.replies(to),
            signature=channel.signature,
            desk=self.desk,
            round=message.round if message.step is not None else 1,
            now=now,
        )

    def filled(self, message: Notification, channel: Channel, registry: Registry, now: datetime) -> Notification | None:
        """Return the message with number and words fixed for its first attempt; None if there is no number."""
        to = self.address(message, registry)
        if to is None:
            return None
        if message.text is not None and message.to == to:
            return message  # a carrier is asked for exactly these words
        text = self.text(message, to, channel, registry, now)
        for link in self._link(message).values():
            before, _, after = text.rpartition(link)
            text = f"{before}{_PLACE}{after}"
        return replace(message, to=to, text=text)

    def whole(self, message: Notification) -> str:
        """Return the words as they leave, and as the carrier knows them: with the link that is not kept."""
        text = message.text or ""
        for link in self._link(message).values():
            before, _, after = text.rpartition(_PLACE)
            text = f"{before}{link}{after}"
        return text

    def _link(self, message: Notification) -> dict[str, str]:
        linked = self.links is not None and is_link(message.key)
        return {"link": self.links.url(message)} if linked and self.links is not None else {}

    @staticmethod
    def _local(message: Notification, registry: Registry) -> dict[str, Value]:
        """Add the name of a room that only this home has."""
        facts = dict(message.facts)
        home = registry.homes.get(message.home_id)
        room = facts.get("room")
        if home is not None and isinstance(room, str) and room in home.rooms:
            facts["room_name"] = home.rooms[room]
        return facts

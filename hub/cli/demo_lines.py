"""What the demo prints: lines to paste, and every text as a person reads it."""

import contextlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hub.alerts.alert import Alert
from hub.cli.alert_lines import Shown
from hub.homes import Device, Registry

if TYPE_CHECKING:
    from hub.ingest.client import Broker
    from hub.settings import HubSettings
    from simulators.carrier import Event
    from simulators.stage import ConsoleLink

# As a Zigbee call button is published by Zigbee2MQTT.
PRESS = '{"action":"emergency","battery":87,"linkquality":98}'
ARROWS = {"arrived": "→", "inbound": "←"}


class Lines:
    """Prints for one demo; the lines can be pasted into another terminal, from any folder."""

    def __init__(self, place: Path, data: Path, carrier_url: str) -> None:
        self.place = place.absolute()
        self.data = data
        self.carrier_url = carrier_url
        self._registry = Registry()
        self._is_durable = True
        self._has_begun = False
        self.console: ConsoleLink | None = None

    def start(
        self,
        registry: Registry,
        settings: "HubSettings",
        broker: "Broker",
        before: Sequence[Alert],
        page: str,
        *,
        is_durable: bool,
    ) -> None:
        """Say what runs, how to press, answer, see and act, and what is still open from before."""
        self._registry, self._zone = registry, settings.timezone
        button = next((d for home in registry.homes.values() for d in home.devices if d.is_life_safety), None)
        command, env = _program(), f"CAREHUB_CONFIG={self.place} CAREHUB_DATABASE=sqlite:///{self.data}/carehub.db"
        lines = [
            "",
            f"Open {page} : the home to play with, the phones, the alerts, and what carehub does.",
            *self._console(),
            "",
            f"carehub runs. Hub: {settings.web.public_url}/readyz   Simulated carrier: {self.carrier_url}",
            f"Data and log: {self.data}",
        ]
        if not is_durable:
            lines += ["This machine has no Mosquitto: the broker from a Python package forgets all when it ends."]
        self._is_durable, self._has_begun = is_durable, True
        if button is not None:
            lines += ["", "Press the button:", *self._press(button, broker), "", *self._answer(button)]
        lines += ["", "See and act:", f"  export {env}", f"  {command} alerts list", f"  {command} alerts --help"]
        shown = Shown(registry, settings.timezone)
        if before:
            lines += ["", "Open from before:", *(f"  {shown.line(alert)}" for alert in before)]
        lines += ["", "End with Ctrl-C. Texts as they arrive:"]
        typer.echo("\n".join(lines))

    def text(self, event: "Event") -> None:
        """Print a text that reached a phone, or that a person sent."""
        arrow = ARROWS.get(event.what)
        if arrow is None:
            return
        at = event.at.astimezone(self._zone).strftime("%H:%M:%S")
        names = "/".join(person.name for person in self._registry.by_phone.get(event.phone, ()))
        with contextlib.suppress(OSError):  # whoever read along has gone; the demo goes on
            typer.echo(f"  {at} {arrow} {names} {event.phone}: {event.text}")

    def end(self) -> None:
        """Say what goes on after the demo, if it ever began."""
        if not self._has_begun:
            return
        pid = self.data / "broker" / "mosquitto.pid"
        if not self._is_durable:
            with contextlib.suppress(OSError):
                typer.echo("\nStopped. Open alerts go on with the next demo.")
            return
        with contextlib.suppress(OSError):
            typer.echo("\nStopped. Open alerts go on with the next demo. The broker runs on and keeps what arrives;")
            typer.echo(f"to end it too: kill {pid.read_text().strip()}")

    def _console(self) -> list[str]:
        """Return how one signs in to the console."""
        console = self.console
        if console is None:
            return []
        return [f"Console: {console.url} : name {console.name}, password {console.password}"]

    def _press(self, button: Device, broker: "Broker") -> list[str]:
        topic = self._registry.homes[button.home].prefix + button.topic
        password = self.data / "broker" / "password"
        if shutil.which("mosquitto_pub"):
            sign_in = f'-h {broker.host} -p {broker.port} -u {broker.username} -P "$(cat {shlex.quote(str(password))})"'
            return [f"  mosquitto_pub {sign_in} -q 1 \\", f"    -t {shlex.quote(topic)} -m {shlex.quote(PRESS)}"]
        program = (
            f"import paho.mqtt.publish as p; p.single({json.dumps(topic)}, {json.dumps(PRESS)}, 1, "
            f'hostname="{broker.host}", port={broker.port}, '
            f'auth={{"username": "{broker.username}", "password": open({json.dumps(str(password))}).read()}})'
        )
        return [f"  {sys.executable} -c \\", f"    {shlex.quote(program)}"]

    def _answer(self, button: Device) -> list[str]:
        home = self._registry.homes[button.home]
        first = home.contacts[0].person if home.contacts else next(iter(self._registry.people))
        person = self._registry.people[first]
        title = f"Answer from the phone of {person.name}; 1 takes it:"
        url = f"{self.carrier_url}/control/phones/{person.phone}/reply"
        if shutil.which("curl"):
            return [title, f"  curl -s -H 'Content-Type: application/json' -d '{{\"text\": \"1\"}}' {url}"]
        program = f'import urllib.request as u; u.urlopen({url!r}, b\'{{"text": "1"}}\')'
        return [title, f"  {sys.executable} -c \\", f"    {shlex.quote(program)}"]


def _program() -> str:
    """Return how this very command is called from where we are."""
    beside = os.path.relpath(sys.argv[0])
    return shlex.quote(str(Path(sys.argv[0]).absolute()) if beside.startswith("..") else beside)

"""A hub that runs, with its broker and its carrier, as processes beside the commands."""

import http.client
import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.publish

from tests.cli.place import TOKEN, Place
from tests.cli.process import PROGRAM, Process, Processes, eventually
from tests.harness.broker import HUB, BrokerProcess, free_port

ACCOUNT = "AC" + "7" * 32
PRESS = {"action": "emergency", "battery": 87, "linkquality": 98}


@dataclass
class Live:
    """Starts the parts when they are asked for; `unique` keeps the topics of two tests apart."""

    place: Place
    broker: BrokerProcess
    processes: Processes
    unique: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    carrier: str = ""

    def __post_init__(self) -> None:
        port = free_port()
        self.place.environ |= {
            "CAREHUB_MQTT__URL": self.broker.url,
            "CAREHUB_MQTT__PASSWORD": HUB.password,
            "CAREHUB_MQTT__CLIENT_ID": f"carehub-{self.unique}",
            "CAREHUB_WEB__LISTEN": f"127.0.0.1:{port}",
            "CAREHUB_WEB__PUBLIC_URL": f"http://127.0.0.1:{port}",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
        }
        self.place.change('prefix: ""', f'prefix: "t/{self.unique}/"')

    @property
    def url(self) -> str:
        """Where the hub listens."""
        return self.place.environ["CAREHUB_WEB__PUBLIC_URL"]

    def start_carrier(self) -> Process:
        """Start a simulated carrier and point the hub at it."""
        carrier = self.processes.start(
            self.place, "simulate", "carrier", "--port", "0", "--webhook-url", f"{self.url}/twilio/sms"
        )
        self.carrier = carrier.says("Simulated carrier on ").split(",")[0].rpartition(" ")[2]
        self.place.environ["TWILIO_API_BASE"] = self.carrier
        return carrier

    def start_hub(self, *, ready: bool = True, program: str = PROGRAM) -> Process:
        """Start the hub; wait until it could alarm."""
        hub = self.processes.start(self.place, "run", program=program)
        hub.says('"running"')
        if ready:
            eventually(lambda: self.readiness()["ready"])
        return hub

    def readiness(self) -> dict[str, Any]:
        """Return what /readyz says; a hub that is just starting says nothing."""
        try:
            found: dict[str, Any] = request(self.url, "GET", "/readyz")
        except (ConnectionError, http.client.HTTPException):
            return {"ready": False}
        return found

    def publish(self, topic: str, payload: str | dict[str, Any]) -> None:
        """Publish as the bridge of the home does, and wait until the broker has it."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        paho.mqtt.publish.single(
            f"t/{self.unique}/{topic}",
            text,
            1,
            hostname="127.0.0.1",
            port=self.broker.port,
            auth={"username": HUB.username, "password": HUB.password},
        )

    def press(self) -> None:
        """Press the button at the bed."""
        self.publish("zigbee2mqtt/bed_sos", PRESS)

    def texts(self, phone: str) -> list[str]:
        """Return the texts on a phone."""
        return [text["text"] for text in request(self.carrier, "GET", f"/control/phones/{phone}")["texts"]]

    def gets(self, phone: str, words: str) -> str:
        """Wait until a phone has a text with these words; return it."""
        text: str = eventually(lambda: next((text for text in self.texts(phone) if words in text), None))
        return text

    def replies(self, phone: str, text: str) -> None:
        """Answer from a phone."""
        request(self.carrier, "POST", f"/control/phones/{phone}/reply", {"text": text})

    def fault(self, **fault: Any) -> None:
        """Switch a fault of the carrier on."""
        request(self.carrier, "POST", "/control/faults", fault)

    def alerts(self) -> list[dict[str, Any]]:
        """Return what `alerts list --json` says."""
        done = self.place.carehub("alerts", "list", "--json")
        assert done.code == 0, done.err
        found: list[dict[str, Any]] = json.loads(done.out)
        return found


def request(url: str, method: str, path: str, body: Any = None) -> Any:
    """Ask over HTTP, whatever the status."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        return json.loads(connection.getresponse().read() or b"null")
    finally:
        connection.close()

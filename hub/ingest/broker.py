"""Mosquitto as carehub needs it: its configuration, and one that the hub runs itself for demo and development.

Source: mosquitto.conf(5) of 2.0. What the options do under kill -9 and with QoS 0 publishers is shown by
tests/ingest/test_broker.py.
"""

import asyncio
import base64
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from hub.ingest.client import RECEIVE_MAXIMUM, AckClient, Broker, ConnectionLost
from hub.ingest.decoding import GATEWAY_LIMIT

START_S = 5.0
_LOOK_EVERY_S = 0.02

_ITERATIONS = 1_000
_SYSTEM_PATHS = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"


class BrokerProblem(Exception):
    """The broker cannot be run; the text says in one sentence what to do."""


class Rights(StrEnum):
    """What an account may do."""

    HUB = "hub"  # everything
    BRIDGE = "bridge"  # publish and read in the trees of the dialects: Zigbee2MQTT needs to hear its own commands
    DEVICE = "device"  # publish there, and read nothing: no device hears of another home's presses


@dataclass(frozen=True, slots=True)
class Account:
    """One user of the broker."""

    username: str
    password: str
    rights: Rights


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """What can differ between brokers. `user` is what Mosquitto becomes when root starts it."""

    port: int = 1883
    listen: str = "127.0.0.1"
    max_queued_messages: int = 1_000
    autosave_on_changes: bool = True
    upgrade_outgoing_qos: bool = True
    log_dest: str = "stderr"
    user: str = "mosquitto"
    pid_file: str | None = None
    extra: tuple[str, ...] = ()


def write_config(folder: Path, accounts: Sequence[Account], trees: Sequence[str], config: BrokerConfig) -> Path:
    """Write mosquitto.conf, passwd and acl into `folder` and return the first; what is there is replaced.

    `trees` are the filters below which devices write (the plan's filters of the watch session). The folder keeps the
    broker's memory too; it must outlive a restart.
    """
    folder = folder.resolve()
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder / "passwd", "".join(f"{a.username}:{hashed(a.password)}\n" for a in accounts))
    _write(folder / "acl", _acl(accounts, trees))
    path = folder / "mosquitto.conf"
    _write(path, _conf(folder, config))
    _give_to(config.user, folder, state, folder / "passwd", folder / "acl", path)
    return path


def write_acl(folder: Path, accounts: Sequence[Account], trees: Sequence[str], user: str = "mosquitto") -> Path:
    """Write acl alone anew into `folder` and return it: homes were added, accounts and passwords stay."""
    path = folder.resolve() / "acl"
    _write(path, _acl(accounts, trees))
    _give_to(user, path)
    return path


def _conf(folder: Path, config: BrokerConfig) -> str:
    lines = _CONF.format(
        folder=folder,
        receive=RECEIVE_MAXIMUM,
        size=GATEWAY_LIMIT,
        port=config.port,
        listen=config.listen,
        queued=config.max_queued_messages,
        autosave="autosave_on_changes true\nautosave_interval 1"
        if config.autosave_on_changes
        else "autosave_interval 0",
        upgrade=str(config.upgrade_outgoing_qos).lower(),
        log_dest=config.log_dest,
        user=config.user,
    )
    pid = [f"pid_file {config.pid_file}"] if config.pid_file else []
    return "\n".join([lines, *pid, *config.extra, ""])


_CONF = """\
# Written by `carehub broker-config`: a whole configuration, not a part of one. deploy/systemd/carehub-broker.service
# runs it as a service; by hand: /usr/sbin/mosquitto -c {folder}/mosquitto.conf
per_listener_settings false
listener {port} {listen}
user {user}

# Who may connect, and what they may do there.
allow_anonymous false
password_file {folder}/passwd
acl_file {folder}/acl

# Most bridges publish with QoS 0. Without this line, what they publish while the hub is away is lost.
upgrade_outgoing_qos {upgrade}

# What waits for the hub survives a killed broker and a power cut only if it is written at each change. That rewrites
# all that waits, so what waits is bounded; presses and hazards have queues of their own.
persistence true
persistence_location {folder}/state/
{autosave}
max_queued_messages {queued}
max_inflight_messages {receive}

# The hub does not read more; better that the sender hears of it.
message_size_limit {size}

set_tcp_nodelay true
sys_interval 60
connection_messages true
log_dest {log_dest}
log_type error
log_type warning
log_type notice"""


def _acl(accounts: Sequence[Account], trees: Sequence[str]) -> str:
    access = {Rights.BRIDGE: "readwrite", Rights.DEVICE: "write"}
    lines = [
        "# Topics that are not named here are closed to the account. The hub's own markers are outside of all trees."
    ]
    for account in accounts:
        lines += ["", f"user {account.username}"]
        if account.rights is Rights.HUB:
            lines += ["topic readwrite #", "topic read $SYS/#"]
        else:
            lines += [f"topic {access[account.rights]} {tree}" for tree in trees]
    return "\n".join(lines) + "\n"


def hashed(password: str, salt: bytes | None = None, iterations: int = _ITERATIONS) -> str:
    """Return a password as Mosquitto 2 keeps it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _write(path: Path, text: str) -> None:
    """Write so that nobody else can read it, and so that a crash leaves the old file or the new one."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _give_to(user: str, *paths: Path) -> None:
    """Let the broker's own user read what root wrote."""
    if os.geteuid() == 0 and user != "root":
        with suppress(LookupError):  # Mosquitto is not installed here yet
            for path in paths:
                shutil.chown(path, user, user)


# --- run by the hub -------------------------------------------------------------------------------------------------


def find_mosquitto() -> str:
    """Return where Mosquitto is; raises BrokerProblem if it is not installed."""
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATHS}")
    if found is None:
        raise BrokerProblem(
            "Mosquitto is not installed; install it (apt-get install mosquitto) or set mqtt.url to a broker that runs"
        )
    return found


async def ensure_embedded(
    folder: Path, *, username: str = "hub", password: str | None = None, trees: Sequence[str] = ("#",), port: int = 1883
) -> Broker:
    """Return a broker that answers with the credentials kept in `folder`: the one that runs, else a new one.

    It has a process session of its own and outlives the hub. Without `password` one is made once and kept, mode 0600.
    With port 0 a free one is chosen once and kept. Raises BrokerProblem.
    """
    lock = await asyncio.to_thread(_lock, folder)
    try:
        hub, port = await asyncio.to_thread(_credentials, folder, username, password, port)
        broker = Broker("127.0.0.1", port, username=hub.username, password=hub.password)
        if await _answers(broker):
            return broker
        await asyncio.to_thread(_start, folder, hub, trees, port)
        for _ in range(round(START_S / _LOOK_EVERY_S)):
            if await _answers(broker):
                return broker
            await asyncio.sleep(_LOOK_EVERY_S)
        raise BrokerProblem(f"Mosquitto does not answer on port {port}; see {folder}/mosquitto.log")
    finally:
        lock.close()


def stop_embedded(folder: Path) -> None:
    """End the broker that `ensure_embedded` started from `folder`, if it runs."""
    pid = _pid(folder.resolve())
    if pid is not None:
        os.kill(pid, signal.SIGTERM)


def _start(folder: Path, hub: Account, trees: Sequence[str], port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Mosquitto itself does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BrokerProblem(f"Mosquitto cannot have port {port}: {error.strerror}; choose another") from None
    folder, mosquitto = folder.resolve(), find_mosquitto()
    config = BrokerConfig(
        port=port, user="root", log_dest=f"file {folder}/mosquitto.log", pid_file=str(folder / "mosquitto.pid")
    )
    path = write_config(folder, [hub], trees, config)
    # -d: Mosquitto leaves our process session by itself once it has read its configuration.
    done = subprocess.run(  # noqa: S603  # our own files and what `which` found
        [mosquitto, "-d", "-c", str(path)], capture_output=True, text=True, timeout=START_S, check=False
    )
    if done.returncode:
        why = (done.stderr or done.stdout).strip().splitlines()
        raise BrokerProblem(f"Mosquitto does not start: {why[-1] if why else f'see {folder}/mosquitto.log'}")


async def _answers(broker: Broker) -> bool:
    """Whether the broker takes our credentials; raises BrokerProblem if another one has the port."""
    probe = AckClient(
        broker,
        f"carehub-probe-{secrets.token_hex(4)}",
        durable=False,
        on_open=lambda _: None,
        on_message=lambda _: None,
    )
    try:
        await probe.open()
    except ConnectionLost as lost:
        if lost.refused:
            raise BrokerProblem(
                f"another broker has port {broker.port} and does not know us; "
                "stop it, or set mqtt.url, mqtt.username and the password to use it"
            ) from None
        return False
    await probe.close()
    return True


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return what was kept in a file, made at the first time."""
    if not path.exists():
        _write(path, make())
    return path.read_text(encoding="utf-8").strip()


def _lock(folder: Path) -> IO[str]:
    """Let one process at a time look and start, so that two brokers never share one memory; closing it lets go."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = open(folder / "lock", "w", encoding="utf-8")  # noqa: SIM115  # the caller closes it
    for _ in range(round(2 * START_S / _LOOK_EVERY_S)):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        time.sleep(_LOOK_EVERY_S)
    file.close()
    raise BrokerProblem(f"another hub has been starting a broker in {folder} for {2 * START_S:.0f} s; end it")


def _credentials(folder: Path, username: str, password: str | None, port: int) -> tuple[Account, int]:
    """Return as whom and where the broker is asked, as given or as kept."""
    secret = password or _kept(folder / "password", lambda: secrets.token_urlsafe(24))
    return Account(username, secret, Rights.HUB), port or int(_kept(folder / "port", lambda: str(_free_port())))


def _pid(folder: Path) -> int | None:
    """Return the process that runs with this folder's configuration."""
    with suppress(OSError, ValueError):
        pid = int((folder / "mosquitto.pid").read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if str(folder / "mosquitto.conf").encode() in command:
            return pid
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

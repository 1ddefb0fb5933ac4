"""The folder that `carehub init` writes: drawn from the answers, checked, then put in its place at once."""

import json
import os
import secrets
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from hub.cli.starting.questions import EMBEDDED, SIMULATED, Answers

if TYPE_CHECKING:
    from hub.settings import Configuration

HUB, HOMES, SECRETS = "hub.yaml", "homes.yaml", "secrets.env"
HOME_ID, STAFF_ID = "home-001", "staff-1"
CARRIER_URL = "http://127.0.0.1:8090"
_TEMPLATES = Path(__file__).parent


def draw(answers: Answers, folder: Path) -> dict[str, str]:
    """Return the files with YAML in them, by name; `folder` is where they will lie."""
    short = "zh" if answers["language"] == "zh-CN" else "en"
    quoted = {name: _quoted(value) for name, value in answers.items()}
    signature = f", signature: {quoted['signature']}" if answers["signature"] else ""
    desk = f"desk: {quoted['desk']}" if answers["desk"] else '# desk: "0936-0000000"'
    facts = quoted | {
        "folder": shlex.quote(str(folder)),
        "secrets": SECRETS,
        "signature": signature,
        "desk": desk,
        "family": _family(answers),
        "homes": _homes(answers),
    }
    names = {HUB: f"hub.{short}.yaml", HOMES: f"homes.{short}.yaml"}
    return {file: Template((_TEMPLATES / name).read_text("utf-8")).substitute(facts) for file, name in names.items()}


def _quoted(value: str) -> str:
    # What JSON writes is a YAML scalar in double quotes.
    return json.dumps(value, ensure_ascii=False)


def _family(answers: Answers) -> str:
    if not answers.get("family_name"):
        return ""
    name, phone = _quoted(answers["family_name"]), _quoted(answers["family_phone"])
    return f"  - {{id: family-1, name: {name}, phone: {phone}, roles: [family]}}\n"


def _homes(answers: Answers) -> str:
    if not answers["home"]:
        return "homes: []"
    contacts = "[{person: family-1, role: family}]" if answers.get("family_name") else "[]"
    return "\n".join(
        (
            "homes:",
            f"  - id: {HOME_ID}",
            f"    area: {_quoted(answers['area'])}",
            f"    address: {_quoted(answers['home'])}",
            f"    residents: [{{name: {_quoted(answers['resident'])}, inactivity_after: 12h}}]",
            f"    contacts: {contacts}",
            "    devices: []",
        )
    )


def secret_lines(answers: Answers) -> list[str]:
    """Return the lines of the file with secrets: `NAME=value`, as shells and systemd read them."""
    found = {} if answers["mqtt"] == EMBEDDED else {"CAREHUB_MQTT__PASSWORD": secrets.token_urlsafe(18)}
    if answers["carrier"] == SIMULATED:
        found |= {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "simulated"}
        found |= {"TWILIO_API_BASE": CARRIER_URL}
    else:
        found |= {"TWILIO_ACCOUNT_SID": answers.get("sid", ""), "TWILIO_AUTH_TOKEN": answers.get("token", "")}
    return [f"{name}={shlex.quote(value)}" if value else f"# {name}=" for name, value in found.items()]


def checked(answers: Answers, folder: Path) -> "Configuration":
    """Return the configuration that these answers make; raises ConfigurationError as `check-config` would."""
    from hub.settings import load

    with tempfile.TemporaryDirectory(prefix="carehub-init-") as scratch:
        for name, text in draw(answers, folder).items():
            (Path(scratch) / name).write_text(text, "utf-8", errors="surrogatepass")
        # What this shell's environment overrides is not what the files say.
        return load(Path(scratch), {})


def in_the_way(folder: Path) -> Path | None:
    """Return a file of a configuration that is in the folder already, if any is; raises OSError."""
    if folder.exists() and not folder.is_dir():
        return folder
    files = (folder / HUB, folder / SECRETS, *sorted(folder.glob("homes*.yaml")))
    return next((file for file in files if file.exists() or file.is_symlink()), None)


def write(answers: Answers, folder: Path) -> None:
    """Write all files, or none; nothing that exists is replaced. Raises OSError, FileExistsError among them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    texts = {**draw(answers, folder), SECRETS: "".join(f"{line}\n" for line in (_HEAD, *secret_lines(answers)))}
    with _beside(folder) as scratch:
        for name, text in texts.items():
            _write(scratch / name, text, 0o600 if name == SECRETS else 0o640)
        if not folder.exists():
            scratch.chmod(0o750)
            _for_the_service(scratch)
            scratch.rename(folder)
            return
        _move(scratch, folder, (SECRETS, HOMES, HUB))


_HEAD = "# Secrets of this hub. Read by its user alone: set -a; . secrets.env; set +a, or EnvironmentFile= of systemd."


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Give a folder on the same disk that is gone afterwards, unless it was renamed."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(path: Path, text: str, mode: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
        os.fsync(file.fileno())


def _for_the_service(folder: Path) -> None:
    """Let the service's user read what is no secret, where root sets a gateway up; secrets are handed to it by root."""
    if os.geteuid() == 0:
        with suppress(LookupError, OSError):
            for path in (folder, folder / HUB, folder / HOMES):
                shutil.chown(path, group="carehub")


def _move(scratch: Path, folder: Path, names: Sequence[str]) -> None:
    """Put files into a folder that exists, the one that makes it a configuration last."""
    _for_the_service(scratch)
    moved: list[Path] = []
    try:
        for name in names:
            os.link(scratch / name, folder / name)  # unlike a rename it replaces nothing
            moved.append(folder / name)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        raise

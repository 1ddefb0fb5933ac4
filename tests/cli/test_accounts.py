"""Accounts from the hub's own machine; on both databases, and beside a running hub that is killed."""

import http.client
import json
import signal
from urllib.parse import urlencode, urlsplit

import pytest

from hub.accounts import Account
from tests.cli.live import Live
from tests.cli.place import Place
from tests.cli.process import eventually

PASSWORD = "tomorrow it rains"


def accounts(site: Place) -> list[Account]:
    async def read(engine: object) -> list[Account]:
        return await engine.store.read(lambda t: t.accounts())  # type: ignore[attr-defined, no-any-return]

    found: list[Account] = site.engine(read)
    return found


def test_accounts_are_made_listed_and_disabled(site: Place) -> None:
    assert "carehub accounts link" in site.carehub("accounts", "list").out
    line = ("--role", "village", "--role", "installer", "--area", "620702207200", "--person", "li-qiang")
    made = site.carehub("accounts", "add", "Li.Qiang", *line)
    assert made.code == 0
    assert made.out.startswith("http://127.0.0.1:8080/welcome/")
    assert made.out.count("\n") == 1, "the link alone, for a script"
    assert "once, until" in made.err
    (row,) = json.loads(site.carehub("accounts", "list", "--json").out)
    assert (row["name"], row["roles"], row["areas"], row["person"], row["state"]) == (
        "li.qiang",
        ["installer", "village"],
        ["620702207200"],
        "li-qiang",
        "no password yet",
    )
    assert site.carehub("accounts", "disable", "li.qiang").code == 0
    assert "disabled" in site.carehub("accounts", "list").out
    assert "is disabled" in site.carehub("accounts", "link", "li.qiang").sentence
    assert site.carehub("accounts", "enable", "LI.QIANG").code == 0
    assert site.carehub("accounts", "link", "li.qiang").code == 0


def test_no_secret_lies_in_the_database(site: Place) -> None:
    token = site.carehub("accounts", "link").out.strip().rpartition("/")[2]
    assert len(token) == 32, "192 bits"

    async def kept(engine: object) -> list[object]:
        def rows(t: object) -> list[object]:
            from sqlalchemy import text

            found = t._db.execute(text("SELECT * FROM invitations")).all()  # type: ignore[attr-defined]
            return [value for row in found for value in row]

        return await engine.store.read(rows)  # type: ignore[attr-defined, no-any-return]

    values = site.engine(kept)
    assert values
    assert not [value for value in values if token in str(value)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "li", "--role", "boss", "--area", "620702207200"), 2, '"boss" is not a role. Write one of installer'),
        (("add", "li", "--role", "village", "--area", "6207"), 1, "12 digits"),
        (("add", "l", "--role", "village", "--area", "620702207200"), 1, "2 to 40 letters"),
        (("add", "li", "--role", "village", "--area", "620702207200", "--person", "nobody"), 1, "no such person"),
        (("link", "nobody"), 1, 'There is no account "nobody".'),
        (("disable", "nobody"), 1, 'There is no account "nobody".'),
    ],
)
def test_mistakes_are_one_sentence_and_change_nothing(
    place: Place, arguments: tuple[str, ...], code: int, words: str
) -> None:
    place.prepare()
    done = place.carehub("accounts", *arguments)
    assert done.code == code
    assert words in done.sentence
    assert accounts(place) == []


def ask(live: Live, method: str, path: str, form: dict[str, str] | None = None, cookie: str = "") -> tuple[int, str]:
    """Ask as a browser does; return the status, and the cookie or the page."""
    address = urlsplit(live.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    headers = {"Accept": "text/html", "Origin": live.url, "Cookie": cookie}
    headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    try:
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        given = answer.getheader("Set-Cookie") or ""
        return answer.status, given.partition(";")[0] or answer.read().decode()
    finally:
        connection.close()


def test_the_first_administrator_comes_in_and_a_killed_hub_signs_nobody_out(live: Live) -> None:
    live.start_carrier()
    hub = live.start_hub()
    path = urlsplit(live.place.carehub("accounts", "link").out.strip()).path
    form = {"name": "meng", "password": PASSWORD, "again": PASSWORD}
    status, cookie = ask(live, "POST", path, form)
    assert (status, cookie.partition("=")[0]) == (303, "carehub")
    assert ask(live, "GET", "/profile", cookie=cookie)[0] == 200
    assert "There is an administrator already." in live.place.carehub("accounts", "link").sentence
    hub.stop(signal.SIGKILL)
    live.start_hub()
    status, page = ask(live, "GET", "/profile", cookie=cookie)
    assert status == 200
    assert "meng" in page
    # What a command does beside the hub is seen within a second, as it looks.
    line = ("--role", "administrator", "--area", "000000000000")
    second = urlsplit(live.place.carehub("accounts", "add", "second", *line).out.strip()).path
    assert ask(live, "POST", second, form)[0] == 303
    assert live.place.carehub("accounts", "disable", "meng").code == 0
    eventually(lambda: ask(live, "GET", "/profile", cookie=cookie)[0] == 303)

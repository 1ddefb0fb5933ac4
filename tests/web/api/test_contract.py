"""Every operation of the OpenAPI document: without a token, with another area's, without the scope; any body."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.accounts import AccountRole, Right
from hub.ports import Lane
from tests.store.samples import an_alert
from tests.web.api.programs import Program, Programs
from tests.web.console.doors import OTHER, VILLAGE

RATE = timedelta(seconds=1)

HTTP = ("get", "put", "post", "delete")
# What stands for each part of an address: it exists, in VILLAGE.
THERE = {"ref": "01A", "home_id": "ah-001", "code": VILLAGE, "person_id": "wang-li", "test_id": "01T"}
NOWHERE = {"ref": "01Z", "home_id": "ah-999", "code": "620702999999", "person_id": "nobody", "test_id": "01Z"}
BODIES: dict[str, Any] = {
    "hand-over": {"to": "li-qiang"},
    "resolve": {"outcome": "false"},
    "note": {"text": "called"},
    "silence": {"reason": "in_hand"},
    "mode": {"mode": "away", "until": "2026-03-02T04:00:00Z"},
}
SECRETS = ("王秀兰", "上堡村三社12号", "王丽", "900101")
NOT_THERE = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "There is nothing here that this token may see.",
}


@pytest.fixture
async def document(site: Programs) -> dict[str, Any]:
    answer = await site.nobody().ask("GET", "/api/openapi.json")
    assert answer.status == 200
    return dict(answer.body)


@pytest.fixture
async def alert(site: Programs) -> None:
    await site.house.engine.store.write(Lane.DUTY, lambda t: t.save_alert(an_alert(home="ah-001")))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in document["paths"].items():
        for method in HTTP:
            if method in found:
                yield method.upper(), path, found[method]


def filled(path: str, values: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda part: values[part[1]], path)


def body(method: str, path: str) -> Any:
    return BODIES.get(path.rsplit("/", 1)[-1]) if method in ("PUT", "POST") else None


async def test_without_a_token_nothing_is_told(site: Programs, document: dict[str, Any]) -> None:
    for token in (None, "", "x", "ch_" + "x" * 43, "ch_" + "x" * 5000):
        program = site.nobody(token)
        for method, path, _ in operations(document):
            answer = await program.ask(method, filled(path, THERE), body(method, path))
            assert answer.status == 401, path
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert (await site.nobody().get("/nowhere")).status == 401


async def test_a_cookie_opens_nothing(site: Programs, document: dict[str, Any]) -> None:
    browser = await site.house.signed_in("li", AccountRole.COUNTY, person="li-qiang")
    program = Program(site.house.base, None, {"Cookie": f"carehub={browser.cookies.get('carehub', '')}"})
    assert (await browser.get("/profile")).status == 200
    for method, path, _ in operations(document):
        assert (await program.ask(method, filled(path, THERE), body(method, path))).status == 401, path


@pytest.mark.promise("P10")
@pytest.mark.usefixtures("alert")
@pytest.mark.parametrize("role", list(AccountRole))
async def test_what_lies_in_another_area_is_as_if_it_were_not_there(
    site: Programs, document: dict[str, Any], role: AccountRole
) -> None:
    program = await site.program(role, areas=(OTHER,), person="sun-zhi")
    rights = {right.value for right in (await site.house.accounts.all())[0].rights}
    before = await site.house.engine.store.read(lambda t: (t.registry(), t.alert("01A"), t.history("01A")))
    for method, path, operation in operations(document):
        if "{" not in path:
            continue
        site.house.clock.instant += RATE
        foreign = await program.ask(method, filled(path, THERE), body(method, path))
        missing = await program.ask(method, filled(path, NOWHERE), body(method, path))
        if path == "/api/v1/areas/{code}" or operation.get("x-scope") in rights:
            assert (foreign.status, foreign.body) == (404, NOT_THERE), (method, path)
            assert (missing.status, missing.body) == (404, NOT_THERE), (method, path)
        else:
            assert foreign.status == missing.status == 403, (method, path)
            assert foreign.body == missing.body
    after = await site.house.engine.store.read(lambda t: (t.registry(), t.alert("01A"), t.history("01A")))
    assert after == before
    refused = await site.house.log("refused")
    assert refused
    assert {act.who for act in refused} == {"sun-zhi"}


@pytest.mark.promise("P10")
@pytest.mark.usefixtures("alert")
async def test_lists_hold_only_what_lies_in_ones_areas(site: Programs, document: dict[str, Any]) -> None:
    program = await site.program(AccountRole.COUNTY, areas=(OTHER,), person="sun-zhi")
    for method, path, _ in operations(document):
        if method == "GET" and "{" not in path:
            answer = await program.ask(method, path)
            assert answer.status == 200, path
            assert not [secret for secret in SECRETS if secret in answer.text], path
            assert "ah-001" not in answer.text, path


@pytest.mark.usefixtures("alert")
async def test_without_its_scope_nothing_is_done_whatever_the_account_may(
    site: Programs, document: dict[str, Any]
) -> None:
    for method, path, operation in operations(document):
        needed = operation.get("x-scope")
        if needed is None:
            continue
        others = set(Right) - {Right(needed)}
        program = await site.program(AccountRole.COUNTY, AccountRole.ADMINISTRATOR, person=None, rights=others)
        answer = await program.ask(method, filled(path, THERE), body(method, path))
        assert (answer.status, answer.body["scope"]) == (403, needed), (method, path)
        assert needed in answer.body["detail"]


async def test_the_document_holds_together(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    text = json.dumps(document)
    for name in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert name in document["components"]["schemas"], name
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["security"] == [{"HTTPBearer": []}], path
        assert operation.get("x-scope") or path == "/api/v1/account"
        names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert names == set(re.findall(r"{(\w+)}", path)), path
        for status in ("401", "403", "404", "422", "429", "503"):
            (media,) = operation["responses"][status]["content"]
            assert media == "application/problem+json", (method, path)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema["$ref"].startswith("#/components/schemas/")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_page_of_the_document_shows_all_of_it_and_loads_nothing_foreign(
    site: Programs, document: dict[str, Any], language: str
) -> None:
    answer = await site.nobody().ask("GET", f"/api/docs?lang={language}")
    assert answer.status == 200
    for _, path, operation in operations(document):
        assert path in answer.text
        assert operation["summary"].split(";")[0].split("'")[0] in answer.text
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|https?://", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert f'lang="{language}"' in answer.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", "\x00", "1e999"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = ("to", "outcome", "note", "watched", "holder", "text", "reason", "mode", "until")
INSTANTS = st.datetimes().map(lambda at: f"{at.isoformat()}-12:00")
BODY = (
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4).map(json.dumps)
    | st.fixed_dictionaries({"text": st.text()}).map(json.dumps)
    | st.fixed_dictionaries({"outcome": st.just("false"), "note": st.text()}).map(json.dumps)
    | st.fixed_dictionaries({"mode": st.just("away"), "until": INSTANTS}).map(json.dumps)
    | JSON.map(json.dumps)
    | st.just("[" * 60_000)
)


@cache
def _takers_of_bodies() -> tuple[tuple[str, str], ...]:
    acts = ("arrived", "hand-over", "resolve", "note", "silence", "take")
    return (*(("POST", f"/api/v1/alerts/01A/{act}") for act in acts), ("PUT", "/api/v1/homes/ah-001/mode"))


@pytest.mark.usefixtures("alert")
async def test_no_body_breaks_it(site: Programs) -> None:
    program = await site.program(AccountRole.COUNTY, areas=(VILLAGE,), person="li-qiang")
    sent: list[tuple[str, str, bytes]] = []

    @given(st.sampled_from(_takers_of_bodies()), BODY | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def collect(operation: tuple[str, str], text: str) -> None:
        sent.append((*operation, text.encode("utf-8", "surrogatepass")))

    collect()
    for method, path, raw in sent:
        site.house.clock.instant += RATE
        answer = await program.ask(method, path, raw=raw)
        assert answer.status < 500, (method, path, raw, answer.text)
        if answer.status >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.body["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/alerts/%00",
        "/alerts/%ff%fe",
        "/homes/..%2f..%2fetc",
        "/alerts?cursor=x",
        "/alerts?cursor=WzEsMl0",
        "/alerts?cursor=WyJ4IiwieSJd",
        "/alerts?limit=0",
        "/alerts?limit=99999999999999999999",
        "/homes?area=x",
        "/homes?cursor=%00",
        "/tests?home=%00",
        "/people/" + "x" * 3000,
        "/areas/" + "9" * 3000,
    ],
)
async def test_no_address_breaks_it(site: Programs, path: str) -> None:
    program = await site.program(AccountRole.COUNTY, person="li-qiang")
    answer = await program.get(path)
    assert answer.status in (404, 422), answer.text
    assert answer.body["detail"].endswith(".")


async def test_a_body_is_bounded(site: Programs) -> None:
    program = await site.program(AccountRole.COUNTY, person="li-qiang")
    answer = await program.ask("POST", "/api/v1/alerts/01A/note", raw=b"x" * 70_000)
    assert (answer.status, answer.body["detail"]) == (413, "A request holds 64 KB at most.")


def test_an_idle_hub_does_without_it() -> None:
    asked = "import sys, hub.app, hub.web.api.door, hub.web.console.tokens; print('fastapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

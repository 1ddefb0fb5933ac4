"""`carehub init`: a few questions, and the folder of a new hub."""

import asyncio
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.failure import USAGE, fail, say
from hub.cli.place import language as terminal_language
from hub.cli.starting.questions import EMBEDDED, LATER, SIMULATED, Question, is_gateway, questions

if TYPE_CHECKING:
    from hub.accounts import Invitation
    from hub.settings import Configuration

_GATEWAY = Path("/etc/carehub")
# Nobody of those who would be told can reply over what carries their texts.
_ONE_WAY = "one_way"


def _option(name: str, what: str, metavar: str = "TEXT") -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(f"--{name}", metavar=metavar, help=what, show_default=False)
    return option


def init(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="A new folder. Default: $CAREHUB_CONFIG, else /etc/carehub for root, ./config.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what no option says is taken as proposed.")] = False,
    language: Annotated[str | None, _option("language", "zh-CN or en: questions, pages, texts.", "LANGUAGE")] = None,
    site: Annotated[str | None, _option("site", "Name of this hub.", "NAME")] = None,
    timezone: Annotated[str | None, _option("timezone", "Like Asia/Shanghai. Default: this machine's.", "ZONE")] = None,
    desk: Annotated[str | None, _option("desk", "The duty desk's number.", "NUMBER")] = None,
    carrier: Annotated[str | None, _option("carrier", "twilio or simulated.", "CARRIER")] = None,
    sender: Annotated[str | None, _option("from", "Number that texts come from.", "NUMBER")] = None,
    signature: Annotated[str | None, _option("signature", "Stands in front of texts.")] = None,
    mqtt: Annotated[str | None, _option("mqtt", "embedded, or mqtt://host:port.", "URL")] = None,
    listen: Annotated[str | None, _option("listen", "Where pages listen.", "ADDRESS:PORT")] = None,
    public_url: Annotated[str | None, _option("public-url", "Address under which people reach them.", "URL")] = None,
    area: Annotated[str | None, _option("area", "Code of the area, 12 digits.", "CODE")] = None,
    area_name: Annotated[str | None, _option("area-name", "What people call it.", "NAME")] = None,
    staff_name: Annotated[str | None, _option("staff-name", "Who of the staff is told first.", "NAME")] = None,
    staff_phone: Annotated[str | None, _option("staff-phone", "Their number.", "NUMBER")] = None,
    home: Annotated[str | None, _option("home", "Address of the first home; else homes are imported.")] = None,
    resident: Annotated[str | None, _option("resident", "Who lives there.", "NAME")] = None,
    family_name: Annotated[str | None, _option("family-name", "Who of the family is told.", "NAME")] = None,
    family_phone: Annotated[str | None, _option("family-phone", "Their number.", "NUMBER")] = None,
    database: Annotated[str | None, _option("database", "sqlite:///FILE or postgresql://user@host/db.", "URL")] = None,
    make_database: Annotated[
        bool | None,
        typer.Option(
            "--make-database/--no-make-database",
            help="Make the database now, and a link for the first administrator.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Ask the few things that a gateway needs and write its folder: hub.yaml, homes.yaml, and secrets.env.

    Each answer is checked at once, as `check-config` does it. Nothing is written before the last answer, nothing that
    is there is replaced, and Ctrl-C leaves nothing behind. Each question has an option; with --yes nothing is asked.
    Twilio's account is taken from TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN if they are set. Secrets lie in secrets.env,
    which only its user can read.
    """
    place = (folder or _usual_place()).absolute()
    _refuse_what_exists(place)
    given = {
        "language": language, "site": site, "timezone": timezone, "desk": desk, "carrier": carrier, "from": sender,
        "signature": signature, "mqtt": mqtt, "listen": listen, "public_url": public_url, "area": area,
        "area_name": area_name, "staff_name": staff_name, "staff_phone": staff_phone, "home": home,
        "resident": resident, "family_name": family_name, "family_phone": family_phone, "database": database,
        "sid": os.environ.get("TWILIO_ACCOUNT_SID"), "token": os.environ.get("TWILIO_AUTH_TOKEN"),
    }  # fmt: skip
    asking = _Asking(place, {name: value for name, value in given.items() if value is not None}, yes=yes)
    answers = asking.run()
    makes = _makes_database(place, answers, make_database, yes=yes)
    _write(answers, place)
    _tell(answers, place, makes=makes)


def _usual_place() -> Path:
    named = os.environ.get("CAREHUB_CONFIG")
    return Path(named) if named else _GATEWAY if os.geteuid() == 0 else Path("config")


def _refuse_what_exists(place: Path) -> None:
    from hub.cli.starting.folder import in_the_way

    try:
        found = in_the_way(place)
    except OSError as error:
        fail(f"{error.filename or place} cannot be read: {error.strerror}. Name another folder.", USAGE)
    if found == place:
        fail(f"{place} is a file. Name a folder that is not there yet.", USAGE)
    if found is not None:
        fail(f"{found} is there already, and nothing is replaced. Edit it, or name another folder.", USAGE)


class _Asking:
    """Asks one question after the other until each has an answer that is right."""

    def __init__(self, place: Path, given: Mapping[str, str], *, yes: bool) -> None:
        self._place, self._given, self._yes = place, given, yes
        self._questions = questions(place, terminal_language(), os.environ)
        self._answers: dict[str, str] = {}

    @property
    def _language(self) -> str:
        return self._answers.get("language", terminal_language())

    def run(self) -> dict[str, str]:
        """Return all answers by name."""
        for question in self._questions:
            if question.only_if(self._answers):
                self._answers[question.name] = self._answer(question)
        self._warn()
        return self._answers

    def _answer(self, question: Question) -> str:
        given = self._given.get(question.name)
        if given is not None or self._yes:
            answer = question.default(self._answers) if given is None else given.strip()
            wrong = self._wrong(question, answer)
            if wrong:
                fail(f"--{question.name.replace('_', '-')}: {wrong}", USAGE)
            return answer
        while True:
            answer = self._ask(question)
            wrong = self._wrong(question, answer)
            if not wrong:
                return answer
            say(wrong)

    def _ask(self, question: Question) -> str:
        default = question.default(self._answers)
        answer = typer.prompt(
            question.words(self._language),
            default=default,
            show_default=bool(default),
            hide_input=question.secret,
            prompt_suffix=": ",
        )
        return str(answer).strip()

    def _wrong(self, question: Question, answer: str) -> str:
        """Return what is wrong with an answer, in the sentences of `check-config`."""
        if question.choices:
            return "" if answer in question.choices else self._not_one_of(question)
        if question.name in ("sid", "token"):
            return _wrong_secret(question.name, answer, self._language)
        from hub.cli.starting.folder import checked
        from hub.settings import ConfigurationError

        draft = self._with_defaults({**self._answers, question.name: answer})
        try:
            checked(draft, self._place)
        except ConfigurationError as error:
            # What was right before can be wrong by this answer alone, or by all numbers together.
            fault = next((one for one in error.faults if one.sentence != _ONE_WAY), None)
            if fault is not None:
                return fault.text(self._language)
            return self._unanswerable(question, answer, error.faults[0].text(self._language))
        return ""

    def _unanswerable(self, question: Question, answer: str, said: str) -> str:
        """Take an answer after which nobody could reply yet; with the last number the home is left out."""
        if question.name not in ("family_name", "family_phone") or (question.name == "family_name" and answer):
            return ""
        if self._yes or "home" in self._given:
            return said
        self._answers["home"] = LATER
        say(said)
        zh = self._language == "zh-CN"
        say("这一户先不写进去，其他照旧。" if zh else "The home is left out for now; everything else stays.")
        return ""

    def _with_defaults(self, answers: dict[str, str]) -> dict[str, str]:
        """Return the answers so far, and to each later question what is proposed."""
        whole: dict[str, str] = {}
        for question in self._questions:
            if question.only_if(whole):
                whole[question.name] = answers.get(question.name, question.default(whole))
        return whole

    def _warn(self) -> None:
        """Say what is allowed and may not be meant; the secrets are in a file of their own."""
        from hub.cli.starting.folder import checked

        warnings = checked(self._answers, self._place).warnings
        for text in dict.fromkeys(w.text(self._language) for w in warnings if w.sentence != "secret_missing"):
            say(text)

    def _not_one_of(self, question: Question) -> str:
        words = ", ".join(question.choices)
        return f"请写其中一个：{words}。" if self._language == "zh-CN" else f"Write one of {words}."


def _wrong_secret(name: str, answer: str, language: str) -> str:
    """Return what is wrong with Twilio's account or token, without showing it."""
    if not answer:
        return ""
    fits = answer.isascii() and answer.isalnum() and (name == "token" or (answer[:2] == "AC" and len(answer) == 34))
    if fits:
        return ""
    if language == "zh-CN":
        return "账号 SID 是 AC 加 32 位字母数字。" if name == "sid" else "密钥只有字母和数字。请重新粘贴。"
    return "An account SID is AC and 32 more characters." if name == "sid" else "A token is letters and digits alone."


def _makes_database(place: Path, answers: Mapping[str, str], wanted: bool | None, *, yes: bool) -> bool:
    # What root makes, the service's user could not write.
    usual = not (os.geteuid() == 0 and is_gateway(place))
    if wanted is not None or yes:
        return usual if wanted is None else wanted
    question = "Make the database now, and a link for the first administrator?"
    if answers["language"] == "zh-CN":
        question = "现在建数据库，并给出第一位管理员的链接吗？"
    return typer.confirm(question, default=usual)


def _write(answers: Mapping[str, str], place: Path) -> None:
    from hub.cli.starting.folder import write

    try:
        write(answers, place)
    except FileExistsError as error:
        fail(f"{error.filename2 or place} has appeared meanwhile, and nothing is replaced. Name another folder.", USAGE)
    except OSError as error:
        fail(f"{error.filename or place} cannot be written: {error.strerror}. Name a folder you may write to.", USAGE)


def _tell(answers: Mapping[str, str], place: Path, *, makes: bool) -> None:
    from hub.settings import load

    loaded = load(place, {})
    zh = answers["language"] == "zh-CN"
    typer.echo(_written(place, zh=zh))
    if makes:
        token, invitation = _first_link(loaded)
        _tell_link(loaded, token, invitation, zh=zh)
    typer.echo("接下来：" if zh else "Next:")
    for line in _next_lines(answers, place, makes=makes):
        typer.echo(f"  {line}")


def _written(place: Path, *, zh: bool) -> str:
    if zh:
        return f"已写好 {place}：hub.yaml、homes.yaml、secrets.env（只有本用户能读），检查没有错误。"
    return f"Wrote {place}: hub.yaml, homes.yaml, and secrets.env, which only its user can read. There is no mistake."


def _first_link(loaded: "Configuration") -> "tuple[str, Invitation]":
    """Make the database, put the people and homes of the files into it, and return a link for an administrator."""
    from hub.cli.opened import opened, why_unusable
    from hub.ports import StoreUnavailable
    from hub.store import DatabaseUnusable, upgrade

    try:
        upgrade(loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable, OSError) as error:
        fail(why_unusable(error))

    async def run() -> "tuple[str, Invitation]":
        from hub.app import apply
        from hub.engine.accounts import Accounts
        from hub.ports import Lane

        async with opened(loaded) as engine:
            if await engine.store.read(lambda t: t.registry_version()) == 0:
                await engine.store.write(Lane.SLOW, lambda t: apply(t, loaded.registry))
                await engine.load()
            return await Accounts(engine).first_link()

    return asyncio.run(run())


def _tell_link(loaded: "Configuration", token: str, invitation: "Invitation", *, zh: bool) -> None:
    from hub.cli.accounts import address

    until = f"{invitation.expires_at.astimezone(loaded.hub.timezone):%Y-%m-%d %H:%M}"
    what = f"第一位管理员用这个链接注册，{until} 前有效，只能用一次；carehub 运行后打开：" if zh else (
        f"The first administrator chooses name and password at (once, until {until}, when carehub runs):"
    )  # fmt: skip
    typer.echo(what)
    typer.echo(f"  {address(loaded.hub.web.public_url, token)}")


def _next_lines(answers: Mapping[str, str], place: Path, *, makes: bool) -> list[str]:
    """Return the commands that come next, as they can be pasted."""
    from hub.cli.starting.folder import HOME_ID, HOMES, SECRETS, STAFF_ID

    zh = answers["language"] == "zh-CN"
    at, secrets = shlex.quote(str(place)), shlex.quote(str(place / SECRETS))
    lines = [f"set -a; . {secrets}; set +a"]
    if answers["carrier"] != SIMULATED and not (answers.get("sid") and answers.get("token")):
        lines.insert(0, f"nano {secrets}    {'# 填上 Twilio 账号和密钥' if zh else '# fill in the account of Twilio'}")
    if answers["carrier"] == SIMULATED:
        url = shlex.quote(f"{answers['public_url'].rstrip('/')}/twilio/sms")
        lines.append(f"carehub simulate carrier --webhook-url {url} &    {'# 模拟运营商' if zh else '# the carrier'}")
    if answers["mqtt"] != EMBEDDED:
        lines.append(f"carehub broker-config --config {at}")
    lines.append(f"carehub run --config {at}")
    if not makes:
        lines.append(
            f"carehub accounts link --config {at}    {'# 第一位管理员' if zh else '# the first administrator'}"
        )
    if answers["home"]:
        devices = "# 加上设备" if zh else "# add the devices"
        lines.append(f"nano {shlex.quote(str(place / HOMES))}    {devices}")
        lines.append(f"carehub apply --config {at}")
        lines.append(f"carehub test-home {HOME_ID} --tester {STAFF_ID} --config {at}")
    else:
        lines.append(f"carehub homes template && carehub homes import FILE --config {at}")
    return lines

"""The questions of `carehub init`: their words, what is taken when nobody answers, and how an answer is checked."""

import os
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Answers = Mapping[str, str]

SIMULATED, TWILIO, EMBEDDED = "simulated", "twilio", "embedded"
LATER = ""
# Numbers of ranges reserved for examples: they reach nobody.
EXAMPLE_PHONE, EXAMPLE_SENDER = "+447700900102", "+15005550006"
_GATEWAY_BROKER = "mqtt://127.0.0.1:1883"
_GATEWAY_DATABASE = "sqlite:////var/lib/carehub/carehub.db"
_SITE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `default` is what Enter, and `--yes`, take; "" where the answer may be left out.

    `only_if`: it is not asked otherwise. `choices`: the words that are taken; else the configuration is checked with
    the answer in it. `secret`: not shown, never in YAML.
    """

    name: str
    english: str
    chinese: str
    default: Callable[[Answers], str] = lambda _: ""
    only_if: Callable[[Answers], bool] = lambda _: True
    choices: tuple[str, ...] = ()
    secret: bool = False

    def words(self, language: str) -> str:
        """Return the question as it is asked."""
        return self.chinese if language.startswith("zh") else self.english


def is_gateway(folder: Path) -> bool:
    """Whether a folder is where a gateway's service looks for its configuration."""
    return folder.absolute().is_relative_to("/etc")


def questions(folder: Path, language: str, environ: Mapping[str, str]) -> Sequence[Question]:
    """Return all questions in their order. `language`: the terminal's."""
    gateway = is_gateway(folder)
    twilio = TWILIO if environ.get("TWILIO_ACCOUNT_SID") else SIMULATED
    return (
        Question("language", "Language / 语言", "语言 / Language", lambda _: language, choices=("zh-CN", "en")),
        Question("site", "Name of this hub (letters, digits, . _ -)", "这台设备的名字（字母、数字、. _ -）", _host),
        Question("timezone", "Time zone", "时区", lambda a: time_zone(a["language"], environ)),
        Question("desk", "The duty desk's number, if there is one", "值班室电话（没有就直接回车）"),
        *_carrier(twilio),
        Question(
            "mqtt",
            "Broker: embedded (to try things out), or its address like mqtt://127.0.0.1:1883",
            "消息服务器：embedded（试用），或地址，例如 mqtt://127.0.0.1:1883",
            lambda _: _GATEWAY_BROKER if gateway else EMBEDDED,
        ),
        Question("listen", "Pages listen on (address:port)", "页面监听（地址:端口）", lambda _: "127.0.0.1:8080"),
        Question("public_url", "Address under which people reach the pages", "大家访问页面用的网址", _public_url),
        *_people(),
        *_first_home(),
        Question(
            "database",
            "Database",
            "数据库",
            lambda _: _GATEWAY_DATABASE if gateway else "sqlite:///var/carehub.db",
        ),
    )


def _carrier(usual: str) -> Sequence[Question]:
    def is_twilio(answers: Answers) -> bool:
        return answers["carrier"] == TWILIO

    return (
        Question(
            "carrier",
            "Text messages: twilio, or simulated (nothing is really sent)",
            "短信：twilio，或 simulated（模拟，不会真的发出）",
            lambda _: usual,
            choices=(TWILIO, SIMULATED),
        ),
        Question("from", "Number that texts come from", "发短信的号码", lambda _: EXAMPLE_SENDER),
        Question("signature", "Signature in front of texts, if there is one", "短信签名（没有就直接回车）"),
        Question("sid", "Twilio account SID (Enter: later)", "Twilio 账号 SID（回车：以后再填）", only_if=is_twilio),
        Question(
            "token",
            "Twilio auth token, not shown (Enter: later)",
            "Twilio 密钥，不显示（回车：以后再填）",
            only_if=is_twilio,
            secret=True,
        ),
    )


def _people() -> Sequence[Question]:
    return (
        Question(
            "area",
            "Area code, 12 digits (zeros at the end: all below)",
            "区划代码，12 位（末尾是零表示下面全管）",
            lambda _: "620702207200",
        ),
        Question("area_name", "What people call this area", "这个区域叫什么", lambda a: a["area"]),
        Question(
            "staff_name",
            "Who of the staff is told first: name",
            "先通知哪位工作人员：姓名",
            lambda a: "值班员" if a["language"] == "zh-CN" else "Staff on duty",
        ),
        Question(
            "staff_phone",
            f"Their number ({EXAMPLE_PHONE} is an example and reaches nobody)",
            f"电话（{EXAMPLE_PHONE} 是例子，打不通）",
            lambda _: EXAMPLE_PHONE,
        ),
    )


def _first_home() -> Sequence[Question]:
    def has_home(answers: Answers) -> bool:
        return answers["home"] != LATER

    def has_family(answers: Answers) -> bool:
        return has_home(answers) and answers["family_name"] != LATER

    return (
        Question(
            "home",
            "Address of the first home (Enter: homes are imported later)",
            "第一户的地址（以后再导入就直接回车）",
        ),
        Question(
            "resident",
            "Who lives there: name",
            "住户姓名",
            lambda a: a["home"],
            only_if=has_home,
        ),
        Question(
            "family_name",
            "Who of the family is told: name (Enter: nobody)",
            "通知哪位家人：姓名（没有就直接回车）",
            only_if=has_home,
        ),
        Question(
            "family_phone",
            "Their number",
            "家人电话",
            lambda _: "+447700900101",
            only_if=has_family,
        ),
    )


def _host(_: Answers) -> str:
    found = _SITE.sub("-", socket.gethostname().partition(".")[0]).strip("-._")
    return found[:40] or "carehub"


def _public_url(answers: Answers) -> str:
    host, _, port = answers["listen"].rpartition(":")
    if host in ("0.0.0.0", "[::]"):  # noqa: S104  # compared, not listened on
        host = socket.gethostname()
    return f"http://{host}:{port}" if host else "http://127.0.0.1:8080"


def time_zone(language: str, environ: Mapping[str, str]) -> str:
    """Return the machine's time zone as far as it says; a machine on UTC that speaks Chinese stands in China."""
    found = environ.get("TZ", "").removeprefix(":")
    if not _is_zone(found):
        target = os.path.realpath("/etc/localtime")
        found = target.partition("/zoneinfo/")[2].removeprefix("posix/")
    if not _is_zone(found) or found.removeprefix("Etc/") in ("UTC", "UCT", "Zulu", "Universal", "GMT"):
        return "Asia/Shanghai" if language.startswith("zh") else "UTC"
    return found


def _is_zone(name: str) -> bool:
    from zoneinfo import available_timezones

    return name in available_timezones()

"""What `channels:` may say about a Twilio SMS channel, and the account that comes from the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_LONGEST_SIGNATURE = 20


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Who we are at Twilio. `api_base` None is Twilio itself; the simulated carrier has another."""

    sid: str
    token: str = field(repr=False)
    api_base: str | None = None


class WrongSetting(ValueError):
    """What may stand there, in English and Chinese."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.english, self.chinese = english, chinese


class TwilioSmsSettings(BaseModel):
    """One channel of type `twilio_sms`.

    `from_` (in YAML `from`) is the sending number in E.164; `signature` stands in front of Chinese texts.
    `links`: whether who is told of an alert gets a second text with the link of its page, where links get through.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    # Names in the environment; each may also be given as NAME_FILE, the path of a file that holds it.
    required_environment: ClassVar[tuple[str, ...]] = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
    optional_environment: ClassVar[tuple[str, ...]] = ("TWILIO_API_BASE",)

    type: Literal["twilio_sms"] = "twilio_sms"
    from_: str = Field(alias="from")
    signature: str | None = None
    links: Literal["send", "never"] = "send"

    @field_validator("from_")
    @classmethod
    def _from(cls, value: str) -> str:
        if not re.fullmatch(r"\+[1-9]\d{6,14}", value):
            raise WrongSetting(
                "write the number with + and country code, like +15005550006",
                "请写 + 加国家代码和号码，例如 +15005550006",
            )
        return value

    @field_validator("signature")
    @classmethod
    def _signature(cls, value: str | None) -> str | None:
        # Carriers put the brackets around it; a second pair is refused.
        if value is not None and (not value.isprintable() or not value.strip() or any(c in value for c in "【】[]")):
            raise WrongSetting("write the plain name, without brackets", "只写名称，不带括号")
        if value is not None and len(value) > _LONGEST_SIGNATURE:
            raise WrongSetting(f"write at most {_LONGEST_SIGNATURE} characters", f"最多写 {_LONGEST_SIGNATURE} 个字")
        return value

    @staticmethod
    def replies(to: str) -> bool:
        """Whether a person with this number can answer: Twilio takes no replies from mainland China.

        Source: twilio.com/en/guidelines/cn/sms, "Two-way SMS not supported".
        """
        return not to.startswith("+86")

    @staticmethod
    def links_pass(to: str) -> bool:
        """Whether a text with a link gets through to this number: not to mainland China (same source)."""
        return not to.startswith("+86")

    @staticmethod
    def account(environment: Mapping[str, str]) -> TwilioAccount:
        """Return the account from `HubSettings.channel_environment`; raises KeyError if a required name is missing."""
        return TwilioAccount(
            environment["TWILIO_ACCOUNT_SID"], environment["TWILIO_AUTH_TOKEN"], environment.get("TWILIO_API_BASE")
        )

"""What `channels:` may say about a Twilio SMS channel, and the account that comes from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Who we are at Twilio. `api_base` None is Twilio itself; the simulated carrier has another."""

    sid: str
    token: SecretStr
    api_base: str | None = None


class TwilioSmsSettings(BaseModel):
    """One channel of type `twilio_sms`.

    `from_` (in YAML `from`) is the sending number in E.164; `signature` stands in front of Chinese texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    # Names in the environment; each may also be given as NAME_FILE, the path of a file that holds it.
    required_environment: ClassVar[tuple[str, ...]] = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
    optional_environment: ClassVar[tuple[str, ...]] = ("TWILIO_API_BASE",)

    type: Literal["twilio_sms"] = "twilio_sms"
    from_: str = Field(alias="from")
    signature: str | None = Field(default=None, min_length=1, max_length=20)

    @staticmethod
    def replies(to: str) -> bool:
        """Whether a person with this number can answer: Twilio takes no replies from mainland China.

        Source: twilio.com/en/guidelines/cn/sms, "Two-way SMS not supported".
        """
        return not to.startswith("+86")

    @staticmethod
    def account(environment: Mapping[str, SecretStr]) -> TwilioAccount:
        """Return the account from `HubSettings.channel_environment`; raises KeyError if a required name is missing."""
        base = environment.get("TWILIO_API_BASE")
        return TwilioAccount(
            environment["TWILIO_ACCOUNT_SID"].get_secret_value(),
            environment["TWILIO_AUTH_TOKEN"],
            base.get_secret_value() if base else None,
        )

"""Ways to reach people, one file per provider. A new channel is one file here and one line in each tuple."""

from hub.channels.twilio_settings import TwilioSmsSettings as TwilioSmsSettings
from hub.channels.twilio_settings import WrongSetting as WrongSetting

# What may stand under `channels:`; the `type` of an entry chooses its settings.
CHANNEL_SETTINGS = (TwilioSmsSettings,)
ChannelSettings = TwilioSmsSettings

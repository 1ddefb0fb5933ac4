"""The signature on every request the carrier makes."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(auth_token: str, url: str, params: Mapping[str, str]) -> str:
    """Return the X-Twilio-Signature of a form POST of `params` to `url`.

    Source: twilio.com/docs/usage/webhooks/webhooks-security: the full URL with its query, then each parameter's
    name and value without delimiters, sorted by name, HMAC-SHA1 with the auth token as key, Base64.
    """
    signed = url + "".join(name + params[name] for name in sorted(params))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()

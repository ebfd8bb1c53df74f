"""A small client of Warmline: calls tried again, lists as iterators, webhooks verified."""

from warmline_client.calls import AsyncWarmline, Warmline
from warmline_client.errors import BadSignatureError, WarmlineError
from warmline_client.webhooks import sign, verify

__all__ = [
    "AsyncWarmline",
    "BadSignatureError",
    "Warmline",
    "WarmlineError",
    "sign",
    "verify",
]

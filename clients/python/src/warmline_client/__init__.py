"""A small client of Warmline: typed calls tried again, lists as iterators, webhooks verified."""

from warmline_client.calls import AsyncWarmline, Warmline
from warmline_client.errors import BadSignatureError, WarmlineError
from warmline_client.patience import Call, Page, Seen
from warmline_client.webhooks import sign, verify

__all__ = [
    "AsyncWarmline",
    "BadSignatureError",
    "Call",
    "Page",
    "Seen",
    "Warmline",
    "WarmlineError",
    "sign",
    "verify",
]

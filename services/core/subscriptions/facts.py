"""What subscriptions announce. A subscription is never told of itself."""

from services.core.stream.types import Fact
from services.core.subscriptions.types import Subscription


def subscription_changed(verb: str, subscription: Subscription) -> Fact:
    """`subscription.created`, `.changed`, `.archived`, `.paused`, `.resumed`."""
    reason = subscription.pause_reason
    payload = {
        "name": subscription.name,
        "version": subscription.version,
        "enabled": subscription.enabled,
        "reason": reason.value if reason else None,
    }
    return Fact(f"subscription.{verb}", "subscription", subscription.id, payload)

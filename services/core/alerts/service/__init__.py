"""Raise alerts, tell people through channels, and keep at it until somebody has heard."""

from services.core.alerts.service.channels import (
    archive_channel,
    change_channel,
    create_channel,
    get_channel,
    list_channels,
    rotate_secret,
    try_channel,
)
from services.core.alerts.service.claiming import claim_dispatches
from services.core.alerts.service.climbing import climb, climb_due
from services.core.alerts.service.closing import close_digests
from services.core.alerts.service.dead_letters import (
    list_dead_letters,
    list_deliveries,
    redrive,
)
from services.core.alerts.service.fallbacks import fall_back
from services.core.alerts.service.forgetting import forget_sendings
from services.core.alerts.service.handling import (
    acknowledge,
    get_alert,
    list_alerts,
    list_climb,
    renotify,
    resolve,
    unacknowledge,
)
from services.core.alerts.service.ladders import (
    archive_ladder,
    change_ladder,
    create_ladder,
    ensure_defaults,
    get_ladder,
    list_ladder_warnings,
    list_ladders,
)
from services.core.alerts.service.landing import complete
from services.core.alerts.service.lateness import get_lateness
from services.core.alerts.service.pausing import pause_channel, resume_channel
from services.core.alerts.service.raising import (
    raise_for,
    raise_for_burn,
    raise_for_detector,
    raise_for_rules,
)
from services.core.alerts.service.sending import send_due
from services.core.alerts.service.settling import (
    correct,
    expire,
    settle,
    settle_burns,
    settle_detector_firings,
)

__all__ = [
    "acknowledge",
    "archive_channel",
    "archive_ladder",
    "change_channel",
    "change_ladder",
    "claim_dispatches",
    "climb",
    "climb_due",
    "close_digests",
    "complete",
    "correct",
    "create_channel",
    "create_ladder",
    "ensure_defaults",
    "expire",
    "fall_back",
    "forget_sendings",
    "get_alert",
    "get_channel",
    "get_ladder",
    "get_lateness",
    "list_alerts",
    "list_channels",
    "list_climb",
    "list_dead_letters",
    "list_deliveries",
    "list_ladder_warnings",
    "list_ladders",
    "pause_channel",
    "raise_for",
    "raise_for_burn",
    "raise_for_detector",
    "raise_for_rules",
    "redrive",
    "renotify",
    "resolve",
    "resume_channel",
    "rotate_secret",
    "send_due",
    "settle",
    "settle_burns",
    "settle_detector_firings",
    "try_channel",
    "unacknowledge",
]

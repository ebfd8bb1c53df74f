"""Subscriptions: who is told which facts, how they get there, and what became of each."""

from services.core.subscriptions.service.administering import (
    archive_subscription,
    change_subscription,
    create_subscription,
    get_subscription,
    list_subscriptions,
    rotate_secret,
    try_subscription,
)
from services.core.subscriptions.service.looking_back import (
    list_backlogs,
    list_parcels,
    redrive,
)
from services.core.subscriptions.service.queueing import FANOUT_QUEUE, queue_news
from services.core.subscriptions.service.retaining import forget_facts, forget_parcels
from services.core.subscriptions.service.sending import SENDING_QUEUE, send_due

__all__ = [
    "FANOUT_QUEUE",
    "SENDING_QUEUE",
    "archive_subscription",
    "change_subscription",
    "create_subscription",
    "forget_facts",
    "forget_parcels",
    "get_subscription",
    "list_backlogs",
    "list_parcels",
    "list_subscriptions",
    "queue_news",
    "redrive",
    "rotate_secret",
    "send_due",
    "try_subscription",
]

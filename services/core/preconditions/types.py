"""Nouns of what is changed only as it was seen."""

from enum import StrEnum


class Thing(StrEnum):
    """What people edit and can be locked by its id, by the noun routes have for it."""

    CALENDAR = "calendar"
    CASE = "case"
    CHANNEL = "channel"
    DETECTOR = "detector"
    FOLLOWER = "follower"
    INHIBITION = "inhibition"
    LADDER = "ladder"
    MEMBER = "member"
    POLICY = "policy"
    REPORT = "report"
    ROTA = "rota"
    RULE = "rule"
    SOURCE = "source"
    STANDSTILL = "standstill"
    SUBSCRIPTION = "subscription"
    TEAM = "team"
    VIEW = "view"
    # There is one of each, and its row may not be there yet: the workspace stands for it.
    WORKSPACE = "workspace"

"""Promises: policies and their versions, the clocks planned from them, and moving those."""

from services.core.sla.service.moving import list_swift_moves, move_swiftly
from services.core.sla.service.policies import (
    archive_policy,
    change_policy,
    create_policy,
    ensure_defaults,
    get_policies_by_version,
    get_policy,
    list_policies,
    list_versions,
    list_warnings,
    policies_in_force,
)
from services.core.sla.service.promises import (
    fire_due,
    list_due_workspaces,
    list_moves,
    next_moment,
    plan_clocks,
)
from services.core.sla.service.replans import (
    list_due_replans,
    list_replans,
    note_replan,
    start_replan,
    take_replan,
)

__all__ = [
    "archive_policy",
    "change_policy",
    "create_policy",
    "ensure_defaults",
    "fire_due",
    "get_policies_by_version",
    "get_policy",
    "list_due_replans",
    "list_due_workspaces",
    "list_moves",
    "list_policies",
    "list_replans",
    "list_swift_moves",
    "list_versions",
    "list_warnings",
    "move_swiftly",
    "next_moment",
    "note_replan",
    "plan_clocks",
    "policies_in_force",
    "start_replan",
    "take_replan",
]

"""Every call of the interface, by the group it stands in; `send` makes it.

Written by `warmline openapi --python`; a change made here is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from warmline_client import models
from warmline_client.patience import Call, Page


class Alerts:
    @staticmethod
    def list_alerts(
            *,
            state: models.AlertState | None = None,
            case_id: UUID | str | None = None,
            tier: models.Tier | None = None,
            severity: models.Severity | None = None,
            sort: models.AlertSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["acknowledged_at", "acknowledged_by", "burn_id", "case_id", "climb_at", "clock_id", "clock_kind", "detail", "detector_firing_id", "due_at", "fire_at", "fired_at", "group_key", "id", "kind", "ladder", "late_by_seconds", "message_id", "note", "request_id", "resolution", "resolved_at", "resolved_by", "resume_at", "rule_id", "severity", "state", "step", "tier"]] | None = None,
        ) -> Call[Page[models.AlertView]]:
        """List alerts."""
        return Call(
            "GET",
            "/v1/alerts",
            params={
            "state": state,
            "case_id": case_id,
            "tier": tier,
            "severity": severity,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_alert(
            alert_id: UUID | str,
            *,
            fields: Sequence[Literal["acknowledged_at", "acknowledged_by", "burn_id", "case_id", "climb_at", "clock_id", "clock_kind", "detail", "detector_firing_id", "due_at", "fire_at", "fired_at", "group_key", "id", "kind", "ladder", "late_by_seconds", "message_id", "note", "request_id", "resolution", "resolved_at", "resolved_by", "resume_at", "rule_id", "severity", "state", "step", "tier"]] | None = None,
        ) -> Call[models.AlertView]:
        """Read an alert."""
        return Call("GET", f"/v1/alerts/{alert_id}", params={"fields": fields})

    @staticmethod
    def acknowledge(
            alert_id: UUID | str,
            body: models.AcknowledgeBody | None = None,
        ) -> Call[models.AlertView]:
        """Say that you have it."""
        return Call(
            "POST",
            f"/v1/alerts/{alert_id}/acknowledge",
            body=body,
            once=True,
        )

    @staticmethod
    def unacknowledge(
            alert_id: UUID | str,
            body: models.UnacknowledgeBody | None = None,
        ) -> Call[models.AlertView]:
        """Say that you do not have it after all."""
        return Call(
            "POST",
            f"/v1/alerts/{alert_id}/unacknowledge",
            body=body,
            once=True,
        )

    @staticmethod
    def list_steps(alert_id: UUID | str) -> Call[models.ClimbView]:
        """Read how far an alert climbed, and what comes next."""
        return Call("GET", f"/v1/alerts/{alert_id}/steps")

    @staticmethod
    def resolve(
            alert_id: UUID | str,
            body: models.AlertNoteBody | None = None,
        ) -> Call[models.AlertView]:
        """Close an alert by hand."""
        return Call(
            "POST",
            f"/v1/alerts/{alert_id}/resolve",
            body=body,
            once=True,
        )

    @staticmethod
    def renotify(
            alert_id: UUID | str,
            body: models.AlertNoteBody | None = None,
        ) -> Call[models.AlertView]:
        """Tell everybody once more."""
        return Call(
            "POST",
            f"/v1/alerts/{alert_id}/renotify",
            body=body,
            once=True,
        )

    @staticmethod
    def list_deliveries(
            alert_id: UUID | str,
            *,
            sort: models.MadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["alert_id", "attempt_count", "attempts", "case_id", "channel_id", "channel_name", "closes_digest_id", "created_at", "digest_id", "fallback_of", "fell_back_at", "id", "last_error", "next_at", "purpose", "request_id", "sent_at", "sequence", "state", "tier", "waits_for", "waits_until"]] | None = None,
        ) -> Call[Page[models.DeliveryView]]:
        """Read what was sent, where and with what result."""
        return Call(
            "GET",
            f"/v1/alerts/{alert_id}/deliveries",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class Audit:
    @staticmethod
    def list_audit(
            *,
            actor: str | None = None,
            action: str | None = None,
            subject_kind: str | None = None,
            subject_id: str | None = None,
            from_: datetime | str | None = None,
            to: datetime | str | None = None,
            sort: models.AuditSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["action", "actor_id", "actor_kind", "actor_label", "at", "detail", "id", "request_id", "subject_id", "subject_kind"]] | None = None,
        ) -> Call[Page[models.AuditView]]:
        """Read the trail."""
        return Call(
            "GET",
            "/v1/audit",
            params={
            "actor": actor,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "from": from_,
            "to": to,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def verify_audit() -> Call[models.VerificationView]:
        """Count the trail's chain again."""
        return Call("GET", "/v1/audit/verification")


class Bulk:
    @staticmethod
    def act(body: models.BulkBody) -> Call[models.BulkDone]:
        """Act on many cases."""
        return Call("POST", "/v1/cases/bulk", body=body, once=True)


class Bursts:
    @staticmethod
    def list_bursts(
            *,
            answered: bool | None = None,
            sort: models.BurstSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["answered_at", "id", "last_at", "next_due_at", "post_id", "size", "source_id", "started_at", "text", "waiting"]] | None = None,
        ) -> Call[Page[models.BurstView]]:
        """List bursts."""
        return Call(
            "GET",
            "/v1/bursts",
            params={
            "answered": answered,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_burst(
            burst_id: UUID | str,
            *,
            fields: Sequence[Literal["answered_at", "cases", "id", "last_at", "next_due_at", "post_id", "size", "source_id", "started_at", "text", "waiting"]] | None = None,
        ) -> Call[models.BurstDetail]:
        """Read a burst."""
        return Call("GET", f"/v1/bursts/{burst_id}", params={"fields": fields})

    @staticmethod
    def answer_burst(burst_id: UUID | str, body: models.AnswerBody) -> Call[models.AnswerRecorded]:
        """Answer a burst."""
        return Call(
            "POST",
            f"/v1/bursts/{burst_id}/answer",
            body=body,
            once=True,
        )


class CalendarReplans:
    @staticmethod
    def preview_calendar(calendar_id: UUID | str) -> Call[models.PreviewView]:
        """Look at what counting in the current calendar would do."""
        return Call("GET", f"/v1/calendars/{calendar_id}/replan")

    @staticmethod
    def replan_calendar(
            calendar_id: UUID | str,
            body: models.ReplanBody | None = None,
        ) -> Call[Page[models.ReplanView]]:
        """Re-plan open promises in the current calendar."""
        return Call(
            "POST",
            f"/v1/calendars/{calendar_id}/replan",
            body=body,
            once=True,
        )


class Calendars:
    @staticmethod
    def list_calendars(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["country", "created_at", "days", "feed", "id", "name", "updated_at", "version", "week", "zone"]] | None = None,
        ) -> Call[Page[models.CalendarView]]:
        """List calendars."""
        return Call(
            "GET",
            "/v1/calendars",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_calendar(body: models.CalendarBody) -> Call[models.CalendarView]:
        """Create a calendar."""
        return Call("POST", "/v1/calendars", body=body, once=True)

    @staticmethod
    def get_calendar(
            calendar_id: UUID | str,
            *,
            fields: Sequence[Literal["country", "created_at", "days", "feed", "id", "name", "updated_at", "version", "week", "zone"]] | None = None,
        ) -> Call[models.CalendarView]:
        """Read a calendar."""
        return Call(
            "GET",
            f"/v1/calendars/{calendar_id}",
            params={"fields": fields},
        )

    @staticmethod
    def change_calendar(calendar_id: UUID | str, body: models.CalendarBody) -> Call[models.CalendarView]:
        """Save the next version of a calendar."""
        return Call("PUT", f"/v1/calendars/{calendar_id}", body=body)

    @staticmethod
    def archive_calendar(calendar_id: UUID | str) -> Call[None]:
        """Archive a calendar."""
        return Call("DELETE", f"/v1/calendars/{calendar_id}")

    @staticmethod
    def list_versions(
            calendar_id: UUID | str,
            *,
            sort: models.VersionSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["country", "created_at", "days", "feed", "id", "name", "updated_at", "version", "week", "zone"]] | None = None,
        ) -> Call[Page[models.CalendarView]]:
        """List the versions of a calendar."""
        return Call(
            "GET",
            f"/v1/calendars/{calendar_id}/versions",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def list_days(
            calendar_id: UUID | str,
            *,
            from_: date | str | None = None,
            to: date | str | None = None,
            fields: date | Sequence[Literal["date", "label", "reason", "spans", "weekday"]] | None = None,
        ) -> Call[Page[models.DayView]]:
        """Look at the days of a calendar."""
        return Call(
            "GET",
            f"/v1/calendars/{calendar_id}/days",
            params={"from": from_, "to": to, "fields": fields},
        )

    @staticmethod
    def count_between(
            calendar_id: UUID | str,
            *,
            from_: datetime | str | None = None,
            to: datetime | str | None = None,
        ) -> Call[models.CountView]:
        """Count working time between two moments."""
        return Call(
            "GET",
            f"/v1/calendars/{calendar_id}/count",
            params={"from": from_, "to": to},
        )

    @staticmethod
    def find_due(
            calendar_id: UUID | str,
            *,
            start: datetime | str | None = None,
            seconds: int | None = None,
        ) -> Call[models.CountView]:
        """Find the moment by which so much has counted."""
        return Call(
            "GET",
            f"/v1/calendars/{calendar_id}/due",
            params={"start": start, "seconds": seconds},
        )


class Cases:
    @staticmethod
    def list_cases(
            *,
            state: Sequence[models.CaseState] | None = None,
            tier: Sequence[models.Tier] | None = None,
            category: Sequence[models.Category] | None = None,
            assignee_id: UUID | str | Literal["none"] | None = None,
            source_id: UUID | str | None = None,
            follower_id: UUID | str | None = None,
            due_before: datetime | str | None = None,
            text: str | None = None,
            sort: models.CaseSort | None = None,
            include: Sequence[models.CaseExtra] | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["answered_at", "assignee", "category", "channel", "excerpt", "follower", "id", "included", "last_message_at", "next_due_at", "opened_at", "policy_id", "policy_version", "post", "reopened", "resolved_at", "sentiment", "snoozed_until", "source_id", "state", "tier", "tier_override", "unanswered", "updated_at", "version"]] | None = None,
        ) -> Call[Page[models.ListedCase]]:
        """List cases."""
        return Call(
            "GET",
            "/v1/cases",
            params={
            "state": state,
            "tier": tier,
            "category": category,
            "assignee_id": assignee_id,
            "source_id": source_id,
            "follower_id": follower_id,
            "due_before": due_before,
            "text": text,
            "sort": sort,
            "include": include,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_case(
            case_id: UUID | str,
            *,
            include: Sequence[models.CaseExtra] | None = None,
            fields: Sequence[Literal["acts", "alerts", "answered_at", "assignee", "category", "channel", "clocks", "follower", "id", "included", "judgement", "last_message_at", "messages", "more_messages", "next_due_at", "opened_at", "policy_id", "policy_version", "post", "reopened", "resolved_at", "sentiment", "snoozed_until", "source_id", "state", "tier", "tier_override", "unanswered", "updated_at", "version"]] | None = None,
        ) -> Call[models.CaseDetail]:
        """Read a case."""
        return Call(
            "GET",
            f"/v1/cases/{case_id}",
            params={"include": include, "fields": fields},
        )

    @staticmethod
    def record_reply(case_id: UUID | str, body: models.ReplyBody) -> Call[models.ReplyRecorded]:
        """Record a reply."""
        return Call("POST", f"/v1/cases/{case_id}/replies", body=body, once=True)

    @staticmethod
    def resolve(case_id: UUID | str, body: models.NoteBody | None = None) -> Call[models.CaseDetail]:
        """Resolve a case."""
        return Call("POST", f"/v1/cases/{case_id}/resolve", body=body, once=True)

    @staticmethod
    def reopen(case_id: UUID | str, body: models.NoteBody | None = None) -> Call[models.CaseDetail]:
        """Reopen a case."""
        return Call("POST", f"/v1/cases/{case_id}/reopen", body=body, once=True)

    @staticmethod
    def snooze(case_id: UUID | str, body: models.SnoozeBody) -> Call[models.CaseDetail]:
        """Snooze a case."""
        return Call("POST", f"/v1/cases/{case_id}/snooze", body=body, once=True)

    @staticmethod
    def wait(case_id: UUID | str, body: models.NoteBody | None = None) -> Call[models.CaseDetail]:
        """Wait for the follower."""
        return Call("POST", f"/v1/cases/{case_id}/wait", body=body, once=True)

    @staticmethod
    def wake(case_id: UUID | str) -> Call[models.CaseDetail]:
        """Wake a case."""
        return Call("POST", f"/v1/cases/{case_id}/wake", once=True)

    @staticmethod
    def assign(case_id: UUID | str, body: models.AssignBody) -> Call[models.CaseDetail]:
        """Assign a case."""
        return Call("POST", f"/v1/cases/{case_id}/assign", body=body, once=True)

    @staticmethod
    def retier(case_id: UUID | str, body: models.RetierBody) -> Call[models.CaseDetail]:
        """Correct the tier."""
        return Call("POST", f"/v1/cases/{case_id}/retier", body=body, once=True)


class Channels:
    @staticmethod
    def list_channels(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["config", "created_at", "enabled", "id", "kind", "name", "paused_at", "paused_reason", "updated_at", "url", "version"]] | None = None,
        ) -> Call[Page[models.ChannelView]]:
        """List channels."""
        return Call(
            "GET",
            "/v1/channels",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_channel(body: models.ChannelBody) -> Call[models.ChannelWithSecret]:
        """Create a channel."""
        return Call("POST", "/v1/channels", body=body, once=True)

    @staticmethod
    def get_channel(
            channel_id: UUID | str,
            *,
            fields: Sequence[Literal["config", "created_at", "enabled", "id", "kind", "name", "paused_at", "paused_reason", "updated_at", "url", "version"]] | None = None,
        ) -> Call[models.ChannelView]:
        """Read a channel."""
        return Call(
            "GET",
            f"/v1/channels/{channel_id}",
            params={"fields": fields},
        )

    @staticmethod
    def change_channel(channel_id: UUID | str, body: models.ChannelPatch) -> Call[models.ChannelView]:
        """Change a channel."""
        return Call("PATCH", f"/v1/channels/{channel_id}", body=body)

    @staticmethod
    def archive_channel(channel_id: UUID | str) -> Call[None]:
        """Archive a channel."""
        return Call("DELETE", f"/v1/channels/{channel_id}")

    @staticmethod
    def resume_channel(channel_id: UUID | str) -> Call[models.ChannelView]:
        """Take a paused channel up again."""
        return Call("POST", f"/v1/channels/{channel_id}/resume", once=True)

    @staticmethod
    def rotate_secret(
            channel_id: UUID | str,
            body: models.RotateBody | None = None,
        ) -> Call[models.ChannelWithSecret]:
        """Give a channel a new secret."""
        return Call(
            "POST",
            f"/v1/channels/{channel_id}/secrets",
            body=body,
            once=True,
        )

    @staticmethod
    def test_channel(channel_id: UUID | str) -> Call[models.ChannelTestView]:
        """Send a greeting through a channel."""
        return Call("POST", f"/v1/channels/{channel_id}/test")


class Clocks:
    @staticmethod
    def get_clock(
            clock_id: UUID | str,
            *,
            fields: Sequence[Literal["budget_seconds", "calendar_version", "case_id", "corrections", "due_at", "episode", "generation", "id", "kind", "limit_at", "met_at", "missed_at", "pause_reason", "paused_seconds", "paused_until", "policy_id", "policy_version", "promise_due_at", "settled_at", "settling_message_id", "started_at", "state", "target_due_at", "thread_id", "tier", "trigger_message_id", "void_reason"]] | None = None,
        ) -> Call[models.ClockOfCase]:
        """Read a clock."""
        return Call("GET", f"/v1/clocks/{clock_id}", params={"fields": fields})

    @staticmethod
    def explain_clock(
            clock_id: UUID | str,
            *,
            lang: models.Lang | None = None,
            tz: str | None = None,
        ) -> Call[models.ClockExplanation]:
        """Explain a clock."""
        return Call(
            "GET",
            f"/v1/clocks/{clock_id}/explain",
            params={"lang": lang, "tz": tz},
        )


class Commands:
    @staticmethod
    def send_command(body: models.CommandBody) -> Call[models.ReplyView]:
        """Do what a line from a chat says."""
        return Call("POST", "/v1/commands", body=body, once=True)


class Dashboard:
    @staticmethod
    def get_dashboard(
            *,
            from_: date | str | None = None,
            to: date | str | None = None,
            compare: models.Compare | None = None,
        ) -> Call[models.DashboardView]:
        """Read the community-health page."""
        return Call(
            "GET",
            "/v1/dashboard",
            params={"from": from_, "to": to, "compare": compare},
        )

    @staticmethod
    def get_zone() -> Call[models.DayZone]:
        """Read whose days numbers are summed up by."""
        return Call("GET", "/v1/dashboard/zone")

    @staticmethod
    def put_zone(body: models.DayZone) -> Call[models.DayZone]:
        """Choose whose days numbers are summed up by."""
        return Call("PUT", "/v1/dashboard/zone", body=body)


class DeadLetters:
    @staticmethod
    def list_dead_letters(
            *,
            channel_id: UUID | str | None = None,
            sort: models.MadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["alert_id", "attempt_count", "attempts", "case_id", "channel_id", "channel_name", "closes_digest_id", "created_at", "digest_id", "fallback_of", "fell_back_at", "id", "last_error", "next_at", "purpose", "request_id", "sent_at", "sequence", "state", "tier", "waits_for", "waits_until"]] | None = None,
        ) -> Call[Page[models.DeliveryView]]:
        """List dead letters."""
        return Call(
            "GET",
            "/v1/dead-letters",
            params={
            "channel_id": channel_id,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def redrive_all(body: models.RedriveRequest | None = None) -> Call[models.RedrivenView]:
        """Send all dead letters again, or those of a channel or a time."""
        return Call("POST", "/v1/dead-letters/redrive", body=body, once=True)

    @staticmethod
    def redrive(letter_id: UUID | str) -> Call[models.RedrivenView]:
        """Send a dead letter again."""
        return Call("POST", f"/v1/dead-letters/{letter_id}/redrive", once=True)


class Deliveries:
    @staticmethod
    def list_deliveries(
            *,
            source_id: UUID | str | None = None,
            state: models.DeliveryState | None = None,
            sort: models.ReceivedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["accepted", "duplicates", "id", "received_at", "request_id", "source_id", "state", "webhook_id"]] | None = None,
        ) -> Call[Page[models.DeliverySummaryView]]:
        """List deliveries."""
        return Call(
            "GET",
            "/v1/deliveries",
            params={
            "source_id": source_id,
            "state": state,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_delivery(
            delivery_id: UUID | str,
            *,
            fields: Sequence[Literal["accepted", "duplicates", "events", "id", "received_at", "request_id", "source_id", "state", "webhook_id"]] | None = None,
        ) -> Call[models.DeliveryDetailView]:
        """See what became of a delivery."""
        return Call(
            "GET",
            f"/v1/deliveries/{delivery_id}",
            params={"fields": fields},
        )

    @staticmethod
    def replay_delivery(delivery_id: UUID | str) -> Call[models.ReplayView]:
        """Process a delivery once more."""
        return Call("POST", f"/v1/deliveries/{delivery_id}/replay", once=True)


class Detectors:
    @staticmethod
    def list_detectors(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["cool_down_minutes", "created_at", "enabled", "id", "kind", "ladder_id", "minimum", "name", "post_id", "rule_id", "set_at", "severity", "source_id", "threshold", "tier", "unit", "updated_at", "version", "watches", "weeks", "window_minutes", "words"]] | None = None,
        ) -> Call[models.DetectorsView]:
        """List detectors."""
        return Call(
            "GET",
            "/v1/detectors",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_detector(body: models.DetectorBody) -> Call[models.DetectorView]:
        """Create a detector."""
        return Call("POST", "/v1/detectors", body=body, once=True)

    @staticmethod
    def list_presets(
            *,
            fields: Sequence[Literal["compares_with_weeks", "kind", "least", "most", "preset", "replays", "takes", "unit"]] | None = None,
        ) -> Call[Page[models.DetectorsPresetView]]:
        """List kinds of detectors."""
        return Call("GET", "/v1/detectors/presets", params={"fields": fields})

    @staticmethod
    def try_detector(body: models.TryBody) -> Call[models.BacktestView]:
        """Try a detector on the past."""
        return Call("POST", "/v1/detectors/try", body=body)

    @staticmethod
    def list_firings(
            *,
            detector_id: UUID | str | None = None,
            sort: models.FiringSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["detector_id", "ended_at", "figures", "id", "started_at", "subject", "version"]] | None = None,
        ) -> Call[Page[models.FiringView]]:
        """List firings."""
        return Call(
            "GET",
            "/v1/detectors/firings",
            params={
            "detector_id": detector_id,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_detector(
            detector_id: UUID | str,
            *,
            fields: Sequence[Literal["cool_down_minutes", "created_at", "enabled", "id", "kind", "ladder_id", "minimum", "name", "post_id", "rule_id", "severity", "source_id", "threshold", "tier", "unit", "updated_at", "version", "weeks", "window_minutes", "words"]] | None = None,
        ) -> Call[models.DetectorView]:
        """Read a detector."""
        return Call(
            "GET",
            f"/v1/detectors/{detector_id}",
            params={"fields": fields},
        )

    @staticmethod
    def change_detector(detector_id: UUID | str, body: models.DetectorBody) -> Call[models.DetectorView]:
        """Save the next version of a detector."""
        return Call("PUT", f"/v1/detectors/{detector_id}", body=body)

    @staticmethod
    def archive_detector(detector_id: UUID | str) -> Call[None]:
        """Archive a detector."""
        return Call("DELETE", f"/v1/detectors/{detector_id}")

    @staticmethod
    def backtest_detector(detector_id: UUID | str, *, days: int | None = None) -> Call[models.BacktestView]:
        """Try a saved detector on the past."""
        return Call(
            "GET",
            f"/v1/detectors/{detector_id}/backtest",
            params={"days": days},
        )


class Exports:
    @staticmethod
    def list_exports(
            *,
            sort: models.MadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["bytes_done", "created_at", "created_by", "download", "error", "expires_at", "filters", "finished_at", "format", "id", "rows_done", "started_at", "state", "until", "what"]] | None = None,
        ) -> Call[Page[models.ExportView]]:
        """List exports."""
        return Call(
            "GET",
            "/v1/exports",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def order_export(body: models.ExportBody) -> Call[models.ExportView]:
        """Order an export."""
        return Call("POST", "/v1/exports", body=body, once=True)

    @staticmethod
    def fetch_file(*, token: str) -> Call[None]:
        """Fetch the file of an export."""
        return Call("GET", "/v1/exports/file", params={"token": token})

    @staticmethod
    def get_export(
            export_id: UUID | str,
            *,
            fields: Sequence[Literal["bytes_done", "created_at", "created_by", "download", "error", "expires_at", "filters", "finished_at", "format", "id", "rows_done", "started_at", "state", "until", "what"]] | None = None,
        ) -> Call[models.ExportView]:
        """Read an export."""
        return Call("GET", f"/v1/exports/{export_id}", params={"fields": fields})

    @staticmethod
    def cancel_export(export_id: UUID | str) -> Call[models.ExportView]:
        """Cancel an export."""
        return Call("POST", f"/v1/exports/{export_id}/cancel", once=True)


class Facts:
    @staticmethod
    def list_facts(
            *,
            after: int | None = None,
            kinds: Sequence[str] | None = None,
            limit: int | None = None,
            fields: Sequence[Literal["at", "kind", "payload", "seq", "subject_id", "subject_kind"]] | None = None,
        ) -> Call[models.FactsView]:
        """Read what happened."""
        return Call(
            "GET",
            "/v1/facts",
            params={
            "after": after,
            "kinds": kinds,
            "limit": limit,
            "fields": fields,
        },
        )

    @staticmethod
    def list_kinds(
            *,
            fields: Sequence[Literal["kind", "payload_schema", "sentence", "since", "subject_kind"]] | None = None,
        ) -> Call[Page[models.FactKindView]]:
        """List the kinds of facts there are."""
        return Call("GET", "/v1/facts/kinds", params={"fields": fields})


class Followers:
    @staticmethod
    def list_followers(
            *,
            source_id: UUID | str | None = None,
            external_id: str | None = None,
            handle: str | None = None,
            sort: models.FollowerSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["advocate", "advocate_since", "avatar_url", "external_id", "first_seen_at", "followed_at", "followers_count", "following", "handle", "id", "last_seen_at", "locale", "name", "source_id", "tier", "unfollowed_at", "verified"]] | None = None,
        ) -> Call[Page[models.Follower]]:
        """List followers."""
        return Call(
            "GET",
            "/v1/followers",
            params={
            "source_id": source_id,
            "external_id": external_id,
            "handle": handle,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_follower(
            follower_id: UUID | str,
            *,
            fields: Sequence[Literal["advocate", "advocate_since", "avatar_url", "external_id", "first_seen_at", "followed_at", "followers_count", "following", "handle", "id", "last_seen_at", "locale", "name", "source_id", "tier", "unfollowed_at", "verified"]] | None = None,
        ) -> Call[models.Follower]:
        """Read a follower."""
        return Call(
            "GET",
            f"/v1/followers/{follower_id}",
            params={"fields": fields},
        )

    @staticmethod
    def change_follower(follower_id: UUID | str, body: models.FollowerChange) -> Call[models.Follower]:
        """Say who a follower is to you."""
        return Call("PATCH", f"/v1/followers/{follower_id}", body=body)


class Health:
    @staticmethod
    def get_health() -> Call[models.Alive]:
        """Does the process live."""
        return Call("GET", "/healthz")

    @staticmethod
    def get_readiness() -> Call[models.Readiness]:
        """Can it do its work."""
        return Call("GET", "/readyz")


class IdentityProvider:
    @staticmethod
    def get_provider() -> Call[models.IdentityProviderView]:
        """Read the identity provider."""
        return Call("GET", "/v1/identity-provider")

    @staticmethod
    def put_provider(body: models.IdentityProviderBody) -> Call[models.IdentityProviderView]:
        """Set the identity provider."""
        return Call("PUT", "/v1/identity-provider", body=body)

    @staticmethod
    def delete_provider() -> Call[None]:
        """Remove the identity provider."""
        return Call("DELETE", "/v1/identity-provider")


class Inhibitions:
    @staticmethod
    def list_inhibitions(
            *,
            fields: Sequence[Literal["enabled", "id", "is_built_in", "name", "same", "source", "target", "updated_at"]] | None = None,
        ) -> Call[Page[models.InhibitionView]]:
        """List inhibitions."""
        return Call("GET", "/v1/inhibitions", params={"fields": fields})

    @staticmethod
    def create_inhibition(body: models.InhibitionBody) -> Call[models.InhibitionView]:
        """Create an inhibition."""
        return Call("POST", "/v1/inhibitions", body=body, once=True)

    @staticmethod
    def get_inhibition(
            inhibition_id: UUID | str,
            *,
            fields: Sequence[Literal["enabled", "id", "is_built_in", "name", "same", "source", "target", "updated_at"]] | None = None,
        ) -> Call[models.InhibitionView]:
        """Read an inhibition."""
        return Call(
            "GET",
            f"/v1/inhibitions/{inhibition_id}",
            params={"fields": fields},
        )

    @staticmethod
    def change_inhibition(inhibition_id: UUID | str, body: models.InhibitionBody) -> Call[models.InhibitionView]:
        """Change an inhibition, or switch it off."""
        return Call("PUT", f"/v1/inhibitions/{inhibition_id}", body=body)

    @staticmethod
    def remove_inhibition(inhibition_id: UUID | str) -> Call[None]:
        """Take an inhibition away."""
        return Call("DELETE", f"/v1/inhibitions/{inhibition_id}")


class Keys:
    @staticmethod
    def list_keys(
            *,
            sort: models.NewestMadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["created_at", "expires_at", "id", "last_used_at", "name", "prefix", "revoked_at", "scopes"]] | None = None,
        ) -> Call[Page[models.KeyView]]:
        """List keys."""
        return Call(
            "GET",
            "/v1/keys",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_key(body: models.KeyBody) -> Call[models.CreatedKeyView]:
        """Create a key."""
        return Call("POST", "/v1/keys", body=body, once=True)

    @staticmethod
    def rotate_key(key_id: UUID | str, body: models.KeyRotationBody) -> Call[models.CreatedKeyView]:
        """Rotate a key."""
        return Call("POST", f"/v1/keys/{key_id}/rotation", body=body, once=True)

    @staticmethod
    def revoke_key(key_id: UUID | str) -> Call[None]:
        """Revoke a key."""
        return Call("DELETE", f"/v1/keys/{key_id}")


class Ladders:
    @staticmethod
    def list_ladders(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["created_at", "group_by", "group_window_seconds", "id", "name", "steps", "updated_at", "version"]] | None = None,
        ) -> Call[Page[models.LadderView]]:
        """List ladders."""
        return Call(
            "GET",
            "/v1/ladders",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_ladder(body: models.LadderBody) -> Call[models.SavedLadderView]:
        """Create a ladder."""
        return Call("POST", "/v1/ladders", body=body, once=True)

    @staticmethod
    def get_ladder(
            ladder_id: UUID | str,
            *,
            fields: Sequence[Literal["created_at", "group_by", "group_window_seconds", "id", "name", "steps", "updated_at", "version"]] | None = None,
        ) -> Call[models.LadderView]:
        """Read a ladder."""
        return Call("GET", f"/v1/ladders/{ladder_id}", params={"fields": fields})

    @staticmethod
    def change_ladder(ladder_id: UUID | str, body: models.LadderPatch) -> Call[models.SavedLadderView]:
        """Change a ladder."""
        return Call("PATCH", f"/v1/ladders/{ladder_id}", body=body)

    @staticmethod
    def archive_ladder(ladder_id: UUID | str) -> Call[None]:
        """Archive a ladder."""
        return Call("DELETE", f"/v1/ladders/{ladder_id}")


class Lateness:
    @staticmethod
    def get_lateness(*, minutes: int | None = None) -> Call[models.LatenessView]:
        """How late alerts were sent."""
        return Call("GET", "/v1/lateness", params={"minutes": minutes})


class Links:
    @staticmethod
    def rotate_links() -> Call[models.LinksView]:
        """Make every link sent so far worthless."""
        return Call("POST", "/v1/links/rotate", once=True)


class Me:
    @staticmethod
    def who_am_i() -> Call[models.SelfView]:
        """Say who I am."""
        return Call("GET", "/v1/me")

    @staticmethod
    def change_password(body: models.PasswordBody) -> Call[models.SelfView]:
        """Change my password."""
        return Call("POST", "/v1/me/password", body=body)

    @staticmethod
    def list_sessions(
            *,
            fields: Sequence[Literal["address", "agent", "created_at", "current", "expires_at", "id", "seen_at"]] | None = None,
        ) -> Call[Page[models.SessionView]]:
        """List my sessions."""
        return Call("GET", "/v1/me/sessions", params={"fields": fields})

    @staticmethod
    def end_sessions() -> Call[models.EndedView]:
        """Sign out everywhere."""
        return Call("DELETE", "/v1/me/sessions")

    @staticmethod
    def end_session(session_id: UUID | str) -> Call[None]:
        """Sign out in one place."""
        return Call("DELETE", f"/v1/me/sessions/{session_id}")


class Members:
    @staticmethod
    def list_members(
            *,
            sort: models.OldestMadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["active", "created_at", "email", "handle", "id", "name", "role", "updated_at"]] | None = None,
        ) -> Call[Page[models.MemberView]]:
        """List members."""
        return Call(
            "GET",
            "/v1/members",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_member(body: models.MemberBody) -> Call[models.MemberView]:
        """Add a member."""
        return Call("POST", "/v1/members", body=body, once=True)

    @staticmethod
    def get_member(
            member_id: UUID | str,
            *,
            fields: Sequence[Literal["active", "created_at", "email", "handle", "id", "name", "role", "updated_at"]] | None = None,
        ) -> Call[models.MemberView]:
        """Read a member."""
        return Call("GET", f"/v1/members/{member_id}", params={"fields": fields})

    @staticmethod
    def change_member(member_id: UUID | str, body: models.MemberChange) -> Call[models.MemberView]:
        """Change a member."""
        return Call("PATCH", f"/v1/members/{member_id}", body=body)

    @staticmethod
    def invite_member(member_id: UUID | str) -> Call[models.InvitationView]:
        """Invite a member to sign in."""
        return Call("POST", f"/v1/members/{member_id}/invitation", once=True)

    @staticmethod
    def end_sessions(member_id: UUID | str) -> Call[models.EndedView]:
        """Sign a member out everywhere."""
        return Call("DELETE", f"/v1/members/{member_id}/sessions")


class Messages:
    @staticmethod
    def list_messages(
            *,
            source_id: UUID | str | None = None,
            external_id: str | None = None,
            case_id: UUID | str | None = None,
            kind: models.ItemKind | None = None,
            tier: models.Tier | None = None,
            needs_reply: bool | None = None,
            sort: models.MessageSort | None = None,
            include: Sequence[models.MessageExtra] | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["attributes", "author", "case_id", "deleted", "deleted_at", "direction", "external_id", "hidden", "historical", "id", "in_reply_to", "included", "judgement", "kind", "member_handle", "occurred_at", "parent_external_id", "post_id", "received_at", "sanitized", "source_id", "text", "version"]] | None = None,
        ) -> Call[Page[models.ListedMessage]]:
        """List messages."""
        return Call(
            "GET",
            "/v1/messages",
            params={
            "source_id": source_id,
            "external_id": external_id,
            "case_id": case_id,
            "kind": kind,
            "tier": tier,
            "needs_reply": needs_reply,
            "sort": sort,
            "include": include,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_message(
            message_id: UUID | str,
            *,
            include: Sequence[models.MessageExtra] | None = None,
            fields: Sequence[Literal["attributes", "author", "case_id", "deleted", "deleted_at", "direction", "external_id", "hidden", "historical", "id", "in_reply_to", "included", "judgement", "judgements", "kind", "member_handle", "occurred_at", "parent_external_id", "post_id", "received_at", "sanitized", "source_id", "text", "version"]] | None = None,
        ) -> Call[models.MessageDetail]:
        """Read a message."""
        return Call(
            "GET",
            f"/v1/messages/{message_id}",
            params={"include": include, "fields": fields},
        )

    @staticmethod
    def get_judgement(message_id: UUID | str) -> Call[models.Judgements]:
        """Why a message is what it is."""
        return Call("GET", f"/v1/messages/{message_id}/judgement")

    @staticmethod
    def correct_judgement(message_id: UUID | str, body: models.CorrectionBody) -> Call[models.Judgements]:
        """Say what a message is."""
        return Call(
            "POST",
            f"/v1/messages/{message_id}/judgement",
            body=body,
            once=True,
        )


class Metrics:
    @staticmethod
    def get_metrics() -> Call[str]:
        """Figures for Prometheus."""
        return Call("GET", "/metrics")


class Models:
    @staticmethod
    def list_models(
            *,
            fields: Sequence[Literal["base_engine", "base_version", "comparison", "created_at", "created_by", "figures", "id", "lessons", "number", "previous_id", "promoted_at", "retired_at", "state"]] | None = None,
        ) -> Call[Page[models.ModelDetail]]:
        """List learnt models."""
        return Call("GET", "/v1/triage/models", params={"fields": fields})

    @staticmethod
    def roll_back() -> Call[models.RolledBack]:
        """Roll back to the model before."""
        return Call("POST", "/v1/triage/models/rollback", once=True)

    @staticmethod
    def promote(model_id: UUID | str) -> Call[models.ModelView]:
        """Put a shadow in force."""
        return Call("POST", f"/v1/triage/models/{model_id}/promote", once=True)


class Notices:
    @staticmethod
    def get_notices(*, lang: models.NoticesLanguage | None = None) -> Call[models.NoticesView]:
        """Texts for the public."""
        return Call("GET", "/v1/notices", params={"lang": lang})

    @staticmethod
    def get_apology(
            case_id: UUID | str,
            *,
            lang: models.NoticesLanguage | None = None,
        ) -> Call[models.ApologyView]:
        """Draft an apology for a delay."""
        return Call("GET", f"/v1/cases/{case_id}/apology", params={"lang": lang})


class Numbers:
    @staticmethod
    def list_metrics() -> Call[models.DefinitionsView]:
        """List every metric and what it means."""
        return Call("GET", "/v1/metrics")

    @staticmethod
    def get_metric(
            name: UUID | str,
            *,
            by: models.Split | None = None,
            format: models.Format | None = None,
            from_: date | datetime | str | None = None,
            to: date | datetime | str | None = None,
            tz: str | None = None,
        ) -> Call[models.MeasuredView]:
        """Read a metric."""
        return Call(
            "GET",
            f"/v1/metrics/{name}",
            params={
            "by": by,
            "format": format,
            "from": from_,
            "to": to,
            "tz": tz,
        },
        )

    @staticmethod
    def list_rows(
            name: UUID | str,
            *,
            by: models.Split | None = None,
            key: str | None = None,
            part: models.Part | None = None,
            from_: date | datetime | str | None = None,
            to: date | datetime | str | None = None,
            tz: str | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["at", "id", "part", "subject", "value"]] | None = None,
        ) -> Call[Page[models.RowView]]:
        """List the rows behind a number."""
        return Call(
            "GET",
            f"/v1/metrics/{name}/rows",
            params={
            "by": by,
            "key": key,
            "part": part,
            "from": from_,
            "to": to,
            "tz": tz,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class Objectives:
    @staticmethod
    def get_objective() -> Call[models.ObjectiveView]:
        """Read the objective, its error budget and its burns."""
        return Call("GET", "/v1/objectives")

    @staticmethod
    def save_objective(body: models.ObjectiveBody) -> Call[models.ObjectiveView]:
        """Save the objective."""
        return Call("PUT", "/v1/objectives", body=body)

    @staticmethod
    def get_attainment(
            *,
            by: models.By | None = None,
            format: models.Format | None = None,
            from_: date | datetime | str | None = None,
            to: date | datetime | str | None = None,
            tz: str | None = None,
        ) -> Call[models.AttainmentView]:
        """Read how promises were kept."""
        return Call(
            "GET",
            "/v1/objectives/attainment",
            params={
            "by": by,
            "format": format,
            "from": from_,
            "to": to,
            "tz": tz,
        },
        )

    @staticmethod
    def list_rows(
            *,
            by: models.By | None = None,
            key: str | None = None,
            verdict: models.Verdict | None = None,
            from_: date | datetime | str | None = None,
            to: date | datetime | str | None = None,
            tz: str | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["case_id", "channel", "due_at", "id", "kind", "member", "promise_due_at", "settled_at", "settling_message_id", "source_id", "started_at", "state", "target_due_at", "tier", "took_seconds", "verdict"]] | None = None,
        ) -> Call[Page[models.PromiseView]]:
        """List the promises behind a number."""
        return Call(
            "GET",
            "/v1/objectives/attainment/rows",
            params={
            "by": by,
            "key": key,
            "verdict": verdict,
            "from": from_,
            "to": to,
            "tz": tz,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def compare_bands(
            *,
            from_: date | datetime | str | None = None,
            to: date | datetime | str | None = None,
            tz: str | None = None,
        ) -> Call[models.BandsView]:
        """Compare quick answers with slow ones."""
        return Call(
            "GET",
            "/v1/objectives/attainment/bands",
            params={"from": from_, "to": to, "tz": tz},
        )

    @staticmethod
    def list_at_risk(
            *,
            within_minutes: int | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["assignee_handle", "assignee_id", "case_id", "channel", "due_at", "id", "kind", "paused_until", "seconds_left", "source_id", "state", "tier"]] | None = None,
        ) -> Call[Page[models.AtRiskView]]:
        """List what will be missed soon."""
        return Call(
            "GET",
            "/v1/objectives/at-risk",
            params={
            "within_minutes": within_minutes,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class Openid:
    @staticmethod
    def begin(
            *,
            workspace: str | None = None,
            return_to: str | None = None,
        ) -> Call[None]:
        """Sign in with the workspace's provider."""
        return Call(
            "GET",
            "/v1/sign-in/openid",
            params={"workspace": workspace, "return_to": return_to},
        )

    @staticmethod
    def callback(*, state: str | None = None, code: str | None = None) -> Call[None]:
        """Come back from the provider."""
        return Call(
            "GET",
            "/v1/sign-in/openid/callback",
            params={"state": state, "code": code},
        )


class Policies:
    @staticmethod
    def list_policies(
            *,
            sort: models.TriedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["advocates_answer", "calendar_id", "channel_targets", "created_at", "id", "is_default", "ladder_id", "match", "name", "pause_while_waiting", "position", "promised", "reopen_within_seconds", "reply_window_seconds", "reply_window_steps", "resolution_steps", "resolve_on_reply", "response_steps", "targets", "updated_at", "version"]] | None = None,
        ) -> Call[Page[models.PolicyView]]:
        """List policies."""
        return Call(
            "GET",
            "/v1/policies",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_policy(body: models.PolicyBody) -> Call[models.SavedPolicyView]:
        """Create a policy."""
        return Call("POST", "/v1/policies", body=body, once=True)

    @staticmethod
    def list_presets(
            *,
            fields: Sequence[Literal["key", "needs_calendar", "policy", "title"]] | None = None,
        ) -> Call[Page[models.PolicyViewsPresetView]]:
        """List policies to begin with."""
        return Call("GET", "/v1/policies/presets", params={"fields": fields})

    @staticmethod
    def get_policy(
            policy_id: UUID | str,
            *,
            fields: Sequence[Literal["advocates_answer", "calendar_id", "channel_targets", "created_at", "id", "is_default", "ladder_id", "match", "name", "pause_while_waiting", "position", "promised", "reopen_within_seconds", "reply_window_seconds", "reply_window_steps", "resolution_steps", "resolve_on_reply", "response_steps", "targets", "updated_at", "version"]] | None = None,
        ) -> Call[models.PolicyView]:
        """Read a policy."""
        return Call(
            "GET",
            f"/v1/policies/{policy_id}",
            params={"fields": fields},
        )

    @staticmethod
    def change_policy(policy_id: UUID | str, body: models.PolicyBody) -> Call[models.SavedPolicyView]:
        """Save the next version of a policy."""
        return Call("PUT", f"/v1/policies/{policy_id}", body=body)

    @staticmethod
    def archive_policy(policy_id: UUID | str) -> Call[None]:
        """Archive a policy."""
        return Call("DELETE", f"/v1/policies/{policy_id}")

    @staticmethod
    def list_versions(
            policy_id: UUID | str,
            *,
            sort: models.VersionSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["advocates_answer", "calendar_id", "channel_targets", "created_at", "id", "is_default", "ladder_id", "match", "name", "pause_while_waiting", "position", "promised", "reopen_within_seconds", "reply_window_seconds", "reply_window_steps", "resolution_steps", "resolve_on_reply", "response_steps", "targets", "updated_at", "version"]] | None = None,
        ) -> Call[Page[models.PolicyView]]:
        """List the versions of a policy."""
        return Call(
            "GET",
            f"/v1/policies/{policy_id}/versions",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class Posts:
    @staticmethod
    def list_posts(
            *,
            source_id: UUID | str | None = None,
            external_id: str | None = None,
            sort: models.PostSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["author_id", "deleted", "deleted_at", "external_id", "first_seen_at", "hashtags", "id", "published_at", "series", "source_id", "text", "title", "url"]] | None = None,
        ) -> Call[Page[models.Post]]:
        """List posts."""
        return Call(
            "GET",
            "/v1/posts",
            params={
            "source_id": source_id,
            "external_id": external_id,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_post(
            post_id: UUID | str,
            *,
            fields: Sequence[Literal["author_id", "deleted", "deleted_at", "external_id", "first_seen_at", "hashtags", "id", "published_at", "series", "source_id", "text", "title", "url"]] | None = None,
        ) -> Call[models.Post]:
        """Read a post."""
        return Call("GET", f"/v1/posts/{post_id}", params={"fields": fields})


class Presence:
    @staticmethod
    def put_presence(case_id: UUID | str, body: models.PresenceBody) -> Call[Page[models.PresenceView]]:
        """Say who has a case open."""
        return Call("PUT", f"/v1/cases/{case_id}/presence", body=body)

    @staticmethod
    def list_presence(
            case_id: UUID | str,
            *,
            fields: Sequence[Literal["doing", "handle", "member_id", "name", "since", "until"]] | None = None,
        ) -> Call[Page[models.PresenceView]]:
        """See who has a case open."""
        return Call(
            "GET",
            f"/v1/cases/{case_id}/presence",
            params={"fields": fields},
        )

    @staticmethod
    def leave(case_id: UUID | str, member_id: UUID | str) -> Call[None]:
        """Leave a case."""
        return Call("DELETE", f"/v1/cases/{case_id}/presence/{member_id}")


class Quality:
    @staticmethod
    def get_quality(*, days: int | None = None) -> Call[models.QualityView]:
        """How good is triage."""
        return Call("GET", "/v1/triage/quality", params={"days": days})


class Quarantine:
    @staticmethod
    def list_quarantined(
            *,
            source_id: UUID | str | None = None,
            since: datetime | str | None = None,
            until: datetime | str | None = None,
            sort: models.ReceivedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["attempts", "delivery_id", "external_id", "occurred_at", "position", "reason", "received_at", "source_id", "type"]] | None = None,
        ) -> Call[Page[models.QuarantinedView]]:
        """List what was given up on."""
        return Call(
            "GET",
            "/v1/quarantine",
            params={
            "source_id": source_id,
            "since": since,
            "until": until,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def release(body: models.ReleaseRequest) -> Call[models.ReleasedView]:
        """Try what was given up on again."""
        return Call("POST", "/v1/quarantine/release", body=body, once=True)


class QuietHours:
    @staticmethod
    def get_quiet_hours() -> Call[models.QuietHoursView]:
        """Read the quiet hours."""
        return Call("GET", "/v1/quiet-hours")

    @staticmethod
    def save_quiet_hours(body: models.QuietHoursBody) -> Call[models.QuietHoursView]:
        """Save the quiet hours."""
        return Call("PUT", "/v1/quiet-hours", body=body)


class Replans:
    @staticmethod
    def preview_replan(policy_id: UUID | str) -> Call[models.PreviewView]:
        """Look at what a re-plan would do."""
        return Call("GET", f"/v1/policies/{policy_id}/replan")

    @staticmethod
    def start_replan(policy_id: UUID | str, body: models.ReplanBody | None = None) -> Call[models.ReplanView]:
        """Re-plan open promises."""
        return Call(
            "POST",
            f"/v1/policies/{policy_id}/replan",
            body=body,
            once=True,
        )

    @staticmethod
    def list_replans(
            policy_id: UUID | str,
            *,
            sort: models.MadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["created_at", "done", "finished_at", "id", "moved", "policy_id", "requested_by", "started_at", "state", "total"]] | None = None,
        ) -> Call[Page[models.ReplanView]]:
        """List re-plans."""
        return Call(
            "GET",
            f"/v1/policies/{policy_id}/replans",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class Reports:
    @staticmethod
    def list_reports(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["at_hour", "channel_id", "created_at", "enabled", "id", "kind", "language", "name", "next_at", "on_day", "updated_at"]] | None = None,
        ) -> Call[Page[models.ReportView]]:
        """List reports."""
        return Call(
            "GET",
            "/v1/reports",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_report(body: models.ReportBody) -> Call[models.ReportView]:
        """Create a report."""
        return Call("POST", "/v1/reports", body=body, once=True)

    @staticmethod
    def get_report(
            report_id: UUID | str,
            *,
            fields: Sequence[Literal["at_hour", "channel_id", "created_at", "enabled", "id", "kind", "language", "name", "next_at", "on_day", "updated_at"]] | None = None,
        ) -> Call[models.ReportView]:
        """Read a report."""
        return Call("GET", f"/v1/reports/{report_id}", params={"fields": fields})

    @staticmethod
    def change_report(report_id: UUID | str, body: models.ReportBody) -> Call[models.ReportView]:
        """Change a report."""
        return Call("PUT", f"/v1/reports/{report_id}", body=body)

    @staticmethod
    def remove_report(report_id: UUID | str) -> Call[None]:
        """Delete a report."""
        return Call("DELETE", f"/v1/reports/{report_id}")

    @staticmethod
    def send_report(report_id: UUID | str) -> Call[models.IssueView]:
        """Send a report now."""
        return Call("POST", f"/v1/reports/{report_id}/send", once=True)

    @staticmethod
    def list_issues(
            report_id: UUID | str,
            *,
            sort: models.IssueSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["attempts", "detail", "ended_at", "first_day", "last_day", "next_at", "opened_at", "state"]] | None = None,
        ) -> Call[Page[models.IssueView]]:
        """List the issues of a report."""
        return Call(
            "GET",
            f"/v1/reports/{report_id}/issues",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class Rotas:
    @staticmethod
    def list_rotas(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["cover", "created_at", "id", "layers", "name", "updated_at", "version", "zone"]] | None = None,
        ) -> Call[Page[models.RotaView]]:
        """List rotas."""
        return Call(
            "GET",
            "/v1/rotas",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_rota(body: models.RotaBody) -> Call[models.WatchedRotaView]:
        """Create a rota."""
        return Call("POST", "/v1/rotas", body=body, once=True)

    @staticmethod
    def list_gaps(
            *,
            days: int | None = None,
            fields: Sequence[Literal["end", "reason", "rota_id", "rota_name", "start"]] | None = None,
        ) -> Call[Page[models.RotasGapView]]:
        """List the coming gaps of every rota."""
        return Call(
            "GET",
            "/v1/rotas/gaps",
            params={"days": days, "fields": fields},
        )

    @staticmethod
    def get_rota(
            rota_id: UUID | str,
            *,
            fields: Sequence[Literal["cover", "created_at", "gaps", "id", "layers", "name", "updated_at", "version", "zone"]] | None = None,
        ) -> Call[models.WatchedRotaView]:
        """Read a rota."""
        return Call("GET", f"/v1/rotas/{rota_id}", params={"fields": fields})

    @staticmethod
    def change_rota(rota_id: UUID | str, body: models.RotaBody) -> Call[models.WatchedRotaView]:
        """Save the next version of a rota."""
        return Call("PUT", f"/v1/rotas/{rota_id}", body=body)

    @staticmethod
    def archive_rota(rota_id: UUID | str) -> Call[None]:
        """Archive a rota."""
        return Call("DELETE", f"/v1/rotas/{rota_id}")

    @staticmethod
    def list_versions(
            rota_id: UUID | str,
            *,
            sort: models.VersionSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["cover", "created_at", "id", "layers", "name", "updated_at", "version", "zone"]] | None = None,
        ) -> Call[Page[models.RotaView]]:
        """List the versions of a rota."""
        return Call(
            "GET",
            f"/v1/rotas/{rota_id}/versions",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def show_on_call(rota_id: UUID | str, *, at: datetime | str | None = None) -> Call[models.OnCallView]:
        """Say who is on call."""
        return Call("GET", f"/v1/rotas/{rota_id}/on-call", params={"at": at})

    @staticmethod
    def list_shifts(
            rota_id: UUID | str,
            *,
            from_: datetime | str | None = None,
            to: datetime | str | None = None,
            fields: Sequence[Literal["end", "layer", "member_id", "override_id", "planned_id", "start"]] | None = None,
        ) -> Call[Page[models.ShiftView]]:
        """List the shifts of a rota."""
        return Call(
            "GET",
            f"/v1/rotas/{rota_id}/shifts",
            params={"from": from_, "to": to, "fields": fields},
        )

    @staticmethod
    def list_overrides(
            rota_id: UUID | str,
            *,
            sort: models.StartSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["created_at", "ends_at", "id", "member_id", "note", "rota_id", "starts_at"]] | None = None,
        ) -> Call[Page[models.OverrideView]]:
        """List the overrides of a rota."""
        return Call(
            "GET",
            f"/v1/rotas/{rota_id}/overrides",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def override_rota(rota_id: UUID | str, body: models.OverrideBody) -> Call[models.OverrideView]:
        """Override a rota for a while."""
        return Call(
            "POST",
            f"/v1/rotas/{rota_id}/overrides",
            body=body,
            once=True,
        )

    @staticmethod
    def end_override(rota_id: UUID | str, override_id: UUID | str) -> Call[None]:
        """End an override, or take it back."""
        return Call("DELETE", f"/v1/rotas/{rota_id}/overrides/{override_id}")


class Rules:
    @staticmethod
    def list_rules(
            *,
            sort: models.TriedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["conditions", "created_at", "effects", "enabled", "id", "name", "position", "updated_at", "version"]] | None = None,
        ) -> Call[Page[models.RuleView]]:
        """List rules."""
        return Call(
            "GET",
            "/v1/rules",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_rule(body: models.RuleBody) -> Call[models.RuleView]:
        """Create a rule."""
        return Call("POST", "/v1/rules", body=body, once=True)

    @staticmethod
    def try_rule(body: models.DryRunBody) -> Call[models.DryRunView]:
        """Try a rule out."""
        return Call("POST", "/v1/rules/dry-run", body=body)

    @staticmethod
    def list_runs(
            *,
            rule_id: UUID | str | None = None,
            message_id: UUID | str | None = None,
            sort: models.RunSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["at", "effects", "id", "message_id", "outcome", "rule_id", "rule_name", "rule_version"]] | None = None,
        ) -> Call[Page[models.RunView]]:
        """List what rules did."""
        return Call(
            "GET",
            "/v1/rules/runs",
            params={
            "rule_id": rule_id,
            "message_id": message_id,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def get_rule(
            rule_id: UUID | str,
            *,
            fields: Sequence[Literal["conditions", "created_at", "effects", "enabled", "id", "name", "position", "updated_at", "version"]] | None = None,
        ) -> Call[models.RuleView]:
        """Read a rule."""
        return Call("GET", f"/v1/rules/{rule_id}", params={"fields": fields})

    @staticmethod
    def change_rule(rule_id: UUID | str, body: models.RuleBody) -> Call[models.RuleView]:
        """Save the next version of a rule."""
        return Call("PUT", f"/v1/rules/{rule_id}", body=body)

    @staticmethod
    def archive_rule(rule_id: UUID | str) -> Call[None]:
        """Archive a rule."""
        return Call("DELETE", f"/v1/rules/{rule_id}")

    @staticmethod
    def list_versions(
            rule_id: UUID | str,
            *,
            sort: models.VersionSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["conditions", "created_at", "effects", "enabled", "id", "name", "position", "updated_at", "version"]] | None = None,
        ) -> Call[Page[models.RuleView]]:
        """List the versions of a rule."""
        return Call(
            "GET",
            f"/v1/rules/{rule_id}/versions",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class Samples:
    @staticmethod
    def get_current() -> Call[models.SampleWeekView]:
        """Read this week's sample."""
        return Call("GET", "/v1/triage/samples/current")

    @staticmethod
    def check_sample(sample_id: UUID | str, body: models.CheckBody) -> Call[models.SampleWeekView]:
        """Check a message of the sample."""
        return Call(
            "POST",
            f"/v1/triage/samples/{sample_id}",
            body=body,
            once=True,
        )


class Sandbox:
    @staticmethod
    def get_clock() -> Call[models.SandboxClockView]:
        """Read the test clock."""
        return Call("GET", "/v1/sandbox/clock")

    @staticmethod
    def move_clock(body: models.ClockMove) -> Call[models.SandboxClockView]:
        """Move the test clock."""
        return Call("POST", "/v1/sandbox/clock", body=body, once=True)


class Search:
    @staticmethod
    def search(
            *,
            q: str,
            in_: models.SearchIn | None = None,
            source_id: UUID | str | None = None,
            kind: models.ItemKind | None = None,
            tier: models.Tier | None = None,
            since: datetime | str | None = None,
            until: datetime | str | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["case", "follower", "highlights", "kind", "message"]] | None = None,
        ) -> Call[Page[models.Hit]]:
        """Search."""
        return Call(
            "GET",
            "/v1/search",
            params={
            "q": q,
            "in": in_,
            "source_id": source_id,
            "kind": kind,
            "tier": tier,
            "since": since,
            "until": until,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )


class SignIn:
    @staticmethod
    def sign_in(body: models.SignInBody) -> Call[models.SelfView]:
        """Sign in with a password."""
        return Call("POST", "/v1/sign-in", body=body)

    @staticmethod
    def accept(body: models.AcceptBody) -> Call[models.SelfView]:
        """Take an invitation."""
        return Call("POST", "/v1/sign-in/invitation", body=body)

    @staticmethod
    def sign_out() -> Call[None]:
        """Sign out."""
        return Call("POST", "/v1/sign-out")


class Silences:
    @staticmethod
    def list_silences(
            *,
            state: models.SilenceState | None = None,
            sort: models.EndSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["also_urgent", "conditions", "created_at", "created_by", "ended_at", "ended_by", "everything", "from", "id", "reason", "state", "until"]] | None = None,
        ) -> Call[Page[models.SilenceView]]:
        """List silences."""
        return Call(
            "GET",
            "/v1/silences",
            params={
            "state": state,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_silence(body: models.SilenceBody) -> Call[models.SilenceView]:
        """Create a silence."""
        return Call("POST", "/v1/silences", body=body, once=True)

    @staticmethod
    def preview_silence(body: models.SilenceBody) -> Call[models.SilencePreview]:
        """Count what a silence would hold."""
        return Call("POST", "/v1/silences/preview", body=body)

    @staticmethod
    def get_silence(
            silence_id: UUID | str,
            *,
            fields: Sequence[Literal["also_urgent", "conditions", "created_at", "created_by", "ended_at", "ended_by", "everything", "from", "id", "reason", "state", "until"]] | None = None,
        ) -> Call[models.SilenceView]:
        """Read a silence."""
        return Call(
            "GET",
            f"/v1/silences/{silence_id}",
            params={"fields": fields},
        )

    @staticmethod
    def end_silence(silence_id: UUID | str) -> Call[models.SilenceView]:
        """End a silence now."""
        return Call("POST", f"/v1/silences/{silence_id}/end", once=True)


class Sources:
    @staticmethod
    def list_sources(
            *,
            sort: models.OldestMadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["created_at", "id", "name", "own_accounts", "platform", "secrets", "updated_at"]] | None = None,
        ) -> Call[Page[models.SourcesSourceView]]:
        """List sources."""
        return Call(
            "GET",
            "/v1/sources",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_source(body: models.SourcesSourceBody) -> Call[models.CreatedSourceView]:
        """Register a source."""
        return Call("POST", "/v1/sources", body=body, once=True)

    @staticmethod
    def get_source(
            source_id: UUID | str,
            *,
            fields: Sequence[Literal["created_at", "id", "name", "own_accounts", "platform", "secrets", "updated_at"]] | None = None,
        ) -> Call[models.SourcesSourceView]:
        """Read a source."""
        return Call("GET", f"/v1/sources/{source_id}", params={"fields": fields})

    @staticmethod
    def change_source(source_id: UUID | str, body: models.SourceChange) -> Call[models.SourcesSourceView]:
        """Change a source."""
        return Call("PATCH", f"/v1/sources/{source_id}", body=body)

    @staticmethod
    def delete_source(source_id: UUID | str) -> Call[None]:
        """Close a source."""
        return Call("DELETE", f"/v1/sources/{source_id}")

    @staticmethod
    def rotate_secret(
            source_id: UUID | str,
            body: models.SecretRotation | None = None,
        ) -> Call[models.CreatedSecretView]:
        """Make a new secret."""
        return Call(
            "POST",
            f"/v1/sources/{source_id}/secrets",
            body=body,
            once=True,
        )

    @staticmethod
    def revoke_secret(source_id: UUID | str, secret_id: UUID | str) -> Call[None]:
        """End a secret at once."""
        return Call("DELETE", f"/v1/sources/{source_id}/secrets/{secret_id}")


class Staffing:
    @staticmethod
    def get_plan() -> Call[models.PlanView]:
        """Read the team's week."""
        return Call("GET", "/v1/staffing/plan")

    @staticmethod
    def save_plan(body: models.PlanBody) -> Call[models.PlanView]:
        """Save the team's week."""
        return Call("PUT", "/v1/staffing/plan", body=body)

    @staticmethod
    def get_feasibility() -> Call[models.FeasibilityView]:
        """Which promises the week cannot keep."""
        return Call("GET", "/v1/staffing/feasibility")

    @staticmethod
    def get_forecast(*, days: int | None = None) -> Call[models.ForecastView]:
        """What is likely to come, and to be kept."""
        return Call("GET", "/v1/staffing/forecast", params={"days": days})


class Standstills:
    @staticmethod
    def list_standstills(
            *,
            sort: models.LatestStartSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["created_at", "ended_at", "ends_at", "id", "member_id", "note", "notice_en", "notice_zh", "pauses", "reason", "replan_at", "replanned", "source_id", "stand_in_id", "starts_at"]] | None = None,
        ) -> Call[Page[models.StandstillView]]:
        """List standstills."""
        return Call(
            "GET",
            "/v1/standstills",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def announce_standstill(body: models.StandstillBody) -> Call[models.StandstillView]:
        """Announce an absence or an outage."""
        return Call("POST", "/v1/standstills", body=body, once=True)

    @staticmethod
    def get_standstill(
            standstill_id: UUID | str,
            *,
            fields: Sequence[Literal["created_at", "ended_at", "ends_at", "id", "member_id", "note", "notice_en", "notice_zh", "pauses", "reason", "replan_at", "replanned", "source_id", "stand_in_id", "starts_at"]] | None = None,
        ) -> Call[models.StandstillView]:
        """Read a standstill."""
        return Call(
            "GET",
            f"/v1/standstills/{standstill_id}",
            params={"fields": fields},
        )

    @staticmethod
    def withdraw_standstill(standstill_id: UUID | str) -> Call[None]:
        """Take back a standstill that has not begun."""
        return Call("DELETE", f"/v1/standstills/{standstill_id}")

    @staticmethod
    def end_standstill(standstill_id: UUID | str) -> Call[models.StandstillView]:
        """End a standstill now."""
        return Call("POST", f"/v1/standstills/{standstill_id}/end", once=True)


class Subscriptions:
    @staticmethod
    def list_subscriptions(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["behind_seconds", "created_at", "dead", "enabled", "failing_since", "id", "kinds", "name", "ordering", "pause_reason", "paused_at", "pending", "position", "source_ids", "tiers", "updated_at", "url", "version"]] | None = None,
        ) -> Call[Page[models.SubscriptionView]]:
        """List subscriptions."""
        return Call(
            "GET",
            "/v1/subscriptions",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_subscription(body: models.SubscriptionBody) -> Call[models.SubscriptionWithSecret]:
        """Subscribe to facts."""
        return Call("POST", "/v1/subscriptions", body=body, once=True)

    @staticmethod
    def get_subscription(
            subscription_id: UUID | str,
            *,
            fields: Sequence[Literal["behind_seconds", "created_at", "dead", "enabled", "failing_since", "id", "kinds", "name", "ordering", "pause_reason", "paused_at", "pending", "position", "source_ids", "tiers", "updated_at", "url", "version"]] | None = None,
        ) -> Call[models.SubscriptionView]:
        """Read a subscription."""
        return Call(
            "GET",
            f"/v1/subscriptions/{subscription_id}",
            params={"fields": fields},
        )

    @staticmethod
    def change_subscription(subscription_id: UUID | str, body: models.SubscriptionPatch) -> Call[models.SubscriptionView]:
        """Change, pause or resume a subscription."""
        return Call("PATCH", f"/v1/subscriptions/{subscription_id}", body=body)

    @staticmethod
    def archive_subscription(subscription_id: UUID | str) -> Call[None]:
        """Remove a subscription."""
        return Call("DELETE", f"/v1/subscriptions/{subscription_id}")

    @staticmethod
    def rotate_secret(
            subscription_id: UUID | str,
            body: models.SubscriptionRotateBody | None = None,
        ) -> Call[models.SubscriptionWithSecret]:
        """Give a subscription a new secret."""
        return Call(
            "POST",
            f"/v1/subscriptions/{subscription_id}/secrets",
            body=body,
            once=True,
        )

    @staticmethod
    def test_subscription(subscription_id: UUID | str) -> Call[models.SubscriptionTestView]:
        """Send a test to a subscription's endpoint."""
        return Call("POST", f"/v1/subscriptions/{subscription_id}/test")

    @staticmethod
    def list_deliveries(
            subscription_id: UUID | str,
            *,
            state: models.ParcelState | None = None,
            sort: models.MadeSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["attempt_count", "attempts", "created_at", "kind", "last_error", "next_at", "sent_at", "seq", "state", "subject_id", "subject_kind", "waits", "webhook_id"]] | None = None,
        ) -> Call[Page[models.SubscriptionDeliveryView]]:
        """List a subscription's deliveries."""
        return Call(
            "GET",
            f"/v1/subscriptions/{subscription_id}/deliveries",
            params={
            "state": state,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def redrive_range(
            subscription_id: UUID | str,
            body: models.SubscriptionRedriveBody | None = None,
        ) -> Call[models.SubscriptionRedrivenView]:
        """Send a subscription's dead deliveries again."""
        return Call(
            "POST",
            f"/v1/subscriptions/{subscription_id}/redrive",
            body=body,
            once=True,
        )


class Summary:
    @staticmethod
    def get_summary(*, tz: str | None = None) -> Call[models.SummaryView]:
        """The figures of now and today."""
        return Call("GET", "/v1/summary", params={"tz": tz})


class Teams:
    @staticmethod
    def list_teams(
            *,
            sort: models.NamedSort | None = None,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["created_at", "id", "member_ids", "name", "updated_at", "version"]] | None = None,
        ) -> Call[Page[models.TeamView]]:
        """List teams."""
        return Call(
            "GET",
            "/v1/teams",
            params={
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
            "fields": fields,
        },
        )

    @staticmethod
    def create_team(body: models.TeamBody) -> Call[models.TeamView]:
        """Create a team."""
        return Call("POST", "/v1/teams", body=body, once=True)

    @staticmethod
    def get_team(
            team_id: UUID | str,
            *,
            fields: Sequence[Literal["created_at", "id", "member_ids", "name", "updated_at", "version"]] | None = None,
        ) -> Call[models.TeamView]:
        """Read a team."""
        return Call("GET", f"/v1/teams/{team_id}", params={"fields": fields})

    @staticmethod
    def change_team(team_id: UUID | str, body: models.TeamBody) -> Call[models.TeamView]:
        """Change a team."""
        return Call("PUT", f"/v1/teams/{team_id}", body=body)

    @staticmethod
    def archive_team(team_id: UUID | str) -> Call[None]:
        """Archive a team."""
        return Call("DELETE", f"/v1/teams/{team_id}")

    @staticmethod
    def get_contacts(member_id: UUID | str) -> Call[models.ContactsView]:
        """Read where a member is reached."""
        return Call("GET", f"/v1/members/{member_id}/contacts")

    @staticmethod
    def put_contacts(member_id: UUID | str, body: models.ContactsBody) -> Call[models.ContactsView]:
        """Say where a member is reached."""
        return Call("PUT", f"/v1/members/{member_id}/contacts", body=body)


class Texts:
    @staticmethod
    def get_texts() -> Call[models.TextsView]:
        """Read what alerts say."""
        return Call("GET", "/v1/alert-texts")

    @staticmethod
    def put_texts(body: models.TextsBody) -> Call[models.TextsView]:
        """Set what alerts say."""
        return Call("PUT", "/v1/alert-texts", body=body)


class Views:
    @staticmethod
    def list_views(
            *,
            kind: models.ViewKind | None = None,
            fields: Sequence[Literal["built_in", "created_at", "id", "name", "shared", "slug", "updated_at", "version", "where"]] | None = None,
        ) -> Call[Page[models.ViewView]]:
        """List views."""
        return Call("GET", "/v1/views", params={"kind": kind, "fields": fields})

    @staticmethod
    def create_view(body: models.ViewBody) -> Call[models.ViewView]:
        """Save a view."""
        return Call("POST", "/v1/views", body=body, once=True)

    @staticmethod
    def get_view(
            view_id: UUID | str,
            *,
            fields: Sequence[Literal["built_in", "created_at", "id", "name", "shared", "slug", "updated_at", "version", "where"]] | None = None,
        ) -> Call[models.ViewView]:
        """Read a view."""
        return Call("GET", f"/v1/views/{view_id}", params={"fields": fields})

    @staticmethod
    def change_view(view_id: UUID | str, body: models.ViewBody) -> Call[models.ViewView]:
        """Change a view."""
        return Call("PUT", f"/v1/views/{view_id}", body=body)

    @staticmethod
    def delete_view(view_id: UUID | str) -> Call[None]:
        """Delete a view."""
        return Call("DELETE", f"/v1/views/{view_id}")

    @staticmethod
    def list_view_items(
            view_id: UUID | str,
            *,
            limit: int | None = None,
            cursor: str | None = None,
            fields: Sequence[Literal["advocate", "advocate_since", "answered_at", "assignee", "attributes", "author", "avatar_url", "case_id", "category", "channel", "deleted", "deleted_at", "direction", "excerpt", "external_id", "first_seen_at", "followed_at", "follower", "followers_count", "following", "handle", "hidden", "historical", "id", "in_reply_to", "included", "judgement", "kind", "last_message_at", "last_seen_at", "locale", "member_handle", "name", "next_due_at", "occurred_at", "opened_at", "parent_external_id", "policy_id", "policy_version", "post", "post_id", "received_at", "reopened", "resolved_at", "sanitized", "sentiment", "snoozed_until", "source_id", "state", "text", "tier", "tier_override", "unanswered", "unfollowed_at", "updated_at", "verified", "version"]] | None = None,
        ) -> Call[models.ViewItems]:
        """Look at a view."""
        return Call(
            "GET",
            f"/v1/views/{view_id}/items",
            params={"limit": limit, "cursor": cursor, "fields": fields},
        )


class Workspaces:
    @staticmethod
    def get_workspace() -> Call[models.WorkspaceView]:
        """Read the own workspace."""
        return Call("GET", "/v1/workspace")

    @staticmethod
    def change_workspace(body: models.WorkspaceChange) -> Call[models.WorkspaceView]:
        """Change the own workspace."""
        return Call("PATCH", "/v1/workspace", body=body)

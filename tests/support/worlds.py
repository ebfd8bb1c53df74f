"""Two workspaces with one of everything each: what one must never see of the other."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from services.core.alerts import service as alerts
from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span, StandstillDraft, StandstillReason
from services.core.exports import service as exports
from services.core.exports.types import ExportDraft, What
from services.core.intake import service as intake
from services.core.intake.records import SourceDraft
from services.core.kit.clock import FrozenClock
from services.core.kit.uow import Database, UnitOfWork
from services.core.metrics import service as metrics
from services.core.reports import service as reports
from services.core.reports.types import Period, ReportDraft
from services.core.rotas import service as rotas
from services.core.rotas.types import ContactKind, Layer, OverrideDraft, RotaDraft, TeamDraft
from services.core.rulebook import service as rulebook
from services.core.rulebook.types import Conditions, Effects, RuleDraft
from services.core.silences import service as silences
from services.core.silences.types import Conditions as Meant
from services.core.silences.types import InhibitionDraft, Sameness, SilenceDraft
from services.core.silences.types import Source as Loud
from services.core.silences.types import Target as Quiet
from services.core.sla import service as sla
from services.core.subscriptions import service as subscriptions
from services.core.subscriptions.types import SubscriptionDraft, Wish
from services.core.triage.types import MessageKind
from services.core.views import service as views
from services.core.views.types import ViewDraft, ViewKind
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Scope, Workspace
from tests.support.factories import RegisteredSource
from tests.support.line import BRAND, NOON, Line, comment, event, person

# Meets every comment, so that its log and tags are there to be seen.
EVERYTHING = RuleDraft(
    "Everything", Conditions(kinds=(MessageKind.COMMENT,)), Effects(tags=("seen",), alert=True)
)

# The one question under the one post, as if many had asked it.
BURST = """
WITH burst AS (
  INSERT INTO bursts (workspace_id, id, post_id, source_id, message_id, started_at, last_at)
  SELECT workspace_id, :id, post_id, source_id, opening_message_id, opened_at, opened_at FROM cases
  RETURNING *
)
INSERT INTO burst_questions
SELECT c.workspace_id, c.opening_message_id, c.id, c.post_id, c.source_id, b.id, 1, c.opened_at
FROM cases c JOIN burst b USING (workspace_id)
"""

# Somebody who has the one case open, and does not leave it.
PRESENCE = """
INSERT INTO presences (workspace_id, case_id, member_id, doing, since, until)
SELECT workspace_id, id, :id, 'viewing', opened_at, '2099-01-01' FROM cases
"""

# A call with an idempotency key, and what was answered.
CALL = """
INSERT INTO idempotent_calls (workspace_id, caller, key_digest, fingerprint, made_at, status,
  headers, body)
SELECT workspace_id, 'key:spare', '\\x01', '\\x02', opened_at, 200, '{}', '\\x7b7d' FROM cases
"""

# A detector that fired once.
DETECTOR = """
WITH made AS (
  INSERT INTO detectors (workspace_id, id, name, kind, threshold, window_minutes, minimum,
    cool_down_minutes, weeks, words, severity, tier, enabled, version, created_at, updated_at)
  SELECT workspace_id, :id, 'Burnt', 'keyword_surge', 1, 60, 1, 60, 4, ARRAY['烂脸'], 'hint',
    'routine', false, 1, opened_at, opened_at FROM cases
  RETURNING *
)
INSERT INTO detector_firings (workspace_id, id, detector_id, subject, version, started_at, figures)
SELECT workspace_id, id, id, '', 1, created_at, '{}' FROM made
"""

# A week with the one message to check, and a shadow that learnt nothing.
SAMPLE = """
WITH drawn AS (
  INSERT INTO review_weeks (workspace_id, week, population, drawn_at)
  SELECT workspace_id, '2026-11-09', 1, opened_at FROM cases
)
INSERT INTO review_samples (workspace_id, id, week, place, message_id, machine_tier)
SELECT workspace_id, :id, '2026-11-09', 0, opening_message_id, 'routine' FROM cases
"""
MODEL = """
INSERT INTO triage_models (workspace_id, id, number, state, base_engine, base_version, lessons,
  weights, figures, created_at, created_by)
SELECT workspace_id, :id, 1, 'shadow', 'cues', '1', 20, '{}', '{"passes": true}', opened_at, 'test'
FROM cases
"""

# A fact nobody took, and the one attempt to bring it.
DEAD_PARCEL = """
WITH dead AS (
  INSERT INTO subscription_parcels (workspace_id, subscription_id, seq, kind, subject_kind,
    subject_id, payload, at, state, waits, next_at, attempts, token, created_at)
  SELECT c.workspace_id, :id, 1, 'case.opened', 'case', c.id, '{}', c.opened_at, 'dead', false,
    c.opened_at, 1, 1, c.opened_at FROM cases c
  RETURNING *
)
INSERT INTO subscription_attempts (workspace_id, subscription_id, seq, attempt, started_at, outcome)
SELECT workspace_id, subscription_id, seq, 1, created_at, 'gone' FROM dead
"""

# Where the id of one thing of each kind is found, by the name routes give it.
FIND = {
    "alert_id": "SELECT id FROM alerts",
    "assignee_id": "SELECT id FROM members",
    "calendar_id": "SELECT id FROM calendars",
    "burst_id": "SELECT id FROM bursts",
    "case_id": "SELECT id FROM cases",
    "channel_id": "SELECT id FROM channels",
    "clock_id": "SELECT id FROM clocks",
    "delivery_id": "SELECT id FROM deliveries",
    "detector_id": "SELECT id FROM detectors",
    "export_id": "SELECT id FROM exports",
    "follower_id": "SELECT id FROM followers",
    "inhibition_id": "SELECT id FROM inhibitions",
    "key_id": "SELECT id FROM api_keys",
    "ladder_id": "SELECT id FROM ladders",
    "letter_id": "SELECT id FROM outbox WHERE state = 'dead'",
    "member_id": "SELECT id FROM members",
    "message_id": "SELECT id FROM messages WHERE direction = 'in'",
    "model_id": "SELECT id FROM triage_models",
    "override_id": "SELECT id FROM rota_overrides",
    "policy_id": "SELECT id FROM policies",
    "post_id": "SELECT id FROM posts",
    "report_id": "SELECT id FROM reports",
    "rota_id": "SELECT id FROM rotas",
    "rule_id": "SELECT id FROM rules",
    "sample_id": "SELECT id FROM review_samples",
    "secret_id": "SELECT id FROM source_secrets",
    "silence_id": "SELECT id FROM silences",
    "source_id": "SELECT id FROM sources",
    "subscription_id": "SELECT id FROM subscriptions",
    "standstill_id": "SELECT id FROM standstills",
    "thread_id": "SELECT id FROM threads",
    "team_id": "SELECT id FROM teams",
    "view_id": "SELECT id FROM saved_views",
}


@dataclass(frozen=True, slots=True)
class World:
    """A workspace that has seen everything once; `ids` holds one of each kind."""

    workspace_id: UUID
    key: str
    source: RegisteredSource
    ids: dict[str, str]


async def make_world(database: Database, name: str) -> World:
    """A follower complained, nobody answered, the promise was broken, the alert never arrived."""
    clock = FrozenClock(NOON)
    frozen = Database(database.engine, clock)
    workspace: Workspace = await workspaces.create_workspace(frozen, name)
    async with frozen.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        await alerts.ensure_defaults(uow)
        week = ((Span(540, 1080),),) * 7
        await calendars.create_calendar(uow, CalendarDraft("Shop", "Asia/Shanghai", week))
        outage = StandstillDraft(StandstillReason.OUTAGE, uow.now, pauses=False)
        await calendars.announce(uow, outage)
        draft = SourceDraft(name=name, platform="xiaohongshu", own_accounts=(BRAND,))
        source, secret = await intake.create_source(uow, draft)
        member = await workspaces.create_member(uow, MemberDraft("lin", "林夏"))
        key = await workspaces.create_key(uow, name="spare", scopes=[Scope.READ])
        await _be_on_call(uow, member.id)
        await rulebook.create_rule(uow, EVERYTHING)
    line = Line(frozen, clock, workspace.id, source.id)
    post = {"id": "p1", "title": "New", "author": person(BRAND)}
    await line.hear(event("post.published", post), comment("c1"))
    await line.tick(minutes=150)
    await metrics.catch_up(frozen, workspace.id, zone="UTC")
    await line.deliver(comment("c2", author="nobody"))
    async with frozen.unit(workspace.id) as uow:
        await uow.execute(
            "UPDATE journal SET state = 'quarantined', attempts = 3, error = 'ValueError'"
            " WHERE state = 'pending'"
        )
        await uow.execute("UPDATE outbox SET state = 'dead'")
        await _keep_quiet(uow)
        await uow.execute(PRESENCE, {"id": member.id})
        await uow.execute(BURST, {"id": uuid4()})
        await uow.execute(DETECTOR, {"id": uuid4()})
        await _subscribe(uow)
        await _hand_out(uow)
        await views.create_view(uow, ViewDraft("Everything", ViewKind.CASES))
        await uow.execute(SAMPLE, {"id": uuid4()})
        await uow.execute(MODEL, {"id": uuid4()})
        await uow.execute("UPDATE cases SET assignee_id = :id", {"id": member.id})
        found = {
            each: (await uow.execute(f"{sql} LIMIT 1")).scalar_one() for each, sql in FIND.items()
        }
        admin = await workspaces.create_key(uow, name="admin", scopes=[Scope.ADMIN])
    ids = {each: str(value) for each, value in found.items()} | {"key_id": str(key.id)}
    registered = RegisteredSource(workspace.id, source.id, secret.secret)
    return World(workspace.id, admin.secret, registered, ids)


async def _subscribe(uow: UnitOfWork) -> None:
    """Somebody who is told of cases, one fact that never got there, and an answered call."""
    wish = Wish(("case.*",))
    draft = SubscriptionDraft("Warehouse", "https://hooks.example.com/in", wish)
    made = await subscriptions.create_subscription(uow, draft)
    await uow.execute(DEAD_PARCEL, {"id": made.id})
    await uow.execute(CALL)


async def _hand_out(uow: UnitOfWork) -> None:
    """A file that was ordered, and a week on its way to the first channel there is."""
    await exports.order(uow, ExportDraft(What.MESSAGES))
    channel_id = (await uow.execute(FIND["channel_id"])).scalars().first()
    assert channel_id is not None
    draft = ReportDraft("Our week", Period.WEEKLY, channel_id)
    report = await reports.create_report(uow, draft, zone="UTC")
    await reports.send_now(uow, report.id, zone="UTC")


async def _be_on_call(uow: UnitOfWork, member_id: UUID) -> None:
    """A rota with an override that is long over, a team, and where its member is reached."""
    layer = Layer("first", (member_id,), uow.now.date())
    rota = await rotas.create_rota(uow, RotaDraft("Nights", "Asia/Shanghai", (layer,)))
    window = OverrideDraft(member_id, uow.now, uow.now + timedelta(minutes=1))
    await rotas.override_rota(uow, rota.id, window)
    await rotas.create_team(uow, TeamDraft("Care", (member_id,)))
    await rotas.put_contacts(uow, member_id, {ContactKind.SLACK: "U024BE7LH"})


async def _keep_quiet(uow: UnitOfWork) -> None:
    """A silence of a group nobody is in, that holds for ever, and an inhibition of one's own."""
    nobody, end = Meant(group="nobody"), uow.now + timedelta(days=1)
    await silences.create_silence(uow, SilenceDraft(nobody, uow.now, end, "Nobody listens"))
    await uow.execute("UPDATE silences SET ends_at = '2099-01-01'")
    rule = InhibitionDraft("Loud", Loud(severity_at_least="escalation"), Quiet(), Sameness.GROUP)
    await silences.create_inhibition(uow, rule)

"""What goes in and out, as the schema tells it; at run time plain dictionaries.

Written by `warmline openapi --python`; a change made here is lost.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AcceptBody(TypedDict):
    token: str
    password: str


class AcknowledgeBody(TypedDict):
    note: NotRequired[str | None]
    only_this: NotRequired[bool]
    minutes: NotRequired[int | None]


class Act(TypedDict):
    id: str
    kind: ActKind
    at: str
    until: str | None
    tier: Tier | None
    detail: dict[str, Any]
    actor_kind: str
    actor_id: str

ActKind: TypeAlias = "Literal['resolve', 'reopen', 'snooze', 'wait', 'wake', 'retier']"


class AdviceView(TypedDict):
    goal: float
    people: int | None
    best: float


class AgesView(TypedDict):
    delivery: float
    timer: float
    outbox: float

AlertKind: TypeAlias = "Literal['promise', 'rule', 'budget_burn', 'detector']"


class AlertNoteBody(TypedDict):
    note: NotRequired[str | None]

AlertSort: TypeAlias = "Literal['-fired_at', 'fired_at']"

AlertState: TypeAlias = "Literal['firing', 'acknowledged', 'resolved', 'expired']"


class AlertView(TypedDict):
    id: str
    kind: AlertKind
    case_id: str | None
    clock_id: str | None
    clock_kind: ClockKind | None
    rule_id: str | None
    message_id: str | None
    burn_id: str | None
    detector_firing_id: str | None
    detail: dict[str, Any] | None
    step: int
    severity: Severity
    tier: Tier
    state: AlertState
    group_key: str
    fire_at: str
    fired_at: str
    due_at: str
    late_by_seconds: int
    climb_at: str | None
    resume_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    note: str | None
    resolved_at: str | None
    resolved_by: str | None
    resolution: str | None
    request_id: str | None
    ladder: FrozenLadder

AlertsOutcome: TypeAlias = "Literal['started', 'sent', 'retryable', 'permanent', 'in_doubt']"


class Alive(TypedDict):
    status: NotRequired[Literal["alive"]]


class AnswerBody(TypedDict):
    case_ids: list[str]
    text: str
    occurred_at: NotRequired[str | None]
    external_id: NotRequired[str | None]
    member_id: NotRequired[str | None]
    resolves: NotRequired[bool | None]


class AnswerRecorded(TypedDict):
    answered: list[str]
    untouched: list[str]
    burst: BurstDetail


class ApologyView(TypedDict):
    case_id: str
    language: NoticesLanguage
    asked_at: str
    due_at: str
    late_seconds: int
    text: str


class AssignBody(TypedDict):
    member_id: str | None


class AtRiskView(TypedDict):
    id: str
    case_id: str
    kind: ClockKind
    tier: Tier
    channel: Channel
    source_id: str
    state: str
    due_at: str
    seconds_left: int
    paused_until: str | None
    assignee_id: str | None
    assignee_handle: str | None


class Attainment(TypedDict):
    overall: Share
    by_kind: ByKind

AttainmentView = TypedDict(
    "AttainmentView",
    {
        "from": "str",
        "to": "str",
        "tz": "str",
        "by": "By",
        "as_of": "str",
        "items": "list[ItemView]",
        "total": "CellView",
        "resolution": "CellView",
    },
)


class AttemptView(TypedDict):
    number: int
    started_at: str
    finished_at: str | None
    outcome: AlertsOutcome
    status_code: int | None
    detail: str | None
    digest_id: str | None


class AudienceBody(TypedDict):
    kind: AudienceKind
    id: NotRequired[str | None]
    role: NotRequired[Role | None]

AudienceKind: TypeAlias = "Literal['assignee', 'stand_in', 'team', 'role', 'rota', 'member', 'everybody']"


class AudienceView(TypedDict):
    kind: AudienceKind
    id: str | None
    role: Role | None

AuditSort: TypeAlias = "Literal['-at', 'at']"


class AuditView(TypedDict):
    id: str
    at: str
    actor_kind: str
    actor_id: str
    actor_label: str
    action: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any]
    request_id: str | None


class AwayView(TypedDict):
    id: str
    start: str
    end: str | None
    text: str


class BackfillView(TypedDict):
    delivery_ids: list[str]
    accepted: int
    duplicates: int
    unsupported: int
    refused: int
    errors: list[LineProblem]


class Backlog(TypedDict):
    pending: int
    oldest_age_seconds: float | None


class BacktestView(TypedDict):
    judged_from: str
    until: str
    days: int
    fired: int
    sentence: str
    episodes: list[EpisodeView]
    points: list[DetectorsPointView]


class BandView(TypedDict):
    name: str
    cases: int
    followed_up: int
    reopened: int
    next_sentiment: SentimentCounts


class BandsView(TypedDict):
    bands: list[BandView]


class BlockBody(TypedDict):
    weekdays: list[str]
    start: str
    minutes: int
    people: NotRequired[int]


class BlockView(TypedDict):
    weekdays: list[str]
    start: str
    minutes: int
    people: int


class BudgetView(TypedDict):
    met: int
    missed: int
    rate: float | None
    allowed: int
    used: int
    left: int
    share_left: float | None
    ends_at: str | None


class BuiltInView(TypedDict):
    name: str
    watches: str
    set_at: str

BulkAct: TypeAlias = "Literal['assign', 'resolve', 'reopen', 'snooze', 'wait', 'wake', 'retier']"


class BulkBody(TypedDict):
    case_ids: list[str]
    act: BulkAct
    member_id: NotRequired[str | None]
    until: NotRequired[str | None]
    tier: NotRequired[Tier | None]
    note: NotRequired[str | None]


class BulkDone(TypedDict):
    done: int
    refused: int
    items: list[BulkOutcome]


class BulkOutcome(TypedDict):
    case_id: str
    ok: bool
    changed: bool
    problem: NotRequired[BulkRefusal | None]


class BulkRefusal(TypedDict):
    code: str
    detail: str


class BurnView(TypedDict):
    id: str
    pace: Pace
    started_at: str
    ended_at: str | None


class BurningView(TypedDict):
    pace: Pace
    long: CountsView
    short: CountsView
    long_rate: float | None
    short_rate: float | None
    threshold: float
    burns: bool


class BurstCaseView(TypedDict):
    case_id: str
    message_id: str
    text: str | None
    handle: str | None
    similarity: float
    asked_at: str
    state: CaseState
    tier: Tier
    waiting: bool
    next_due_at: str | None


class BurstDetail(TypedDict):
    id: str
    post_id: str
    source_id: str
    text: str | None
    size: int
    waiting: int
    next_due_at: str | None
    started_at: str
    last_at: str
    answered_at: str | None
    cases: list[BurstCaseView]

BurstSort: TypeAlias = "Literal['-last_at', 'last_at']"


class BurstView(TypedDict):
    id: str
    post_id: str
    source_id: str
    text: str | None
    size: int
    waiting: int
    next_due_at: str | None
    started_at: str
    last_at: str
    answered_at: str | None

By: TypeAlias = "Literal['day', 'tier', 'member', 'source', 'channel', 'kind']"


class ByKind(TypedDict):
    first_response: Share
    next_response: Share
    resolution: Share


class ByState(TypedDict):
    open: int
    answered: int
    snoozed: int


class ByTier(TypedDict):
    total: int
    urgent: int
    important: int
    routine: int
    spam: int


class CalendarBody(TypedDict):
    name: str
    zone: str
    week: WeekBody
    country: NotRequired[str | None]
    days: NotRequired[list[DayBody]]
    feed_url: NotRequired[str | None]


class CalendarView(TypedDict):
    id: str
    version: int
    name: str
    zone: str
    week: WeekView
    country: str | None
    days: list[OwnDayView]
    feed: FeedView
    created_at: str | None
    updated_at: str | None


class CaseAlert(TypedDict):
    id: str
    state: AlertState
    severity: Severity
    step: int
    tier: Tier
    kind: AlertKind
    clock_id: str | None
    clock_kind: ClockKind | None
    rule_id: str | None
    message_id: str | None
    fire_at: str
    fired_at: str
    due_at: str
    acknowledged_at: str | None
    acknowledged_by: str | None
    resolved_at: str | None
    resolved_by: str | None
    resolution: str | None
    note: str | None

CaseConditions = TypedDict(
    "CaseConditions",
    {
        "in": "Literal['cases']",
        "state": "NotRequired[list[CaseState]]",
        "tier": "NotRequired[list[Tier]]",
        "category": "NotRequired[list[Category]]",
        "assignee_id": "NotRequired[str | Literal['none', 'me'] | None]",
        "source_id": "NotRequired[str | None]",
        "follower_id": "NotRequired[str | None]",
        "due_before": "NotRequired[str | None]",
        "due_within_minutes": "NotRequired[int | None]",
        "text": "NotRequired[str | None]",
    },
)


class CaseDetail(TypedDict):
    id: str
    state: CaseState
    tier: Tier
    tier_override: Tier | None
    category: Category
    sentiment: Sentiment
    channel: Channel
    next_due_at: str | None
    unanswered: int
    reopened: int
    source_id: str
    follower: FollowerRef | None
    post: PostRef | None
    assignee: MemberRef | None
    opened_at: str
    last_message_at: str
    answered_at: str | None
    resolved_at: str | None
    snoozed_until: str | None
    policy_id: str
    policy_version: int
    version: int
    updated_at: str
    judgement: CaseJudgement | None
    clocks: list[Clock]
    messages: list[Message]
    more_messages: bool
    alerts: list[CaseAlert]
    acts: list[Act]
    included: NotRequired[CaseIncluded | None]

CaseExtra: TypeAlias = "Literal['clocks', 'follower', 'last_message']"


class CaseIncluded(TypedDict):
    clocks: NotRequired[list[Clock] | None]
    follower: NotRequired[Follower | None]
    last_message: NotRequired[Message | None]


class CaseJudgement(TypedDict):
    id: str
    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool
    language: TriageLanguage
    spam_score: float
    hide: bool
    confidence: float
    dm_category: str | None
    negative_subtype: str | None
    flags: list[str]
    reasons: list[Reason]
    engine: str
    engine_version: str
    rules_version: str
    decided_by: str
    actor_id: str | None
    note: str | None
    decided_at: str
    message_id: str


class CaseLine(TypedDict):
    id: str
    state: CaseState
    tier: Tier
    tier_override: Tier | None
    category: Category
    sentiment: Sentiment
    channel: Channel
    next_due_at: str | None
    unanswered: int
    reopened: int
    source_id: str
    follower: FollowerRef | None
    post: PostRef | None
    assignee: MemberRef | None
    opened_at: str
    last_message_at: str
    answered_at: str | None
    resolved_at: str | None
    snoozed_until: str | None
    policy_id: str
    policy_version: int
    version: int
    updated_at: str
    excerpt: str | None

CaseSort: TypeAlias = "Literal['next_due_at', '-next_due_at', 'opened_at', '-opened_at', 'last_message_at', '-last_message_at', 'tier', '-tier']"

CaseState: TypeAlias = "Literal['open', 'answered', 'snoozed', 'resolved', 'void']"

Category: TypeAlias = "Literal['complaint', 'product_question', 'negative_feedback', 'pr_crisis', 'follower_question', 'partnership', 'feedback', 'mention', 'general', 'praise', 'casual', 'spam']"


class CellView(TypedDict):
    clock: ShareView
    target: ShareView
    promise: ShareView
    wall: TimesView
    counted: TimesView
    histogram: HistogramView

Channel: TypeAlias = "Literal['comment', 'dm', 'mention']"


class ChannelBody(TypedDict):
    name: str
    kind: ChannelKind
    url: NotRequired[str | None]
    config: NotRequired[dict[str, str | bool | int | list[str] | None]]
    secret: NotRequired[str | None]
    enabled: NotRequired[bool]

ChannelKind: TypeAlias = "Literal['webhook', 'console', 'feishu', 'dingtalk', 'wecom', 'slack', 'pagerduty', 'email', 'alertmanager', 'apprise']"


class ChannelLateness(TypedDict):
    channel_id: str
    channel_name: str
    channel_kind: ChannelKind
    tier: Tier
    sent: int
    p50_seconds: float | None
    p99_seconds: float | None
    in_time: int
    overdue: int


class ChannelPatch(TypedDict):
    name: NotRequired[str | None]
    url: NotRequired[str | None]
    config: NotRequired[dict[str, str | bool | int | list[str] | None] | None]
    secret: NotRequired[str | None]
    enabled: NotRequired[bool | None]


class ChannelSecondsBody(TypedDict):
    comment: NotRequired[int | None]
    dm: NotRequired[int | None]
    mention: NotRequired[int | None]


class ChannelTargetsBody(TypedDict):
    comment: NotRequired[SomeTargetsBody | None]
    dm: NotRequired[SomeTargetsBody | None]
    mention: NotRequired[SomeTargetsBody | None]


class ChannelTestView(TypedDict):
    delivered: bool
    outcome: AlertsOutcome
    status_code: int | None
    detail: str
    took_ms: int


class ChannelView(TypedDict):
    id: str
    name: str
    kind: ChannelKind
    url: str | None
    config: dict[str, JsonValue]
    enabled: bool
    paused_at: str | None
    paused_reason: str | None
    version: int
    created_at: str
    updated_at: str


class ChannelWithSecret(TypedDict):
    id: str
    name: str
    kind: ChannelKind
    url: str | None
    config: dict[str, JsonValue]
    enabled: bool
    paused_at: str | None
    paused_reason: str | None
    version: int
    created_at: str
    updated_at: str
    secret: str | None


class CheckBody(TypedDict):
    tier: Tier
    note: NotRequired[str | None]

CheckState: TypeAlias = "Literal['ok', 'degraded', 'failed']"


class CheckView(TypedDict):
    state: CheckState
    detail: str


class ChosenPolicy(TypedDict):
    id: str
    name: str
    version: int
    is_default: bool
    matched: list[Condition]
    passed_over: list[PassedOver]


class ClimbView(TypedDict):
    alert_id: str
    state: AlertState
    resume_at: str | None
    steps: list[StepView]
    done: list[StepDoneView]
    ahead: list[StepAheadView]


class Clock(TypedDict):
    id: str
    kind: ClockKind
    episode: int
    state: ClockState
    tier: Tier
    started_at: str
    due_at: str
    target_due_at: str
    promise_due_at: str | None
    limit_at: str | None
    met_at: str | None
    missed_at: str | None
    settled_at: str | None
    paused_until: str | None
    pause_reason: SlaPauseReason | None
    paused_seconds: int
    budget_seconds: int
    void_reason: str | None
    trigger_message_id: str | None
    settling_message_id: str | None
    policy_id: str
    policy_version: int
    calendar_version: int | None
    generation: int
    corrections: list[dict[str, Any]]


class ClockExplanation(TypedDict):
    clock_id: str
    case_id: str
    kind: ClockKind
    episode: int
    state: ClockState
    tier: Tier
    started_at: str
    settled_at: str | None
    as_of: str
    zone: str
    calendar: str | None
    calendar_version: int | None
    policy: ChosenPolicy
    due: Due
    spans: list[Stretch]
    more_spans: int
    pauses: list[PauseTold]
    skipped: list[Skipped]
    named_days: list[NamedDay]
    elapsed_seconds: int
    started_by: Said | None
    stopped_by: Said | None
    steps: list[StepTold]
    generation: int
    replans: int
    acts: list[Done]
    corrections: list[dict[str, Any]]
    lang: Lang
    words: list[str]

ClockKind: TypeAlias = "Literal['first_response', 'next_response', 'resolution', 'reply_window']"


class ClockMove(TypedDict):
    now: NotRequired[str | None]
    advance_seconds: NotRequired[int | None]


class ClockOfCase(TypedDict):
    id: str
    kind: ClockKind
    episode: int
    state: ClockState
    tier: Tier
    started_at: str
    due_at: str
    target_due_at: str
    promise_due_at: str | None
    limit_at: str | None
    met_at: str | None
    missed_at: str | None
    settled_at: str | None
    paused_until: str | None
    pause_reason: SlaPauseReason | None
    paused_seconds: int
    budget_seconds: int
    void_reason: str | None
    trigger_message_id: str | None
    settling_message_id: str | None
    policy_id: str
    policy_version: int
    calendar_version: int | None
    generation: int
    corrections: list[dict[str, Any]]
    case_id: str
    thread_id: str

ClockState: TypeAlias = "Literal['running', 'paused', 'met', 'missed', 'void']"


class CommandBody(TypedDict):
    text: str
    member_id: NotRequired[str | None]

Compare: TypeAlias = "Literal['previous', 'nothing']"


class ComparisonView(TypedDict):
    judged: int
    agreement: float | None
    moved: dict[str, dict[str, int]]
    corrected: int
    shadow_right: int
    in_force_right: int


class Condition(TypedDict):
    name: str
    wanted: list[str]
    found: str | None


class ContactsBody(TypedDict):
    feishu: NotRequired[str | None]
    dingtalk: NotRequired[str | None]
    wecom: NotRequired[str | None]
    slack: NotRequired[str | None]
    email: NotRequired[str | None]
    pagerduty: NotRequired[str | None]


class ContactsView(TypedDict):
    feishu: NotRequired[str | None]
    dingtalk: NotRequired[str | None]
    wecom: NotRequired[str | None]
    slack: NotRequired[str | None]
    email: NotRequired[str | None]
    pagerduty: NotRequired[str | None]


class CorrectionBody(TypedDict):
    tier: NotRequired[Tier | None]
    category: NotRequired[Category | None]
    sentiment: NotRequired[Sentiment | None]
    needs_reply: NotRequired[bool | None]
    spam: NotRequired[bool | None]
    note: NotRequired[str | None]


class CountView(TypedDict):
    start: str
    end: str
    seconds: int


class CountsView(TypedDict):
    met: int
    missed: int


class CreatedKeyView(TypedDict):
    id: str
    prefix: str
    name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    revoked_at: NotRequired[str | None]
    last_used_at: NotRequired[str | None]
    key: str


class CreatedSecretView(TypedDict):
    id: str
    created_at: str
    secret: str


class CreatedSourceView(TypedDict):
    id: str
    name: str
    platform: str
    own_accounts: list[str]
    created_at: str
    updated_at: str
    secrets: list[SecretView]
    secret: str


class DashboardPointView(TypedDict):
    day: str
    value: float | None
    reason: NoNumber | None

DashboardView = TypedDict(
    "DashboardView",
    {
        "from": "str",
        "to": "str",
        "tz": "str",
        "as_of": "str | None",
        "stale_days": "int",
        "chapters": "dict[str, list[FigureView]]",
        "series": "dict[str, list[DashboardPointView]]",
        "negative_breakdown": "dict[str, int]",
    },
)


class DayBody(TypedDict):
    date: str
    spans: NotRequired[list[SpanBody]]
    label: NotRequired[str]

DayReason: TypeAlias = "Literal['holiday', 'make_up', 'feed', 'override']"


class DayView(TypedDict):
    date: str
    weekday: str
    spans: list[SpanView]
    reason: DayReason | None
    label: str


class DayZone(TypedDict):
    tz: str


class DefinitionView(TypedDict):
    name: str
    version: int
    title: WordsView
    meaning: WordsView
    unit: Unit
    measure: Measure
    by: list[Split]
    default_by: Split | None
    excludes: list[Exclusion]
    needs: Feed
    of: list[str]
    summed: bool


class DefinitionsView(TypedDict):
    metrics: list[DefinitionView]


class DeliveryAttemptView(TypedDict):
    number: int
    started_at: str
    finished_at: str | None
    outcome: SubscriptionsOutcome
    status_code: int | None
    took_ms: int | None
    detail: str | None


class DeliveryDetailView(TypedDict):
    id: str
    source_id: str
    webhook_id: str
    state: DeliveryState
    accepted: int
    duplicates: int
    received_at: str
    request_id: str | None
    events: list[EventView]

DeliveryState: TypeAlias = "Literal['pending', 'processed', 'quarantined']"


class DeliverySummaryView(TypedDict):
    id: str
    source_id: str
    webhook_id: str
    state: DeliveryState
    accepted: int
    duplicates: int
    received_at: str
    request_id: str | None


class DeliveryView(TypedDict):
    id: str
    alert_id: str
    case_id: str | None
    channel_id: str
    channel_name: str
    purpose: Purpose
    sequence: int
    tier: Tier
    state: OutboxState
    next_at: str | None
    attempt_count: int
    last_error: str | None
    created_at: str
    sent_at: str | None
    digest_id: str | None
    fallback_of: str | None
    fell_back_at: str | None
    waits_for: WaitsFor | None
    waits_until: str | None
    closes_digest_id: str | None
    request_id: str | None
    attempts: list[AttemptView]


class DetectorBody(TypedDict):
    name: str
    kind: DetectorKind
    threshold: float
    window_minutes: NotRequired[int]
    minimum: NotRequired[int]
    cool_down_minutes: NotRequired[int]
    weeks: NotRequired[int]
    source_id: NotRequired[str | None]
    post_id: NotRequired[str | None]
    rule_id: NotRequired[str | None]
    ladder_id: NotRequired[str | None]
    words: NotRequired[list[str]]
    severity: NotRequired[Severity]
    tier: NotRequired[Tier]
    enabled: NotRequired[bool]

DetectorKind: TypeAlias = "Literal['sentiment_dip', 'volume_spike', 'silence', 'mass_unfollow', 'keyword_surge', 'failing_signatures', 'rota_gap', 'stuck_stage']"


class DetectorView(TypedDict):
    name: str
    kind: DetectorKind
    threshold: float
    window_minutes: int
    minimum: int
    cool_down_minutes: int
    weeks: int
    source_id: str | None
    post_id: str | None
    rule_id: str | None
    words: list[str]
    ladder_id: str | None
    severity: Severity
    tier: Tier
    enabled: bool
    id: str
    version: int
    unit: str
    created_at: str
    updated_at: str


class DetectorsPointView(TypedDict):
    at: str
    total: int
    hits: int


class DetectorsPresetView(TypedDict):
    kind: DetectorKind
    unit: str
    least: float
    most: float
    compares_with_weeks: bool
    replays: bool
    takes: list[str]
    preset: DraftView


class DetectorsView(TypedDict):
    items: list[DetectorView]
    built_in: list[BuiltInView]
    next_cursor: NotRequired[str | None]

Direction: TypeAlias = "Literal['in', 'out']"

Doing: TypeAlias = "Literal['viewing', 'replying']"


class Done(TypedDict):
    kind: ActKind
    at: str
    until: str | None
    tier: Tier | None
    by: str


class DraftView(TypedDict):
    name: str
    kind: DetectorKind
    threshold: float
    window_minutes: int
    minimum: int
    cool_down_minutes: int
    weeks: int
    source_id: str | None
    post_id: str | None
    rule_id: str | None
    words: list[str]
    ladder_id: str | None
    severity: Severity
    tier: Tier
    enabled: bool


class DryRunBody(TypedDict):
    rule: RuleBody
    days: NotRequired[int]


class DryRunView(TypedDict):
    days: int
    examined: int
    truncated: bool
    matched: int
    stopped: int
    held: int
    moved: dict[str, dict[str, int]]
    alerts: int
    hidden: int
    examples: list[ExampleView]


class Due(TypedDict):
    due_at: str
    first: First
    tier: Tier
    target_due_at: str
    target_seconds: int
    promise_due_at: str | None
    promised_seconds: int | None
    limit_at: str | None
    budget_seconds: int


class EffectsBody(TypedDict):
    tier: NotRequired[Tier | None]
    category: NotRequired[Category | None]
    tags: NotRequired[list[str]]
    alert: NotRequired[bool]
    hide: NotRequired[bool]
    assign_to: NotRequired[str | None]
    stop: NotRequired[bool]


class EffectsView(TypedDict):
    tier: Tier | None
    category: Category | None
    tags: list[str]
    alert: bool
    hide: bool
    assign_to: str | None
    stop: bool

EndSort: TypeAlias = "Literal['-ends_at', 'ends_at']"


class EndedView(TypedDict):
    ended: int

EntryState: TypeAlias = "Literal['pending', 'processed', 'no_handler_yet', 'unsupported', 'quarantined']"


class EpisodeView(TypedDict):
    started_at: str
    ended_at: str | None
    subject: str | None
    value: float
    usual: float | None
    total: int
    hits: int


class EstimateView(TypedDict):
    expected: float
    low: float
    high: float


class EventView(TypedDict):
    id: str
    type: str
    state: EntryState
    occurred_at: str
    historical: bool
    attempts: int
    error: str | None
    processed_at: str | None


class ExampleView(TypedDict):
    message_id: str
    text: str | None
    occurred_at: str
    before: LabelsView
    after: LabelsView
    hide: bool

Exclusion: TypeAlias = "Literal['spam', 'staff', 'hidden', 'deleted', 'history', 'reply_windows']"


class ExportBody(TypedDict):
    what: What
    format: NotRequired[FileFormat]
    filters: NotRequired[ExportFilters]


class ExportFilters(TypedDict):
    source_id: NotRequired[str | None]
    tier: NotRequired[Tier | None]
    state: NotRequired[CaseState | AlertState | None]
    kind: NotRequired[ItemKind | AlertKind | None]
    metric: NotRequired[str | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]

ExportState: TypeAlias = "Literal['waiting', 'running', 'done', 'failed', 'cancelled', 'expired']"


class ExportView(TypedDict):
    id: str
    what: What
    format: FileFormat
    filters: dict[str, str]
    state: ExportState
    rows_done: int
    bytes_done: int
    until: str
    created_at: str
    created_by: str
    started_at: str | None
    finished_at: str | None
    expires_at: str | None
    error: str | None
    download: str | None


class FactKindView(TypedDict):
    kind: str
    subject_kind: str
    sentence: FactSentence
    since: str
    payload_schema: dict[str, Any]


class FactSentence(TypedDict):
    zh: str
    en: str


class FactView(TypedDict):
    seq: int
    kind: str
    subject_kind: str
    subject_id: str
    payload: dict[str, Any]
    at: str


class FactsView(TypedDict):
    items: list[FactView]
    next_after: int
    more: bool


class FeasibilityView(TypedDict):
    as_of: str
    plan: PlanView
    longest_day_gap: StaffingGapView | None
    longest_night_gap: StaffingGapView | None
    findings: list[FindingView]
    handling: HandlingView
    workload: WorkloadView

Feed: TypeAlias = "Literal['messages', 'follows', 'posts']"


class FeedView(TypedDict):
    url: str | None
    closings: int
    last_refreshed_at: str | None
    last_error: str | None
    next_at: str | None


class FigureView(TypedDict):
    name: str
    title: WordsView
    unit: Unit
    now: NumberView
    before: NumberView | None
    change: float | None

FileFormat: TypeAlias = "Literal['csv', 'ndjson']"


class FindingView(TypedDict):
    policy_id: str
    policy: str
    channel: str
    tiers: list[Tier]
    promises: list[str]
    allowed_seconds: int
    kept: bool
    wait_seconds: int
    wall_seconds: int
    short_by_seconds: int
    asked_at: str | None
    looks: list[LookView]
    words: WordsView

FiringSort: TypeAlias = "Literal['-started_at', 'started_at']"


class FiringView(TypedDict):
    id: str
    detector_id: str
    version: int
    subject: str | None
    started_at: str
    ended_at: str | None
    figures: dict[str, Any]

First: TypeAlias = "Literal['target', 'promise', 'both']"

Flaw: TypeAlias = "Literal['changed', 'missing', 'cut_off']"


class Follower(TypedDict):
    id: str
    source_id: str
    external_id: str
    handle: str | None
    name: str | None
    followers_count: int | None
    verified: bool | None
    avatar_url: str | None
    locale: str | None
    following: bool | None
    followed_at: str | None
    unfollowed_at: str | None
    tier: FollowerTier | None
    advocate: bool
    advocate_since: str | None
    first_seen_at: str
    last_seen_at: str


class FollowerChange(TypedDict):
    tier: NotRequired[FollowerTier | None]
    advocate: NotRequired[bool]

FollowerConditions = TypedDict(
    "FollowerConditions",
    {
        "in": "Literal['followers']",
        "source_id": "NotRequired[str | None]",
        "handle": "NotRequired[str | None]",
    },
)


class FollowerRef(TypedDict):
    id: str
    external_id: str | None
    handle: str | None
    name: str | None
    followers_count: int | None
    verified: bool | None

FollowerSort: TypeAlias = "Literal['-last_seen_at', 'last_seen_at']"

FollowerTier: TypeAlias = "Literal['member', 'inner_circle']"


class ForecastView(TypedDict):
    as_of: str
    history_days: float
    handling: HandlingView
    waiting: int
    next_shift: OutlookView | None
    ahead: OutlookView
    days: list[OutlookView]
    hour_of_week: list[float]
    advice: AdviceView
    words: WordsView

Format: TypeAlias = "Literal['json', 'csv']"


class FrozenLadder(TypedDict):
    id: str | None
    name: str
    version: int
    steps: list[dict[str, Any]]
    channel_ids: list[str]

GapReason: TypeAlias = "Literal['nobody_planned', 'away']"

GroupBy: TypeAlias = "Literal['case', 'post', 'thread', 'follower', 'rule']"


class GroupingBody(TypedDict):
    by: GroupBy
    window_seconds: int


class HandlingView(TypedDict):
    minutes: float
    measured: int


class Highlight(TypedDict):
    field: Literal["text", "handle", "name"]
    start: int
    end: int


class HistogramView(TypedDict):
    up_to_1h: int
    up_to_4h: int
    up_to_8h: int
    up_to_24h: int
    over_24h: int


class Hit(TypedDict):
    kind: Literal["message", "follower", "case"]
    message: Message | None
    follower: Follower | None
    case: CaseLine | None
    highlights: list[Highlight]


class IdentityProviderBody(TypedDict):
    issuer: str
    client_id: str
    client_secret: NotRequired[str | None]
    email_domains: NotRequired[list[str]]
    newcomer_role: NotRequired[Role | None]
    enabled: NotRequired[bool]


class IdentityProviderView(TypedDict):
    issuer: str
    client_id: str
    email_domains: list[str]
    newcomer_role: Role | None
    enabled: bool
    version: int
    created_at: str
    updated_at: str


class InhibitionBody(TypedDict):
    name: str
    source: SilencesSourceBody
    target: NotRequired[SilencesTargetBody]
    same: Sameness
    enabled: NotRequired[bool]


class InhibitionView(TypedDict):
    id: str
    name: str
    source: SilencesSourceView
    target: SilencesTargetView
    same: Sameness
    enabled: bool
    is_built_in: bool
    updated_at: str | None


class InvitationView(TypedDict):
    member_id: str
    expires_at: str
    token: str
    link: str | None

IssueSort: TypeAlias = "Literal['-first_day', 'first_day']"

IssueState: TypeAlias = "Literal['waiting', 'sent', 'given_up']"


class IssueView(TypedDict):
    first_day: str
    last_day: str
    state: IssueState
    attempts: int
    opened_at: str
    next_at: str | None
    ended_at: str | None
    detail: str

ItemKind: TypeAlias = "Literal['comment', 'dm', 'mention', 'reply']"


class ItemView(TypedDict):
    clock: ShareView
    target: ShareView
    promise: ShareView
    wall: TimesView
    counted: TimesView
    histogram: HistogramView
    key: str

JsonValue: TypeAlias = "Any"


class Judgement(TypedDict):
    id: str
    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool
    language: TriageLanguage
    spam_score: float
    hide: bool
    confidence: float
    dm_category: str | None
    negative_subtype: str | None
    flags: list[str]
    reasons: list[Reason]
    engine: str
    engine_version: str
    rules_version: str
    decided_by: str
    actor_id: str | None
    note: str | None
    decided_at: str


class Judgements(TypedDict):
    message_id: str
    in_force: str | None
    case_id: str | None
    policy_id: str | None
    policy_version: int | None
    judgements: list[Judgement]


class KeyBody(TypedDict):
    name: str
    scopes: list[Scope]
    member_id: NotRequired[str | None]
    expires_at: NotRequired[str | None]


class KeyRotationBody(TypedDict):
    overlap_hours: NotRequired[int]


class KeyView(TypedDict):
    id: str
    prefix: str
    name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    revoked_at: NotRequired[str | None]
    last_used_at: NotRequired[str | None]


class LabelsView(TypedDict):
    tier: Tier
    category: Category
    sentiment: Sentiment
    needs_reply: bool


class LadderBody(TypedDict):
    name: str
    steps: list[StepBody]
    group_by: NotRequired[GroupBy | None]
    group_window_seconds: NotRequired[int | None]


class LadderPatch(TypedDict):
    name: NotRequired[str | None]
    steps: NotRequired[list[StepBody] | None]
    grouping: NotRequired[GroupingBody | None]
    ungroup: NotRequired[bool]


class LadderView(TypedDict):
    id: str
    name: str
    version: int
    steps: list[StepView]
    group_by: GroupBy | None
    group_window_seconds: int | None
    created_at: str
    updated_at: str


class LadderWarningView(TypedDict):
    pointer: str
    code: str
    detail: str

Lang: TypeAlias = "Literal['zh', 'en']"


class LatenessView(TypedDict):
    since: str
    until: str
    percent: float
    seconds: int
    rate: float | None
    met: bool
    channels: list[ChannelLateness]

LatestStartSort: TypeAlias = "Literal['-starts_at', 'starts_at']"


class LayerBody(TypedDict):
    name: str
    member_ids: list[str]
    first_on: str
    handover: NotRequired[str]
    turn_days: NotRequired[int]
    week: NotRequired[WeekBody | None]


class LayerView(TypedDict):
    name: str
    member_ids: list[str]
    first_on: str
    handover: str
    turn_days: int
    week: WeekView | None


class LineProblem(TypedDict):
    line: int
    pointer: str
    code: str
    detail: str


class LinksView(TypedDict):
    version: int


class ListedCase(TypedDict):
    id: str
    state: CaseState
    tier: Tier
    tier_override: Tier | None
    category: Category
    sentiment: Sentiment
    channel: Channel
    next_due_at: str | None
    unanswered: int
    reopened: int
    source_id: str
    follower: FollowerRef | None
    post: PostRef | None
    assignee: MemberRef | None
    opened_at: str
    last_message_at: str
    answered_at: str | None
    resolved_at: str | None
    snoozed_until: str | None
    policy_id: str
    policy_version: int
    version: int
    updated_at: str
    excerpt: str | None
    included: NotRequired[CaseIncluded | None]


class ListedMessage(TypedDict):
    id: str
    external_id: str
    kind: ItemKind
    direction: Direction
    text: str | None
    deleted: bool
    deleted_at: str | None
    hidden: bool
    version: int | None
    occurred_at: str
    received_at: str
    source_id: str
    case_id: str | None
    post_id: str | None
    author: PersonRef | None
    parent_external_id: str | None
    in_reply_to: str | None
    member_handle: str | None
    sanitized: bool
    historical: bool
    attributes: dict[str, Any]
    judgement: Judgement | None
    included: NotRequired[MessageIncluded | None]


class LookView(TypedDict):
    at: str
    weekdays: list[str]

MadeSort: TypeAlias = "Literal['-created_at', 'created_at']"


class MatchBody(TypedDict):
    channels: NotRequired[list[Channel]]
    source_ids: NotRequired[list[str]]
    tiers: NotRequired[list[Tier]]
    categories: NotRequired[list[Category]]
    languages: NotRequired[list[TriageLanguage]]
    post_ids: NotRequired[list[str]]
    follower_tiers: NotRequired[list[FollowerTier]]


class MatchView(TypedDict):
    channels: list[str]
    source_ids: list[str]
    tiers: list[Tier]
    categories: list[str]
    languages: list[str]
    post_ids: list[str]
    follower_tiers: list[str]

Measure: TypeAlias = "Literal['count', 'share', 'times', 'mean', 'ratio', 'difference']"

MeasuredView = TypedDict(
    "MeasuredView",
    {
        "name": "str",
        "version": "int",
        "unit": "Unit",
        "from": "str",
        "to": "str",
        "tz": "str",
        "by": "Split | None",
        "as_of": "str",
        "observed_since": "str | None",
        "total": "NumberView",
        "items": "list[NumberView]",
        "truncated": "bool",
    },
)


class MemberBody(TypedDict):
    handle: str
    name: str
    email: NotRequired[str | None]
    role: NotRequired[Role]
    active: NotRequired[bool]


class MemberChange(TypedDict):
    handle: NotRequired[str]
    name: NotRequired[str]
    email: NotRequired[str | None]
    role: NotRequired[Role]
    active: NotRequired[bool]


class MemberRef(TypedDict):
    id: str
    handle: str | None
    name: str | None


class MemberView(TypedDict):
    id: str
    handle: str
    name: str
    email: str | None
    role: Role
    active: bool
    created_at: str
    updated_at: str


class Message(TypedDict):
    id: str
    external_id: str
    kind: ItemKind
    direction: Direction
    text: str | None
    deleted: bool
    deleted_at: str | None
    hidden: bool
    version: int | None
    occurred_at: str
    received_at: str
    source_id: str
    case_id: str | None
    post_id: str | None
    author: PersonRef | None
    parent_external_id: str | None
    in_reply_to: str | None
    member_handle: str | None
    sanitized: bool
    historical: bool
    attributes: dict[str, Any]
    judgement: Judgement | None

MessageConditions = TypedDict(
    "MessageConditions",
    {
        "in": "Literal['messages']",
        "source_id": "NotRequired[str | None]",
        "kind": "NotRequired[ItemKind | None]",
        "tier": "NotRequired[Tier | None]",
        "needs_reply": "NotRequired[bool | None]",
    },
)


class MessageDetail(TypedDict):
    id: str
    external_id: str
    kind: ItemKind
    direction: Direction
    text: str | None
    deleted: bool
    deleted_at: str | None
    hidden: bool
    version: int | None
    occurred_at: str
    received_at: str
    source_id: str
    case_id: str | None
    post_id: str | None
    author: PersonRef | None
    parent_external_id: str | None
    in_reply_to: str | None
    member_handle: str | None
    sanitized: bool
    historical: bool
    attributes: dict[str, Any]
    judgement: Judgement | None
    judgements: list[Judgement]
    included: NotRequired[MessageIncluded | None]

MessageExtra: TypeAlias = "Literal['case', 'follower']"


class MessageIncluded(TypedDict):
    follower: NotRequired[Follower | None]
    case: NotRequired[CaseLine | None]

MessageKind: TypeAlias = "Literal['comment', 'dm', 'mention']"

MessageSort: TypeAlias = "Literal['-occurred_at', 'occurred_at']"


class ModelDetail(TypedDict):
    id: str
    number: int
    state: ModelState
    base_engine: str
    base_version: str
    lessons: int
    figures: dict[str, Any]
    created_at: str
    created_by: str
    promoted_at: str | None
    retired_at: str | None
    previous_id: str | None
    comparison: ComparisonView

ModelState: TypeAlias = "Literal['shadow', 'active', 'retired', 'rejected']"


class ModelView(TypedDict):
    id: str
    number: int
    state: ModelState
    base_engine: str
    base_version: str
    lessons: int
    figures: dict[str, Any]
    created_at: str
    created_by: str
    promoted_at: str | None
    retired_at: str | None
    previous_id: str | None


class MoveView(TypedDict):
    clock_id: str
    case_id: str
    kind: ClockKind
    tier: Tier
    due_before: str
    due_after: str
    late_at_once: bool


class NamedDay(TypedDict):
    day: str
    worked: bool
    reason: DayReason
    label: str

NamedSort: TypeAlias = "Literal['name', '-name', 'created_at', '-created_at', 'updated_at', '-updated_at']"

NewestMadeSort: TypeAlias = "Literal['-created_at', 'created_at', 'name', '-name']"

NoNumber: TypeAlias = "Literal['not_observed', 'nothing_to_divide', 'not_yet']"


class NoteBody(TypedDict):
    note: NotRequired[str | None]

NoticesLanguage: TypeAlias = "Literal['zh', 'en']"


class NoticesView(TypedDict):
    as_of: str
    lang: NoticesLanguage
    promised: list[PromisedView]
    unsaid: list[str]
    bio: TextView
    post: TextView
    dm_auto: TextView
    away: list[AwayView]


class NumberView(TypedDict):
    key: str
    value: float | None
    reason: NoNumber | None
    count: int
    part: int
    median: float | None
    p90: float | None
    histogram: SpreadView | None


class ObjectiveBody(TypedDict):
    percent: NotRequired[float]
    window_days: NotRequired[int]
    kinds: NotRequired[list[ClockKind]]
    tiers: NotRequired[list[Tier]]
    channels: NotRequired[list[Channel]]
    source_ids: NotRequired[list[str]]


class ObjectiveView(TypedDict):
    percent: float
    window_days: int
    kinds: list[ClockKind]
    tiers: list[Tier]
    channels: list[Channel]
    source_ids: list[str]
    saved: bool
    updated_at: str | None
    as_of: str
    budget: BudgetView
    burning: list[BurningView]
    burns: list[BurnView]


class OffsetStep(TypedDict):
    offset_minutes: int

OldestMadeSort: TypeAlias = "Literal['created_at', '-created_at', 'name', '-name']"


class OnCallView(TypedDict):
    start: str
    end: str
    member_id: str | None
    planned_id: str | None
    layer: str | None
    override_id: str | None
    name: str | None

Ordering: TypeAlias = "Literal['none', 'subject']"

OutboxState: TypeAlias = "Literal['pending', 'sent', 'dead', 'cancelled']"


class OutlookView(TypedDict):
    start: str
    end: str
    arrivals: EstimateView
    attainment: EstimateView | None


class OverrideBody(TypedDict):
    member_id: str
    starts_at: NotRequired[str | None]
    ends_at: str
    note: NotRequired[str | None]


class OverrideView(TypedDict):
    id: str
    rota_id: str
    member_id: str
    starts_at: str
    ends_at: str
    note: str | None
    created_at: str


class OwnDayView(TypedDict):
    date: str
    spans: list[SpanView]
    label: str

Pace: TypeAlias = "Literal['fast', 'slow']"

ParcelState: TypeAlias = "Literal['pending', 'sent', 'dead']"

Part: TypeAlias = "Literal['all', 'part']"


class PassedOver(TypedDict):
    id: str
    name: str
    failed: list[Condition]


class PasswordBody(TypedDict):
    current: str
    password: str


class PauseTold(TypedDict):
    reason: SlaPauseReason
    start: str
    until: str | None
    counted_seconds: int

Period: TypeAlias = "Literal['weekly', 'monthly']"


class PersonRef(TypedDict):
    id: str
    external_id: str | None
    handle: str | None
    name: str | None


class PlanBody(TypedDict):
    zone: str
    blocks: list[BlockBody]
    minutes_per_reply: NotRequired[float]


class PlanView(TypedDict):
    zone: str
    blocks: list[BlockView]
    minutes_per_reply: float
    version: int
    updated_at: str | None


class PoliciesTargetBody(TypedDict):
    first_response_seconds: int
    next_response_seconds: int
    resolution_seconds: int
    limit_seconds: NotRequired[int | None]


class PolicyBody(TypedDict):
    name: str
    targets: TargetsBody
    channel_targets: NotRequired[ChannelTargetsBody]
    promised: NotRequired[ChannelSecondsBody]
    reply_window_seconds: NotRequired[ChannelSecondsBody]
    calendar_id: NotRequired[str | None]
    pause_while_waiting: NotRequired[bool]
    advocates_answer: NotRequired[list[Tier]]
    response_steps: NotRequired[list[int | OffsetStep]]
    resolution_steps: NotRequired[list[int | OffsetStep]]
    reply_window_steps: NotRequired[list[int | OffsetStep]]
    resolve_on_reply: NotRequired[bool]
    reopen_within_seconds: NotRequired[int]
    ladder_id: NotRequired[str | None]
    match: NotRequired[MatchBody]
    position: NotRequired[int]


class PolicyDefinition(TypedDict):
    name: str
    position: int
    targets: dict[str, PolicyViewsTargetView]
    channel_targets: dict[str, dict[str, PolicyViewsTargetView]]
    promised: dict[str, int]
    reply_window_seconds: dict[str, int]
    calendar_id: str | None
    pause_while_waiting: bool
    advocates_answer: list[Tier]
    response_steps: list[int | OffsetStep]
    resolution_steps: list[int | OffsetStep]
    reply_window_steps: list[int | OffsetStep]
    resolve_on_reply: bool
    reopen_within_seconds: int
    ladder_id: str | None
    match: MatchView


class PolicyView(TypedDict):
    name: str
    position: int
    targets: dict[str, PolicyViewsTargetView]
    channel_targets: dict[str, dict[str, PolicyViewsTargetView]]
    promised: dict[str, int]
    reply_window_seconds: dict[str, int]
    calendar_id: str | None
    pause_while_waiting: bool
    advocates_answer: list[Tier]
    response_steps: list[int | OffsetStep]
    resolution_steps: list[int | OffsetStep]
    reply_window_steps: list[int | OffsetStep]
    resolve_on_reply: bool
    reopen_within_seconds: int
    ladder_id: str | None
    match: MatchView
    id: str
    version: int
    is_default: bool
    created_at: str | None
    updated_at: str | None


class PolicyViewsPresetView(TypedDict):
    key: str
    title: Title
    needs_calendar: bool
    policy: PolicyDefinition


class PolicyViewsTargetView(TypedDict):
    first_response_seconds: int
    next_response_seconds: int
    resolution_seconds: int
    limit_seconds: int | None


class Post(TypedDict):
    id: str
    source_id: str
    external_id: str
    title: str | None
    text: str | None
    hashtags: list[str] | None
    series: dict[str, Any] | None
    url: str | None
    author_id: str | None
    published_at: str | None
    deleted: bool
    deleted_at: str | None
    first_seen_at: str


class PostRef(TypedDict):
    id: str
    external_id: str | None
    title: str | None
    url: str | None

PostSort: TypeAlias = "Literal['-published_at', 'published_at']"


class PresenceBody(TypedDict):
    doing: Doing
    member_id: NotRequired[str | None]


class PresenceView(TypedDict):
    member_id: str
    handle: str
    name: str
    doing: Doing
    since: str
    until: str


class PreviewView(TypedDict):
    cases: int
    looked_at: int
    clocks: int
    clocks_by_tier: dict[str, int]
    late: int
    earlier_seconds: float
    later_seconds: float
    examples: list[MoveView]


class Problem(TypedDict):
    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    errors: NotRequired[list[ProblemPart] | None]


class ProblemPart(TypedDict):
    pointer: str
    code: str
    detail: str
    index: NotRequired[int | None]


class PromiseView(TypedDict):
    id: str
    case_id: str
    kind: ClockKind
    tier: Tier
    channel: Channel
    source_id: str
    state: str
    verdict: Verdict
    started_at: str
    due_at: str
    target_due_at: str
    promise_due_at: str | None
    settled_at: str | None
    settling_message_id: str | None
    member: str | None
    took_seconds: float | None


class PromisedView(TypedDict):
    channel: str
    seconds: int
    in_hours: bool

Purpose: TypeAlias = "Literal['firing', 'renotify', 'escalated', 'resolved', 'corrected']"


class QualityView(TypedDict):
    days: int
    judged: dict[str, int]
    reviewed: int
    confusion: dict[str, dict[str, int]]
    agreement: float | None
    missed_urgent: RateView
    routine_judged: int


class QuarantinedView(TypedDict):
    delivery_id: str
    position: int
    source_id: str
    external_id: str
    type: str
    occurred_at: str
    received_at: str
    attempts: int
    reason: str


class QuietHoursBody(TypedDict):
    zone: str
    spans: list[QuietSpanBody]


class QuietHoursView(TypedDict):
    zone: str
    spans: list[QuietSpanView]
    updated_at: str | None
    until: str | None


class QuietSpanBody(TypedDict):
    start: str
    end: str
    days: NotRequired[list[str] | None]


class QuietSpanView(TypedDict):
    start: str
    end: str
    days: list[str]


class Raised(TypedDict):
    id: str
    state: str
    severity: str
    fired_at: str
    acknowledged_at: str | None
    acknowledged_by: str | None
    resolved_at: str | None
    resolution: str | None


class RateView(TypedDict):
    hits: int
    checked: int
    rate: float | None
    low: float | None
    high: float | None


class Readiness(TypedDict):
    status: ReadyState
    ages: AgesView | None
    checks: dict[str, CheckView]

ReadyState: TypeAlias = "Literal['ready', 'degraded', 'unready']"


class Reason(TypedDict):
    cue: str
    start: int
    end: int
    effect: str
    weight: NotRequired[float]

ReceiptView: TypeAlias = "dict[str, Any]"

ReceivedSort: TypeAlias = "Literal['-received_at', 'received_at']"


class RedriveRequest(TypedDict):
    channel_id: NotRequired[str | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]


class RedrivenView(TypedDict):
    queued: int
    cancelled: int

ReleaseOutcome: TypeAlias = "Literal['released', 'nothing_quarantined', 'not_found']"


class ReleaseRequest(TypedDict):
    delivery_ids: NotRequired[list[str] | None]
    source_id: NotRequired[str | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]


class ReleaseView(TypedDict):
    delivery_id: str
    outcome: ReleaseOutcome
    events: int


class ReleasedView(TypedDict):
    released: int
    more: bool
    items: list[ReleaseView]


class ReplanBody(TypedDict):
    confirm_late: NotRequired[int | None]

ReplanState: TypeAlias = "Literal['waiting', 'running', 'done']"


class ReplanView(TypedDict):
    id: str
    policy_id: str
    state: ReplanState
    total: int
    done: int
    moved: int
    requested_by: str
    created_at: str
    started_at: str | None
    finished_at: str | None


class ReplayView(TypedDict):
    replayed: int


class ReplyBody(TypedDict):
    text: NotRequired[str | None]
    occurred_at: NotRequired[str | None]
    external_id: NotRequired[str | None]
    member_id: NotRequired[str | None]
    resolves: NotRequired[bool | None]


class ReplyRecorded(TypedDict):
    message_id: str
    case: CaseDetail


class ReplyView(TypedDict):
    code: str
    sentence: SentenceView
    verb: Verb | None
    alert_id: str | None


class ReportBody(TypedDict):
    name: str
    kind: Period
    channel_id: str
    language: NotRequired[ReportsLanguage]
    on_day: NotRequired[int]
    at_hour: NotRequired[int]
    enabled: NotRequired[bool]


class ReportView(TypedDict):
    id: str
    name: str
    kind: Period
    channel_id: str
    language: ReportsLanguage
    on_day: int
    at_hour: int
    enabled: bool
    next_at: str | None
    created_at: str
    updated_at: str

ReportsLanguage: TypeAlias = "Literal['zh', 'en']"


class RetierBody(TypedDict):
    tier: Tier
    note: NotRequired[str | None]

Role: TypeAlias = "Literal['admin', 'manager', 'moderator', 'creator', 'viewer']"


class RolledBack(TypedDict):
    active: ModelView | None


class RotaBody(TypedDict):
    name: str
    zone: str
    layers: list[LayerBody]
    cover: NotRequired[WeekBody | None]


class RotaView(TypedDict):
    id: str
    version: int
    name: str
    zone: str
    layers: list[LayerView]
    cover: WeekView | None
    created_at: str
    updated_at: str


class RotasGapView(TypedDict):
    rota_id: str
    rota_name: str
    start: str
    end: str
    reason: GapReason


class RotateBody(TypedDict):
    overlap_seconds: NotRequired[int]


class RowView(TypedDict):
    id: str
    subject: str
    at: str
    part: bool
    value: float | None


class RuleBody(TypedDict):
    name: str
    conditions: RulesConditionsBody
    effects: EffectsBody
    position: NotRequired[int]
    enabled: NotRequired[bool]


class RuleView(TypedDict):
    id: str
    version: int
    name: str
    position: int
    enabled: bool
    conditions: RulesConditionsView
    effects: EffectsView
    created_at: str
    updated_at: str


class RulesConditionsBody(TypedDict):
    patterns: NotRequired[list[str]]
    cues: NotRequired[list[str]]
    kinds: NotRequired[list[MessageKind]]
    languages: NotRequired[list[TriageLanguage]]
    tiers: NotRequired[list[Tier]]
    categories: NotRequired[list[Category]]
    sentiments: NotRequired[list[Sentiment]]
    flags: NotRequired[list[str]]
    posts: NotRequired[list[str]]
    authors: NotRequired[list[str]]
    min_followers: NotRequired[int | None]
    verified: NotRequired[bool | None]
    following: NotRequired[bool | None]
    min_spam_score: NotRequired[float | None]
    max_confidence: NotRequired[float | None]
    window: NotRequired[WindowBody | None]


class RulesConditionsView(TypedDict):
    patterns: list[str]
    cues: list[str]
    kinds: list[MessageKind]
    languages: list[TriageLanguage]
    tiers: list[Tier]
    categories: list[Category]
    sentiments: list[Sentiment]
    flags: list[str]
    posts: list[str]
    authors: list[str]
    min_followers: int | None
    verified: bool | None
    following: bool | None
    min_spam_score: float | None
    max_confidence: float | None
    window: WindowView | None

RunOutcome: TypeAlias = "Literal['applied', 'held', 'stopped', 'looping', 'muted']"

RunSort: TypeAlias = "Literal['-at', 'at']"


class RunView(TypedDict):
    id: str
    rule_id: str
    rule_name: str
    rule_version: int
    message_id: str
    outcome: RunOutcome
    effects: dict[str, Any]
    at: str


class Said(TypedDict):
    id: str
    at: str
    direction: str
    who: str | None
    excerpt: str | None

Sameness: TypeAlias = "Literal['group', 'post', 'thread', 'follower']"


class SampleItemView(TypedDict):
    id: str
    message_id: str
    kind: str
    text: str | None
    occurred_at: str
    checked_at: str | None
    tier: Tier | None


class SampleWeekView(TypedDict):
    week: str | None
    population: int
    checked: int
    items: list[SampleItemView]


class SandboxClockView(TypedDict):
    now: str
    real_now: str
    ahead_seconds: float
    next_moment_at: str | None


class SavedLadderView(TypedDict):
    id: str
    name: str
    version: int
    steps: list[StepView]
    group_by: GroupBy | None
    group_window_seconds: int | None
    created_at: str
    updated_at: str
    warnings: list[LadderWarningView]


class SavedPolicyView(TypedDict):
    name: str
    position: int
    targets: dict[str, PolicyViewsTargetView]
    channel_targets: dict[str, dict[str, PolicyViewsTargetView]]
    promised: dict[str, int]
    reply_window_seconds: dict[str, int]
    calendar_id: str | None
    pause_while_waiting: bool
    advocates_answer: list[Tier]
    response_steps: list[int | OffsetStep]
    resolution_steps: list[int | OffsetStep]
    reply_window_steps: list[int | OffsetStep]
    resolve_on_reply: bool
    reopen_within_seconds: int
    ladder_id: str | None
    match: MatchView
    id: str
    version: int
    is_default: bool
    created_at: str | None
    updated_at: str | None
    warnings: list[WarningView]

Scope: TypeAlias = "Literal['ingest', 'read', 'work', 'manage', 'metrics', 'admin']"

SearchIn: TypeAlias = "Literal['messages', 'followers', 'cases']"


class SecretRotation(TypedDict):
    overlap_seconds: NotRequired[int]


class SecretView(TypedDict):
    id: str
    created_at: str
    expires_at: str | None


class SelfMemberView(TypedDict):
    id: str
    handle: str
    name: str
    email: str | None
    role: Role


class SelfView(TypedDict):
    workspace: SelfWorkspaceView
    name: str
    member: SelfMemberView | None
    scopes: list[Scope]
    session_id: str | None
    csrf_token: str | None


class SelfWorkspaceView(TypedDict):
    id: str
    slug: str
    name: str


class SentenceView(TypedDict):
    zh: str
    en: str

Sentiment: TypeAlias = "Literal['positive', 'neutral', 'negative']"


class SentimentCounts(TypedDict):
    positive: int
    neutral: int
    negative: int


class SessionView(TypedDict):
    id: str
    created_at: str
    seen_at: str
    expires_at: str
    address: str | None
    agent: str | None
    current: bool

Severity: TypeAlias = "Literal['hint', 'warning', 'breach', 'escalation']"


class Share(TypedDict):
    met: int
    missed: int
    rate: float | None


class ShareView(TypedDict):
    met: int
    missed: int
    open: int
    rate: float | None


class ShiftView(TypedDict):
    start: str
    end: str
    member_id: str | None
    planned_id: str | None
    layer: str | None
    override_id: str | None


class SignInBody(TypedDict):
    login: str
    password: str
    workspace: NotRequired[str | None]

SilenceBody = TypedDict(
    "SilenceBody",
    {
        "conditions": "NotRequired[SilencesConditionsBody]",
        "from": "NotRequired[str | None]",
        "minutes": "NotRequired[int | None]",
        "until": "NotRequired[str | None]",
        "reason": "str",
        "everything": "NotRequired[bool]",
        "also_urgent": "NotRequired[bool]",
    },
)


class SilencePreview(TypedDict):
    matching: int
    looked_at: int
    is_whole: bool
    alert_ids: list[str]

SilenceState: TypeAlias = "Literal['upcoming', 'active', 'expired']"

SilenceView = TypedDict(
    "SilenceView",
    {
        "id": "str",
        "state": "SilenceState",
        "conditions": "SilencesConditionsView",
        "from": "str",
        "until": "str",
        "reason": "str",
        "everything": "bool",
        "also_urgent": "bool",
        "created_at": "str",
        "created_by": "str",
        "ended_at": "str | None",
        "ended_by": "str | None",
    },
)


class SilencesConditionsBody(TypedDict):
    tier_at_most: NotRequired[Tier | None]
    kind: NotRequired[AlertKind | None]
    category: NotRequired[Category | None]
    channel: NotRequired[Channel | None]
    source_id: NotRequired[str | None]
    post_id: NotRequired[str | None]
    thread_id: NotRequired[str | None]
    follower_id: NotRequired[str | None]
    rule_id: NotRequired[str | None]
    case_id: NotRequired[str | None]
    group: NotRequired[str | None]


class SilencesConditionsView(TypedDict):
    tier_at_most: Tier | None
    kind: str | None
    category: Category | None
    channel: Channel | None
    source_id: str | None
    post_id: str | None
    thread_id: str | None
    follower_id: str | None
    rule_id: str | None
    case_id: str | None
    group: str | None


class SilencesSourceBody(TypedDict):
    kind: NotRequired[AlertKind | None]
    category: NotRequired[Category | None]
    rule_id: NotRequired[str | None]
    crisis: NotRequired[bool]
    tier_at_least: NotRequired[Tier | None]
    severity_at_least: NotRequired[Severity | None]


class SilencesSourceView(TypedDict):
    kind: str | None
    category: Category | None
    rule_id: str | None
    crisis: bool
    tier_at_least: Tier | None
    severity_at_least: str | None


class SilencesTargetBody(TypedDict):
    kind: NotRequired[AlertKind | None]
    category: NotRequired[Category | None]
    rule_id: NotRequired[str | None]
    tier_at_most: NotRequired[Tier | None]
    severity_at_most: NotRequired[Severity | None]


class SilencesTargetView(TypedDict):
    kind: str | None
    category: Category | None
    rule_id: str | None
    tier_at_most: Tier | None
    severity_at_most: str | None


class Skipped(TypedDict):
    start: str
    end: str
    seconds: int
    days: list[str]

SlaPauseReason: TypeAlias = "Literal['snooze', 'waiting', 'out_of_office', 'outage']"


class SnoozeBody(TypedDict):
    until: str
    note: NotRequired[str | None]


class SomeTargetsBody(TypedDict):
    urgent: NotRequired[PoliciesTargetBody | None]
    important: NotRequired[PoliciesTargetBody | None]
    routine: NotRequired[PoliciesTargetBody | None]


class SourceChange(TypedDict):
    name: NotRequired[str]
    platform: NotRequired[str]
    own_accounts: NotRequired[list[str]]


class SourcesSourceBody(TypedDict):
    name: str
    platform: str
    own_accounts: NotRequired[list[str]]


class SourcesSourceView(TypedDict):
    id: str
    name: str
    platform: str
    own_accounts: list[str]
    created_at: str
    updated_at: str
    secrets: list[SecretView]


class SpanBody(TypedDict):
    start: str
    end: str


class SpanView(TypedDict):
    start: str
    end: str

Split: TypeAlias = "Literal['day', 'month', 'hour', 'weekday', 'hour_of_week', 'tier', 'kind', 'channel', 'category', 'sentiment', 'subtype', 'source', 'member', 'follower', 'post', 'age']"


class SpreadView(TypedDict):
    up_to_1h: int
    up_to_4h: int
    up_to_8h: int
    up_to_24h: int
    over_24h: int


class StaffingGapView(TypedDict):
    start: str
    end: str
    seconds: int


class StandstillBody(TypedDict):
    reason: StandstillReason
    starts_at: NotRequired[str | None]
    ends_at: NotRequired[str | None]
    source_id: NotRequired[str | None]
    member_id: NotRequired[str | None]
    stand_in_id: NotRequired[str | None]
    notice_zh: NotRequired[str | None]
    notice_en: NotRequired[str | None]
    note: NotRequired[str | None]
    pauses: NotRequired[bool | None]

StandstillReason: TypeAlias = "Literal['out_of_office', 'outage']"


class StandstillView(TypedDict):
    id: str
    reason: StandstillReason
    starts_at: str
    ends_at: str | None
    source_id: str | None
    member_id: str | None
    stand_in_id: str | None
    notice_zh: str | None
    notice_en: str | None
    note: str | None
    pauses: bool
    created_at: str
    ended_at: str | None
    replan_at: str | None
    replanned: int

StartSort: TypeAlias = "Literal['starts_at', '-starts_at']"


class Step(TypedDict):
    percent: NotRequired[int | None]
    offset_seconds: NotRequired[int | None]


class StepAheadView(TypedDict):
    position: int
    round: int
    due_at: str


class StepBody(TypedDict):
    percent: int
    channel_ids: NotRequired[list[str]]
    wait_seconds: NotRequired[int]
    clock: NotRequired[StepClock]
    audience: NotRequired[list[AudienceBody]]
    repeat_times: NotRequired[int]
    repeat_seconds: NotRequired[int]
    only_in_hours: NotRequired[bool]
    min_tier: NotRequired[Tier | None]
    fallback_channel_id: NotRequired[str | None]

StepClock: TypeAlias = "Literal['wall', 'working']"


class StepDoneView(TypedDict):
    position: int
    round: int
    outcome: StepOutcome
    reason: str | None
    detail: dict[str, Any]
    due_at: str
    done_at: str
    late_by_seconds: int

StepOutcome: TypeAlias = "Literal['told', 'explained']"


class StepTold(TypedDict):
    percent: int
    generation: int
    fire_at: str
    state: TimerState
    fired_at: str | None
    late_seconds: int | None
    note: str | None
    alert: Raised | None


class StepView(TypedDict):
    percent: int
    channel_ids: list[str]
    wait_seconds: int
    clock: StepClock
    audience: list[AudienceView]
    repeat_times: int
    repeat_seconds: int
    only_in_hours: bool
    min_tier: Tier | None
    fallback_channel_id: str | None


class Stretch(TypedDict):
    start: str
    end: str
    seconds: int


class SubscriptionBody(TypedDict):
    name: str
    url: str
    kinds: list[str]
    tiers: NotRequired[list[Tier]]
    source_ids: NotRequired[list[str]]
    ordering: NotRequired[Ordering]
    enabled: NotRequired[bool]
    secret: NotRequired[str | None]


class SubscriptionDeliveryView(TypedDict):
    seq: int
    webhook_id: str
    kind: str
    subject_kind: str
    subject_id: str
    state: ParcelState
    waits: bool
    next_at: str | None
    attempt_count: int
    last_error: str | None
    created_at: str
    sent_at: str | None
    attempts: list[DeliveryAttemptView]


class SubscriptionPatch(TypedDict):
    name: NotRequired[str | None]
    url: NotRequired[str | None]
    kinds: NotRequired[list[str] | None]
    tiers: NotRequired[list[Tier] | None]
    source_ids: NotRequired[list[str] | None]
    ordering: NotRequired[Ordering | None]
    enabled: NotRequired[bool | None]


class SubscriptionRedriveBody(TypedDict):
    first_seq: NotRequired[int | None]
    last_seq: NotRequired[int | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]


class SubscriptionRedrivenView(TypedDict):
    queued: int


class SubscriptionRotateBody(TypedDict):
    overlap_seconds: NotRequired[int]


class SubscriptionTestView(TypedDict):
    delivered: bool
    outcome: SubscriptionsOutcome
    status_code: int | None
    detail: str
    took_ms: int


class SubscriptionView(TypedDict):
    id: str
    name: str
    url: str
    kinds: list[str]
    tiers: list[Tier]
    source_ids: list[str]
    ordering: Ordering
    enabled: bool
    paused_at: str | None
    pause_reason: SubscriptionsPauseReason | None
    failing_since: str | None
    position: int
    pending: int
    dead: int
    behind_seconds: float
    version: int
    created_at: str
    updated_at: str


class SubscriptionWithSecret(TypedDict):
    id: str
    name: str
    url: str
    kinds: list[str]
    tiers: list[Tier]
    source_ids: list[str]
    ordering: Ordering
    enabled: bool
    paused_at: str | None
    pause_reason: SubscriptionsPauseReason | None
    failing_since: str | None
    position: int
    pending: int
    dead: int
    behind_seconds: float
    version: int
    created_at: str
    updated_at: str
    secret: str

SubscriptionsOutcome: TypeAlias = "Literal['started', 'sent', 'failed', 'in_doubt', 'gone']"

SubscriptionsPauseReason: TypeAlias = "Literal['gone', 'failing']"


class SummaryView(TypedDict):
    as_of: str
    open: ByTier
    open_by_state: ByState
    due_soon: ByTier
    breached: ByTier
    unanswered: int
    answered_today: int
    today: Today
    alerts_firing: int
    backlog: Backlog


class TargetsBody(TypedDict):
    urgent: PoliciesTargetBody
    important: PoliciesTargetBody
    routine: PoliciesTargetBody


class TeamBody(TypedDict):
    name: str
    member_ids: NotRequired[list[str]]


class TeamView(TypedDict):
    id: str
    version: int
    name: str
    member_ids: list[str]
    created_at: str
    updated_at: str


class TemplatePair(TypedDict):
    zh: NotRequired[str | None]
    en: NotRequired[str | None]


class TemplateSet(TypedDict):
    firing: NotRequired[TemplatePair | None]
    renotify: NotRequired[TemplatePair | None]
    escalated: NotRequired[TemplatePair | None]
    resolved: NotRequired[TemplatePair | None]
    corrected: NotRequired[TemplatePair | None]


class TextView(TypedDict):
    text: str
    characters: int


class TextsBody(TypedDict):
    templates: NotRequired[TemplateSet]
    message_text_leaves: NotRequired[bool]


class TextsView(TypedDict):
    templates: dict[str, dict[str, str]]
    message_text_leaves: bool
    version: int

Tier: TypeAlias = "Literal['urgent', 'important', 'routine', 'spam']"

TimerState: TypeAlias = "Literal['pending', 'fired', 'skipped', 'cancelled']"


class TimesView(TypedDict):
    count: int
    mean: float | None
    median: float | None
    p90: float | None


class Title(TypedDict):
    zh: str
    en: str


class Today(TypedDict):
    start: str
    end: str
    answered: int
    attainment: Attainment

TriageLanguage: TypeAlias = "Literal['zh', 'en', 'mixed', 'other']"

TriedSort: TypeAlias = "Literal['position', '-position', 'name', '-name', 'created_at', '-created_at', 'updated_at', '-updated_at']"


class TryBody(TypedDict):
    detector: DetectorBody
    days: NotRequired[int]


class UnacknowledgeBody(TypedDict):
    note: NotRequired[str | None]
    only_this: NotRequired[bool]

Unit: TypeAlias = "Literal['messages', 'people', 'promises', 'cases', 'posts', 'followers', 'share', 'seconds', 'ratio']"

Verb: TypeAlias = "Literal['acknowledge', 'resolve', 'assign', 'silence', 'who', 'help']"

Verdict: TypeAlias = "Literal['met', 'missed', 'open']"


class VerificationView(TypedDict):
    holds: bool
    is_whole: bool
    checked: int
    last_seq: int
    last_hash: str
    unsealed: int
    flaw: Flaw | None
    flaw_seq: int | None
    flaw_id: str | None

VersionSort: TypeAlias = "Literal['version', '-version']"


class ViewBody(TypedDict):
    name: str
    where: CaseConditions | MessageConditions | FollowerConditions
    shared: NotRequired[bool]


class ViewItems(TypedDict):
    of: ViewKind
    cases: NotRequired[list[ListedCase] | None]
    messages: NotRequired[list[ListedMessage] | None]
    followers: NotRequired[list[Follower] | None]
    next_cursor: NotRequired[str | None]

ViewKind: TypeAlias = "Literal['cases', 'messages', 'followers']"


class ViewView(TypedDict):
    id: str
    slug: str | None
    version: int
    name: str
    where: CaseConditions | MessageConditions | FollowerConditions
    shared: bool
    built_in: bool
    created_at: str | None
    updated_at: str | None

WaitsFor: TypeAlias = "Literal['answer', 'channel_off', 'channel_paused', 'channel_shut', 'retry', 'turn']"


class WarningView(TypedDict):
    pointer: str
    code: str
    detail: str


class WatchedRotaView(TypedDict):
    id: str
    version: int
    name: str
    zone: str
    layers: list[LayerView]
    cover: WeekView | None
    created_at: str
    updated_at: str
    gaps: list[RotasGapView]


class WeekBody(TypedDict):
    monday: NotRequired[list[SpanBody]]
    tuesday: NotRequired[list[SpanBody]]
    wednesday: NotRequired[list[SpanBody]]
    thursday: NotRequired[list[SpanBody]]
    friday: NotRequired[list[SpanBody]]
    saturday: NotRequired[list[SpanBody]]
    sunday: NotRequired[list[SpanBody]]


class WeekView(TypedDict):
    monday: list[SpanView]
    tuesday: list[SpanView]
    wednesday: list[SpanView]
    thursday: list[SpanView]
    friday: list[SpanView]
    saturday: list[SpanView]
    sunday: list[SpanView]

What: TypeAlias = "Literal['cases', 'messages', 'followers', 'alerts', 'metrics', 'audit']"


class WindowBody(TypedDict):
    zone: NotRequired[str]
    days: NotRequired[list[int]]
    starts: NotRequired[str]
    ends: NotRequired[str]


class WindowView(TypedDict):
    zone: str
    days: list[int]
    starts: str
    ends: str


class WordsView(TypedDict):
    zh: str
    en: str


class WorkloadView(TypedDict):
    arrivals: int
    days: float
    needed_hours: float
    planned_hours: float
    words: WordsView


class WorkspaceChange(TypedDict):
    name: NotRequired[str]
    ingest_per_minute: NotRequired[int | None]
    storm_per_minute: NotRequired[int | None]


class WorkspaceView(TypedDict):
    id: str
    slug: str
    name: str
    ingest_per_minute: int | None
    storm_per_minute: int | None
    created_at: str

"""Every environment variable, typed and frozen; read once, by an entry point, and passed on."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.core.kit import failpoints


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(Group):
    """Where the truth lives. Without a url the embedded Postgres of the data folder is used."""

    url: SecretStr | None = None
    pool_size: int = Field(default=10, ge=1)
    acquire_timeout_seconds: float = Field(default=2.0, gt=0)
    api_statement_timeout_ms: int = 5_000
    worker_statement_timeout_ms: int = 30_000
    lock_timeout_ms: int = 2_000
    # Two workers on one brand's threads wait for each other's batches; that is no outage.
    worker_lock_timeout_ms: int = 10_000
    idle_in_transaction_timeout_ms: int = 15_000


class RedisSettings(Group):
    """Where wake-ups travel. Nothing that matters is kept there; it may be absent."""

    url: SecretStr | None = None
    wake_timeout_ms: int = 50
    breaker_seconds: float = 5.0


class ApiSettings(Group):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    # httptools takes half the time of h11. Both have the same bounds here and are tried by the
    # same tests; h11 refuses some odd heads that httptools reads as they are meant.
    http: str = Field(default="httptools", pattern="^(h11|httptools)$")
    # From the first moment of a connection to the end of a request's head.
    head_seconds: float = Field(default=10.0, gt=0)
    # Of one address, whose head takes longer than a second; 0 for no limit, behind a proxy.
    seats_per_address: int = Field(default=50, ge=0)
    shutdown_seconds: int = 5
    # Of each key and each session, in each process; 0 for no limit. Webhooks have their own.
    calls_per_minute: int = Field(default=6_000, ge=0)
    cors_origins: tuple[str, ...] = ()
    cursor_key: SecretStr | None = None


class IntakeSettings(Group):
    """Limits of the webhook door; the contract's numbers are the defaults."""

    max_body_bytes: int = 1024 * 1024
    max_backfill_bytes: int = 64 * 1024 * 1024
    receive_seconds: float = 10.0
    events_per_minute: int = Field(default=120_000, ge=1)
    burst_events: int = Field(default=20_000, ge=1)
    tolerance_seconds: int = 300


class WorkerSettings(Group):
    poll_seconds: float = Field(default=1.0, gt=0)
    # Short: rows being worked on are locked besides, and a killed worker's come back soon.
    lease_seconds: int = Field(default=5, ge=1)
    # Fifty statements a batch, whatever its size: 500 entries take three quarters of the time a
    # entry that 200 take, and a batch is still done within a second.
    batch_size: int = Field(default=500, ge=1, le=1000)
    max_attempts: int = Field(default=3, ge=1)
    send_concurrency: int = Field(default=48, ge=1)


class AlertSettings(Group):
    """How outgoing alerts travel. `allow_private_addresses` is for one-machine demos and tests.

    `public_url` is where people reach this installation: links in messages begin with it.
    """

    allow_private_addresses: bool = False
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")
    timeout_seconds: float = 10.0
    max_attempts: int = 10
    # Where a channel without limits of its own wants digests: from so many messages a minute on.
    storm_per_minute: int = Field(default=60, ge=1)
    # The product's own promise: so many percent of urgent alerts out within so many seconds.
    lateness_percent: float = Field(default=99.0, gt=0, le=100)
    lateness_seconds: int = Field(default=60, ge=1)


class AuditSettings(Group):
    """The auditor in each worker: how often it looks, when a stage counts as standing still.

    `heartbeat_url` is told every `heartbeat_seconds` that all is well, and nothing otherwise.
    """

    enabled: bool = True
    interval_seconds: float = Field(default=5.0, gt=0)
    stall_seconds: float = Field(default=40.0, gt=0)
    heartbeat_url: SecretStr | None = None
    heartbeat_seconds: float = Field(default=30.0, gt=0)


class RetentionSettings(Group):
    """How long the raw bodies of deliveries are kept; ids of events at least 90 days."""

    delivery_days: int = Field(default=90, ge=1)
    # What was sent, where, and with what answer.
    sending_days: int = Field(default=90, ge=1)


class TriageSettings(Group):
    """Judging and correcting. A promise found broken by a correction waits for `grace_seconds`."""

    grace_seconds: int = Field(default=600, ge=0)
    # How alike two questions under a post must be to be one burst, and within how many hours.
    burst_similarity: float = Field(default=0.75, gt=0, le=1)
    burst_window_hours: int = Field(default=24, ge=1)


class SignInSettings(Group):
    """How long people stay signed in. `invitation_url` is the page where an invitation is taken.

    The invitation follows it behind `#invitation=`, where no server and no log sees it.
    """

    idle_hours: float = Field(default=24, gt=0)
    absolute_hours: float = Field(default=7 * 24, gt=0)
    invitation_hours: float = Field(default=72, gt=0)
    invitation_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    # Passwords checked at once; each keeps a core busy for some 30 ms, and 19 MiB.
    hashing_at_once: int = Field(default=1, ge=1, le=64)


class LogSettings(Group):
    level: str = "INFO"
    json_lines: bool = True


class MetricsSettings(Group):
    # No tenant names or texts are in /metrics; close it where even totals are private.
    open: bool = True
    # How every workspace does, to whoever may read /metrics; else a key of scope `metrics` is told
    # of its own workspace alone.
    workspaces: bool = False
    # Whose days numbers are summed up by, until a workspace chooses its own.
    zone: str = "Asia/Shanghai"


class TraceSettings(Group):
    """Where spans go, in full: `http://collector:4318/v1/traces`. Without it none are made."""

    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    # Of all traces; every process chooses the same ones.
    share: float = Field(default=1.0, ge=0, le=1)


class SandboxSettings(Group):
    """Workspaces whose time a test may move. Never where anybody's real promises are kept."""

    enabled: bool = False


class Settings(BaseSettings):
    """Read with `Settings()` in a main; `WARMLINE__DATABASE__URL` fills `database.url`."""

    model_config = SettingsConfigDict(
        env_prefix="WARMLINE__", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    data_dir: Path = Path(".warmline")
    # For tests of faults alone: what breaks where (kit/failpoints.py). Refused under python -O.
    faults: str = ""
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    api: ApiSettings = ApiSettings()
    intake: IntakeSettings = IntakeSettings()
    worker: WorkerSettings = WorkerSettings()
    alerts: AlertSettings = AlertSettings()
    log: LogSettings = LogSettings()
    audit: AuditSettings = AuditSettings()
    retention: RetentionSettings = RetentionSettings()
    sandbox: SandboxSettings = SandboxSettings()
    metrics: MetricsSettings = MetricsSettings()
    sign_in: SignInSettings = SignInSettings()
    traces: TraceSettings = TraceSettings()
    triage: TriageSettings = TriageSettings()

    @field_validator("faults")
    @classmethod
    def _can_be_followed(cls, plan: str) -> str:
        failpoints.check(plan)
        return plan

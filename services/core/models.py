"""Every feature's tables in one place, for Alembic and the tests."""

from services.core.actions import models as actions
from services.core.alerts import models as alerts
from services.core.alerts import text_models as alert_texts
from services.core.audit import models as audit
from services.core.bursts import models as bursts
from services.core.calendars import models as calendars
from services.core.cases import models as cases
from services.core.changes import models as changes
from services.core.conversations import models as conversations
from services.core.detectors import models as detectors
from services.core.exports import models as exports
from services.core.health import models as health
from services.core.idempotency import models as idempotency
from services.core.intake import models as intake
from services.core.kit.db import Base
from services.core.learning import models as learning
from services.core.metrics import models as metrics
from services.core.objectives import models as objectives
from services.core.presence import models as presence
from services.core.reports import models as reports
from services.core.rotas import models as rotas
from services.core.rulebook import models as rulebook
from services.core.sandbox import models as sandbox
from services.core.sessions import models as sessions
from services.core.signin import models as signin
from services.core.silences import models as silences
from services.core.sla import models as sla
from services.core.staffing import models as staffing
from services.core.stream import models as stream
from services.core.subscriptions import models as subscriptions
from services.core.triage import models as triage
from services.core.views import models as views
from services.core.workspaces import models as workspaces

__all__ = [
    "Base",
    "actions",
    "alert_texts",
    "alerts",
    "audit",
    "bursts",
    "calendars",
    "cases",
    "changes",
    "conversations",
    "detectors",
    "exports",
    "health",
    "idempotency",
    "intake",
    "learning",
    "metrics",
    "objectives",
    "presence",
    "reports",
    "rotas",
    "rulebook",
    "sandbox",
    "sessions",
    "signin",
    "silences",
    "sla",
    "staffing",
    "stream",
    "subscriptions",
    "triage",
    "views",
    "workspaces",
]

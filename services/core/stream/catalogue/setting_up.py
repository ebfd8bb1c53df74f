"""Facts of how a workspace is set up: calendars, rules, models, rotas and teams that changed."""

from typing import Final

from services.core.stream.catalogue import words
from services.core.stream.catalogue.shapes import (
    ID,
    MOMENT,
    TEXT,
    WHOLE,
    YES_OR_NO,
    FactKind,
    carries,
    maybe,
)

_NAMED: Final = carries({"name": TEXT, "version": WHOLE})
_STANDSTILL: Final = carries(
    {
        "reason": words.STANDSTILL_REASON,
        "source_id": maybe(ID),
        "starts_at": MOMENT,
        "ends_at": maybe(MOMENT),
        "pauses": YES_OR_NO,
    }
)
_RULE: Final = carries({"version": WHOLE, "enabled": YES_OR_NO})
_MODEL: Final = carries({"number": WHOLE, "state": words.MODEL_STATE, "lessons": WHOLE})
_OVERRIDE: Final = carries(
    {"override_id": ID, "member_id": ID, "starts_at": MOMENT, "ends_at": MOMENT}
)
_TEAM: Final = carries({"name": TEXT, "version": WHOLE, "members": WHOLE})

FACTS: Final = (
    FactKind("calendar.created", "calendar", "新增了一份日历。", "A calendar is new.", _NAMED),
    FactKind("calendar.changed", "calendar", "日历有改动。", "A calendar changed.", _NAMED),
    FactKind("calendar.archived", "calendar", "日历已停用。", "A calendar is gone.", _NAMED),
    FactKind(
        "standstill.announced",
        "standstill",
        "有人不在，或平台出了故障。",
        "People are away, or a platform is down.",
        _STANDSTILL,
    ),
    FactKind("standstill.ended", "standstill", "停顿结束了。", "It is over.", _STANDSTILL),
    FactKind(
        "standstill.withdrawn", "standstill", "停顿撤回了。", "It was taken back.", _STANDSTILL
    ),
    FactKind("rule.created", "rule", "新增了一条规则。", "A rule is new.", _RULE),
    FactKind("rule.changed", "rule", "规则有改动。", "A rule changed.", _RULE),
    FactKind("rule.archived", "rule", "规则已停用。", "A rule is gone.", _RULE),
    FactKind("model.trained", "model", "学出了一个新模型。", "A model was trained.", _MODEL),
    FactKind("model.promoted", "model", "一个模型开始使用。", "A model is in force.", _MODEL),
    FactKind("model.retired", "model", "一个模型停止使用。", "A model is retired.", _MODEL),
    FactKind("rota.created", "rota", "新增了一份值班表。", "A rota is new.", _NAMED),
    FactKind("rota.changed", "rota", "值班表有改动。", "A rota changed.", _NAMED),
    FactKind("rota.archived", "rota", "值班表已停用。", "A rota is gone.", _NAMED),
    FactKind("rota.overridden", "rota", "有人临时替班。", "Somebody takes a turn.", _OVERRIDE),
    FactKind("rota.override_ended", "rota", "临时替班结束了。", "A swapped turn ended.", _OVERRIDE),
    FactKind("team.created", "team", "新增了一个小组。", "A team is new.", _TEAM),
    FactKind("team.changed", "team", "小组有改动。", "A team changed.", _TEAM),
    FactKind("team.archived", "team", "小组已停用。", "A team is gone.", _TEAM),
)

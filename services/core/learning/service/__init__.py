"""Keep what people say of messages, learn from it, and tell how good the machine is."""

from services.core.learning.service.correcting import Corrected, correct, list_by_people
from services.core.learning.service.models import (
    compare,
    list_models,
    promote,
    retrain,
    retrain_due,
    roll_back,
    tailor,
    watch_shadow,
)
from services.core.learning.service.sampling import (
    check_sample,
    draw_samples,
    get_sample_week,
    hold_sample,
    measure,
)

__all__ = [
    "Corrected",
    "check_sample",
    "compare",
    "correct",
    "draw_samples",
    "get_sample_week",
    "hold_sample",
    "list_by_people",
    "list_models",
    "measure",
    "promote",
    "retrain",
    "retrain_due",
    "roll_back",
    "tailor",
    "watch_shadow",
]

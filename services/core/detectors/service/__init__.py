"""Watch for what no single message shows, tell once, and say beforehand what would have been."""

from services.core.detectors.service.looking import look
from services.core.detectors.service.trying import backtest, try_out
from services.core.detectors.service.writing import (
    archive_detector,
    change_detector,
    create_detector,
    ensure_defaults,
    get_detector,
    list_detectors,
    list_firings,
)

__all__ = [
    "archive_detector",
    "backtest",
    "change_detector",
    "create_detector",
    "ensure_defaults",
    "get_detector",
    "list_detectors",
    "list_firings",
    "look",
    "try_out",
]

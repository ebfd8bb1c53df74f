"""The list of metrics in the documentation is what the code defines."""

from services.core.metrics.definitions import FAMILIES, REGISTRY
from tests.support.metrics_page import PAGE, page


def test_the_page_lists_every_metric_as_it_is_defined() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "A definition changed. If that is meant, raise its version and run:"
        " python -m tests.support.metrics_page"
    )


def test_no_two_metrics_have_one_name() -> None:
    assert sum(len(family) for family in FAMILIES.values()) == len(REGISTRY)

"""Every list of the published schema takes what lists take; those that do not are named here."""

from typing import Any

from tests.support.published import SCHEMA, answer_of, orders_of, query_of

# Whole in one answer: what bounds each of them.
WHOLE = {
    "calendars.list_days": "a range of 400 days at most",
    "detectors.list_presets": "written in the code",
    "facts.list_kinds": "written in the code",
    "inhibitions.list_inhibitions": "50, and the built-in one first",
    "me.list_sessions": "those of one member that are open",
    "models.list_models": "the newest 20",
    "policies.list_presets": "written in the code",
    "presence.list_presence": "the last 50 who have one case open",
    "rotas.list_gaps": "a range of 92 days at most",
    "rotas.list_shifts": "a range of 92 days at most, without holes",
    "views.list_views": "200 and the built-in ones first",
}
# Read on by the number of the last fact, like the stream.
BY_NUMBER = {"facts.list_facts"}
# In pages and in one order: why no other is wanted.
ONE_ORDER = {
    "numbers.list_rows": "the rows a number counts, looked through to check it",
    "objectives.list_rows": "the same",
    "objectives.list_at_risk": "by what is due: another order would hide what it is for",
    "search.search": "the newest of what fits",
    "views.list_view_items": "the order is part of the view",
}


def listings() -> dict[str, dict[str, Any]]:
    found = {}
    for item in SCHEMA["paths"].values():
        operation = item.get("get", {})
        if answer_of(operation):
            found[operation["operationId"]] = operation
    return found


def test_every_list_takes_fields_a_limit_and_a_cursor_or_is_named_with_its_bound() -> None:
    found = listings()
    assert len(found) >= 50
    for name, operation in found.items():
        takes = set(query_of(operation))
        assert "fields" in takes, name
        if name in BY_NUMBER:
            assert {"limit", "after"} <= takes, name
        elif name in WHOLE:
            assert takes.isdisjoint({"limit", "cursor"}), f"{name} is no exception any more"
        else:
            assert {"limit", "cursor"} <= takes, name
    assert set(WHOLE) | BY_NUMBER <= set(found)


def test_every_list_in_pages_can_be_turned_round_or_is_named_with_the_reason() -> None:
    paged = {name: each for name, each in listings().items() if "cursor" in query_of(each)}
    for name, operation in paged.items():
        orders = orders_of(operation)
        if name in ONE_ORDER:
            assert not orders, f"{name} is no exception any more"
            continue
        assert orders, name
        fields = {order.removeprefix("-") for order in orders}
        assert set(orders) == fields | {f"-{field}" for field in fields}, name
        assert query_of(operation)["sort"]["schema"]["default"] in orders, name
    assert set(ONE_ORDER) <= set(paged)

"""Only zones that Python and Postgres read alike are found."""

import pytest

from services.core.kit.zones import find_zone


@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires"])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    found = find_zone(name)
    assert found is not None
    assert found.key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Asia",
        "Nowhere/Else",
        "../../etc/passwd",
        "/etc/localtime",
        "a\x00b",
        "x" * 300,
        "right/UTC",
        "posix/UTC",
        "posixrules",
        "localtime",
        "Factory",
    ],
)
def test_files_that_are_no_zone_of_everybody_are_none(name: str) -> None:
    assert find_zone(name) is None

"""The page of facts is what the catalogue says, and every fact a feature can announce is in it."""

import re
from pathlib import Path

from services.core.stream.catalogue import CATALOGUE
from services.core.stream.catalogue.page import write_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "facts.md"
# A kind written out in code, whole or with a verb to come: Fact("rule.ran", …), f"alert.{verb}".
WRITTEN = re.compile(r"""(?:Fact\(|kind=)\s*f?"([a-z_]+)\.([a-z_]+|\{[^}"]+\})\"""")


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == write_page(), (
        "docs/facts.md is not current: `warmline facts > docs/facts.md`"
    )


def test_every_fact_written_out_in_a_feature_is_in_the_catalogue() -> None:
    families = {kind.partition(".")[0] for kind in CATALOGUE}
    found = 0
    for file in sorted((ROOT / "services" / "core").glob("*/**/*.py")):
        if "catalogue" in file.parts:
            continue
        for family, verb in WRITTEN.findall(file.read_text(encoding="utf-8")):
            declared = families if verb.startswith("{") else CATALOGUE
            name = family if verb.startswith("{") else f"{family}.{verb}"
            assert name in declared, f"{file} announces {name}, which the catalogue does not know"
            found += 1
    assert found >= 10

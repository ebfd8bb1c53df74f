"""A workspace's own words for its alerts."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field

from services.api.schemas.common import ReadModel, StrictModel
from services.core.alerts.templates import TEMPLATE_CHARACTERS, AlertTexts
from services.core.alerts.types import Purpose

Template = Annotated[str, Field(min_length=1, max_length=TEMPLATE_CHARACTERS)]


class TemplatePair(StrictModel):
    """What is left out is the product's own sentence."""

    zh: Template | None = None
    en: Template | None = None

    def to_domain(self) -> dict[str, str]:
        return {name: one for name, one in (("zh", self.zh), ("en", self.en)) if one is not None}


class TemplateSet(StrictModel):
    """By what is said: the alert, its repetition, a later step, its end, a correction."""

    firing: TemplatePair | None = None
    renotify: TemplatePair | None = None
    escalated: TemplatePair | None = None
    resolved: TemplatePair | None = None
    corrected: TemplatePair | None = None

    def to_domain(self) -> dict[Purpose, dict[str, str]]:
        pairs = {purpose: getattr(self, purpose.value) for purpose in Purpose}
        found = {purpose: pair.to_domain() for purpose, pair in pairs.items() if pair is not None}
        return {purpose: one for purpose, one in found.items() if one}


class TextsBody(StrictModel):
    """Plain text with names in double braces; docs/alerts.md lists them.

    `message_text_leaves`: whether a piece of what a follower wrote goes along with an alert, and
    may stand in a template as `{{text}}`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "templates": {
                        "firing": {
                            "zh": "{{follower}} 在等{{promise}}，已超时 {{late}}。",
                            "en": "{{follower}} waits for the {{promise}}, {{late}} overdue.",
                        }
                    },
                    "message_text_leaves": False,
                }
            ]
        }
    )

    templates: TemplateSet = Field(default_factory=TemplateSet)
    message_text_leaves: bool = False

    def to_domain(self) -> AlertTexts:
        return AlertTexts(self.templates.to_domain(), self.message_text_leaves)


class TextsView(ReadModel):
    """What alerts say now. Where there is no template, the product's own sentence is said."""

    templates: dict[Purpose, dict[str, str]]
    message_text_leaves: bool
    version: int

    @classmethod
    def of(cls, texts: AlertTexts) -> Self:
        return cls(
            templates={purpose: dict(one) for purpose, one in texts.templates.items()},
            message_text_leaves=texts.message_text_leaves,
            version=texts.version,
        )

"""What the codes inside platforms' answers mean: a robot that is refused still answers 200."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from services.core.gateways.channels.port import Answer, Failure, Verdict
from services.core.gateways.channels.posting import printable
from services.core.kit.http import HttpAnswer


@dataclass(frozen=True, slots=True)
class CodeTable:
    """Where a platform puts its code, what each says of the next try, and how long some ask for.

    Zero is success. A code nobody knows is tried again: an alert is not given up for a new word.
    """

    names: tuple[str, ...]
    never: frozenset[int]
    again: frozenset[int]
    waits: Mapping[int, float] = field(default_factory=dict)


FEISHU: Final = CodeTable(
    names=("code", "StatusCode"),
    # Wrong robot, wrong signature or a host clock that is off, not from this address, no keyword.
    never=frozenset({19001, 19002, 19021, 19022, 19024}),
    # Too many requests, in three spellings.
    again=frozenset({9499, 11232, 11233, 99991400}),
    waits={11232: 60.0},
)
DINGTALK: Final = CodeTable(
    names=("errcode",),
    # Signature, keyword or address; unknown token; group gone; robot gone or off; bad content.
    never=frozenset(
        {300001, 310000, 400013, 400101, 400102, 400105, 400106}
        | {40035, 410101, 410102, 410103, 430101, 430102, 430103, 430104}
    ),
    again=frozenset({-1, 130101, 410100}),
    # Who sends too fast is not heard for ten minutes.
    waits={130101: 600.0, 410100: 600.0},
)
WECOM: Final = CodeTable(
    names=("errcode",),
    # Unknown robot, bad text or kind of text, robot taken out of the group.
    never=frozenset({40008, 40035, 40058, 44004, 45002, 93000, 93004, 93008}),
    again=frozenset({-1, 45009, 45033}),
    waits={45009: 60.0},
)


def by_code(answer: HttpAnswer, table: CodeTable) -> Answer:
    """A success only with a 2xx *and* code 0.

    A 2xx without any code is in doubt: something between us and the platform may have answered.
    """
    detail = printable(answer.body)
    code = _code_in(parse(answer.body), table.names)
    verdict = _verdict(code, table)
    if is_success(answer):
        if code is None:
            return unreadable(answer)
        return Answer(answer.status_code, None, table.waits.get(code), detail, verdict=verdict)
    if code is not None and code in table.never | table.again:
        return Answer(answer.status_code, None, table.waits.get(code), detail, verdict=verdict)
    return Answer(answer.status_code, detail=detail)


def is_success(answer: HttpAnswer) -> bool:
    return 200 <= answer.status_code < 300  # noqa: PLR2004 - the class of success


def unreadable(answer: HttpAnswer) -> Answer:
    """The status says yes and the platform itself says nothing one can read."""
    said = f"status {answer.status_code} without the platform's own word. {printable(answer.body)}"
    return Answer(failure=Failure.LOST, detail=said[:200])


def parse(body: bytes) -> Mapping[str, Any]:
    """The object of an answer; empty for everything else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _verdict(code: int | None, table: CodeTable) -> Verdict:
    if code == 0:
        return Verdict.ACCEPTED
    return Verdict.NEVER if code in table.never else Verdict.AGAIN


def _code_in(body: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    """The first code that is not zero, else zero, else None: one refusal among two counts."""
    codes = [body[name] for name in names if isinstance(body.get(name), int)]
    return next((code for code in codes if code != 0), codes[0] if codes else None)

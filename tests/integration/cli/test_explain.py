"""`warmline explain`: what a person at a terminal is told of a case's promises."""

import asyncio
from uuid import uuid4

import pytest

from tests.support.commands import warmline
from tests.support.line import Line, comment


async def explain(database_url: str, *typed: str, code: int = 0) -> str:
    told = await asyncio.to_thread(
        warmline,
        "explain",
        *typed,
        "--workspace",
        "test-brand",
        WARMLINE__DATABASE__URL=database_url,
        COLUMNS="400",
    )
    assert told.returncode == code, told.stderr
    return told.stdout + told.stderr


async def test_each_promise_of_a_case_is_told(line: Line, database_url: str) -> None:
    await line.hear(comment("c1", "[bold]收到的瓶子是碎的[/]，我要退款，请马上处理"))
    case = (await line.row("SELECT id FROM cases")).id
    english = await explain(database_url, str(case))
    assert "first response 1" in english
    assert "resolution 1" in english
    assert "nobody has answered: the promise is missed." in english
    assert "Lily wrote “[bold]收到的瓶子是碎的[/]" in english
    chinese = await explain(database_url, str(case), "--lang", "zh", "--tz", "Asia/Shanghai")
    assert "截止时间是11月20日（周五）22:00" in chinese
    assert "Lily wrote" in await explain(database_url, str(case)[-8:].upper())


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (["nonsense"], 2, "is no case id"),
        ([str(uuid4())], 1, "No such case."),
        (["ffffffff"], 1, "No such case."),
        ([str(uuid4()), "--tz", "Mars/Olympus"], 2, "There is no time zone of this name."),
    ],
)
async def test_what_cannot_be_explained_is_said(
    line: Line, database_url: str, typed: list[str], code: int, said: str
) -> None:
    assert said in await explain(database_url, *typed, code=code)

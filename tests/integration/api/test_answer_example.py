"""The example that answers a case, started as its first lines say."""

import asyncio
import os
import sys
from pathlib import Path

from fastapi import FastAPI

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.stream import service as stream
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.client import make_key
from tests.support.live import serving

SCRIPT = Path(__file__).parents[3] / "docs" / "examples" / "answer.py"
MOST_LINES = 65


async def test_a_case_is_answered_and_its_clock_is_seen_to_settle(
    app: FastAPI, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        story = await make.add_story(uow, text="瓶子碎了，怎么办？")
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
    await stream.publish(database)
    key = await make_key(database, workspace.id)
    async with serving(app) as live:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            SCRIPT,
            "马上为您补发",
            env={"PATH": os.environ["PATH"], "HOST": live.address, "KEY": key, "PYTHONUTF8": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        ended = asyncio.create_task(process.communicate())
        async with asyncio.timeout(60):
            while not ended.done():
                # What a worker does: facts get their numbers, and are heard.
                await stream.publish(database)
                await asyncio.wait({ended}, timeout=0.05)
        said = ended.result()[0].decode()
    assert process.returncode == 0, said
    first, state, *words = said.splitlines()
    assert first.startswith("urgent ")
    assert first.endswith("瓶子碎了，怎么办？")
    assert state == "met"
    assert "瓶子碎了" in words[0]


def test_it_stays_short_and_needs_nothing_but_python() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert {line.split()[1] for line in text.splitlines() if line.startswith("import ")} <= {
        "json",
        "os",
        "sys",
        "time",
        "urllib.error",
        "urllib.request",
        "uuid",
    }

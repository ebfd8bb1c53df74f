"""The commands of the guide for front ends, run as a reader would paste them."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.workspaces.types import Workspace
from tests.support import rows as make
from tests.support.client import make_key
from tests.support.live import serving
from tests.support.people import browser_of, come_in, make_person

DOCS = Path(__file__).parents[3] / "docs"
GUIDES = [DOCS / "api.md", *sorted((DOCS / "api").glob("*.md"))]
BASH = shutil.which("bash") if shutil.which("curl") else None


def examples() -> list[str]:
    text = "\n".join(each.read_text(encoding="utf-8") for each in GUIDES)
    return [str(block) for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL)]


def documents(text: str) -> list[Any]:
    """The JSON documents curl wrote one after the other."""
    found, rest, decoder = [], text.strip(), json.JSONDecoder()
    while rest:
        document, end = decoder.raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return found


async def run(script: str, **names: str) -> str:
    # Nothing of the shell's own: a proxy set there would take the request elsewhere.
    process = await asyncio.create_subprocess_exec(
        BASH or "bash",
        "-euo",
        "pipefail",
        "-c",
        script,
        env={"PATH": os.environ["PATH"]} | names,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, complained.decode()
    return said.decode()


async def prepare(database: Database, workspace: Workspace) -> dict[str, str]:
    async with database.unit(workspace.id) as uow:
        policy = await sla.ensure_defaults(uow)
        story = await make.add_story(uow, external_id="c1")
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
        case = (await uow.execute("SELECT id FROM cases")).scalar_one()
        member = await make.add_member(uow)
    ids = {"CASE": case, "MEMBER": member.id, "SOURCE": story.source.id, "POLICY": policy.id}
    return {name: str(value) for name, value in ids.items()}


@pytest.mark.skipif(BASH is None, reason="the guide uses bash and curl")
async def test_every_command_of_the_guide_does_what_it_says(
    app: FastAPI, database: Database, workspace: Workspace, tmp_path: Path
) -> None:
    names = await prepare(database, workspace)
    names |= {"KEY": await make_key(database, workspace.id), "JAR": str(tmp_path / "cookies")}
    async with browser_of(app) as browser:
        await come_in(browser, await make_person(database, workspace.id))
    async with serving(app) as live:
        for script in examples():
            said = await run(script, HOST=live.address, **names)
            if "/v1/stream" in script:
                assert said.startswith(": listening")
            elif "tier=huge" in script:
                assert json.loads(said)["code"] == "invalid_request"
            elif "$HOST/metrics" in script:
                assert "warmline_up 1.0" in said
            else:
                for document in documents(said):
                    assert document.get("code", "done") == "done", (script, document)


async def test_the_guide_has_its_examples() -> None:
    assert len(examples()) >= 10

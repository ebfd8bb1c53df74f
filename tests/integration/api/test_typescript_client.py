"""The TypeScript client compiles with its example, and works against the live API."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI

from services.core.kit.uow import Database
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace
from tests.support.client import make_key
from tests.support.live import serving

CLIENT = Path(__file__).parents[3] / "clients" / "typescript"
COMPILER = CLIENT / "node_modules" / "typescript" / "bin" / "tsc"
# Inside, so that what is compiled finds what it imports.
COMPILED = CLIENT / "node_modules" / ".compiled"
NODE = shutil.which("node")
SCRIPT = """
import { connect, each, listen, WarmlineError } from '%(module)s';
const api = connect({ baseUrl: process.env.HOST, key: process.env.KEY });
const handles = [];
for await (const member of each((cursor) =>
  api.GET('/v1/members', { params: { query: { limit: 2, ...(cursor && { cursor }) } } }))) {
  handles.push(member.handle);
}
const stop = new AbortController();
const heard = listen({
  baseUrl: process.env.HOST, key: process.env.KEY, kinds: ['no.such'], signal: stop.signal,
}).next().catch(() => 'stopped');
const made = await api.POST('/v1/teams', { body: { name: 'Care', member_ids: [] } });
let code = null;
try {
  await api.GET('/v1/teams/{team_id}', { params: { path: { team_id: crypto.randomUUID() } } });
} catch (error) {
  code = error instanceof WarmlineError && error.problem.code;
}
stop.abort();
console.log(JSON.stringify({ handles, code, team: made.data.name, heard: await heard }));
process.exit(0);
"""


async def run(*arguments: str | Path, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        NODE or "node",
        *arguments,
        cwd=CLIENT,
        env={"PATH": os.environ["PATH"]} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(process.communicate(), 300)
    assert process.returncode == 0, said.decode() + complained.decode()
    return said.decode()


@pytest.mark.skipif(
    NODE is None or not COMPILER.exists(), reason="run `npm ci` in clients/typescript"
)
async def test_it_compiles_and_does_what_it_says(
    app: FastAPI, database: Database, workspace: Workspace
) -> None:
    async with database.unit(workspace.id) as uow:
        for handle in ("lin", "wu", "mei"):
            await workspaces.create_member(uow, MemberDraft(handle, handle.title()))
    key = await make_key(database, workspace.id)
    await run(COMPILER, "--noEmit", "false", "--rootDir", ".", "--outDir", COMPILED)
    script = SCRIPT % {"module": (COMPILED / "src" / "index.js").as_uri()}
    async with serving(app) as live:
        said = json.loads(
            await run("--input-type=module", "-e", script, HOST=live.address, KEY=key)
        )
    assert sorted(said["handles"]) == ["lin", "mei", "wu"]
    assert (said["team"], said["code"], said["heard"]) == ("Care", "not_found", "stopped")

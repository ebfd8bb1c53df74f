"""The example inbox, driven in a real browser against the live API."""

import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from typing_extensions import override

from services.api.main import create_app
from services.core.cases import service as cases
from services.core.conversations.types import Touched
from services.core.gateways.wakeups.fake import RecordedWakeups
from services.core.kit.uow import Database
from services.core.presence import service as presence
from services.core.presence.types import Doing
from services.core.settings import Settings
from services.core.sla import service as sla
from services.core.stream import service as stream
from services.core.workspaces import service as workspaces
from services.core.workspaces.types import MemberDraft, Workspace
from tests.support import rows as make
from tests.support.chromium import BROWSER, Page, browsing
from tests.support.live import serving
from tests.support.people import PASSWORD, browser_of, come_in, make_person
from tests.support.waiting import wait_until

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
MOST_LINES = 150
TELEPHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


class Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def page_address() -> Iterator[str]:
    """Any server of plain files will do: it is one of the origins the API lets in."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(EXAMPLES)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def app(settings: Settings, database: Database, page_address: str) -> FastAPI:
    let_in = settings.api.model_copy(update={"cors_origins": (page_address,)})
    return create_app(
        settings.model_copy(update={"api": let_in}), database=database, wakeups=RecordedWakeups()
    )


async def ask(database: Database, workspace: Workspace, text: str, **parts: Any) -> Any:
    async with database.unit(workspace.id) as uow:
        story = await make.add_story(uow, text=text, external_id=text, **parts)
        await cases.refold(uow, [Touched(story.thread.id, story.said.occurred_at)])
        found = "SELECT id FROM cases WHERE opening_message_id = :id"
        case_id = (await uow.execute(found, {"id": story.said.id})).scalar_one()
    await stream.publish(database)
    return case_id


async def come_by_password(page: Page) -> None:
    await page.type("#login", "lin@example.com")
    await page.type("#password", "not my password")
    await page.click("#enter")
    await page.wait_for("document.querySelector('#problem').textContent")
    await page.run("document.querySelector('#password').value = ''")
    await page.type("#password", PASSWORD)
    await page.click("#enter")


async def be_seen(database: Database, workspace: Workspace, case_id: UUID) -> None:
    async def is_there() -> bool:
        async with database.read(workspace.id) as uow:
            return bool(await presence.list_present(uow, case_id))

    await wait_until(is_there, what="the page says who looks")


async def look_by_telephone(page: Page) -> None:
    """One thing at a time, the case or the list, and nothing leads out of the picture."""
    await page.ask("Emulation.setDeviceMetricsOverride", **TELEPHONE)
    await page.wait_for("document.querySelector('#back').offsetParent")
    assert await page.run("document.querySelector('#list').offsetParent") is None
    assert await page.run("document.documentElement.scrollWidth <= innerWidth")
    await page.click("#back")
    await page.wait_for("document.querySelector('#list').offsetParent")
    await page.wait_for("!document.querySelector('#case').offsetParent")


async def test_an_inbox_is_worked_in_a_browser(
    app: FastAPI, database: Database, workspace: Workspace, page_address: str
) -> None:
    async with database.unit(workspace.id) as uow:
        await sla.ensure_defaults(uow)
        wu = await workspaces.create_member(uow, MemberDraft("wu", "Wu Tong"))
    person = await make_person(database, workspace.id)
    async with browser_of(app) as elsewhere:
        await come_in(elsewhere, person)
    await ask(database, workspace, "Where is my parcel?")
    async with (
        serving(app) as live,
        browsing(f"{page_address}/inbox.html?api={live.address}") as page,
    ):
        await come_by_password(page)
        await page.wait_for("document.querySelector('#list').innerText.includes('parcel')")
        await page.wait_for("document.querySelector('#live').textContent.includes('live')")

        # Somebody asks meanwhile: the list shows it by itself, as text and never as markup.
        case_id = await ask(database, workspace, "<b>Is it vegan?</b>")
        row = f'[data-id="{case_id}"]'
        await page.wait_for(f"document.querySelector('{row}')")
        assert "<b>Is it vegan?</b>" in await page.run(f"document.querySelector('{row}').innerText")

        await page.click(row)
        await page.wait_for("document.querySelector('#case .running')")
        # Others see who has it open, and the page sees the others.
        await be_seen(database, workspace, case_id)
        async with database.unit(workspace.id) as uow:
            there = await presence.appear(uow, case_id, wu.id, Doing.REPLYING)
        assert {each.handle for each in there} == {"lin", "wu"}
        await stream.publish(database)
        await page.wait_for("document.querySelector('.who').innerText === 'Wu Tong is replying'")

        await page.type("#case textarea", "Yes, all of it.")
        await page.click("#case .send")
        await page.wait_for("document.querySelector('#case .met')")
        await page.wait_for("document.querySelector('#case .out')")
        assert await page.run("document.querySelector('#case textarea').value") == ""
        assert await page.run("document.querySelectorAll('#case .out').length") == 1
        if where := os.environ.get("WARMLINE_TEST_PICTURES"):
            await page.draw(Path(where, "inbox.png"))

        await look_by_telephone(page)
        assert page.complaints == []
    async with database.read(workspace.id) as uow:
        clock = "SELECT state FROM clocks WHERE case_id = :id AND kind = 'first_response'"
        assert (await uow.execute(clock, {"id": case_id})).scalar_one() == "met"


def test_it_stays_small_and_loads_nothing_from_elsewhere() -> None:
    text = (EXAMPLES / "inbox.html").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert "innerHTML" not in text
    for foreign in ("<link", "src=", "import ", "http"):
        assert foreign not in text.replace("`?api=http://127.0.0.1:8080`", "")

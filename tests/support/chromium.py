"""A real browser, driven over its own wire protocol: one page, and what a person does in it."""

import asyncio
import base64
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect

BROWSER: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# A loaded machine starts a browser slowly; nothing here is timed.
PATIENCE: Final = 90.0
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)


class Page:
    """The one page of a browser. Every wait ends when its condition holds, or after 90 seconds."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._number = 0
        self.complaints: list[str] = []

    async def ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        wanted = self._number
        await self._line.send(json.dumps({"id": wanted, "method": method, "params": parameters}))
        while True:
            told = json.loads(await self._line.recv())
            if told.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(told["params"]["exceptionDetails"]))
            if told.get("id") == wanted:
                assert "error" not in told, told
                return told["result"]

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = await self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def wait_for(self, condition: str) -> None:
        """Until an expression in the page is true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self.run(f"Boolean({condition})"):  # noqa: ASYNC110 - the page's own
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.run("document.body.innerText")
            raise AssertionError(f"{condition} never held. Shown:\n{shown}") from None

    async def type(self, selector: str, text: str) -> None:
        await self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.ask("Input.insertText", text=text)

    async def click(self, selector: str) -> None:
        """With the mouse, where it is seen: what lies under something else is not clicked."""
        place = await self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            " found.scrollIntoView({block: 'center'});"
            " const box = found.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.ask(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )

    async def draw(self, file: Path) -> None:
        """Keep what is seen as a picture."""
        found = await self.ask("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(found["data"]))


@asynccontextmanager
async def browsing(address: str, *, language: str = "en-US") -> AsyncIterator[Page]:
    """A browser of its own, open on an address; gone with everything it kept afterwards."""
    with TemporaryDirectory(prefix="warmline-chromium-", ignore_cleanup_errors=True) as kept:
        process = await asyncio.create_subprocess_exec(
            BROWSER or "chromium",
            *FLAGS,
            f"--user-data-dir={kept}",
            f"--accept-lang={language}",
            "about:blank",
            env={"PATH": os.environ["PATH"], "HOME": kept},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # The browser is a family of processes; it is ended as one.
            start_new_session=True,
        )
        try:
            async with connect(await _find_page(Path(kept)), max_size=None, proxy=None) as line:
                page = Page(line)
                await page.ask("Page.enable")
                await page.ask("Runtime.enable")
                await page.ask(
                    "Emulation.setDeviceMetricsOverride",
                    width=1180,
                    height=760,
                    deviceScaleFactor=1,
                    mobile=False,
                )
                await page.ask("Page.navigate", url=address)
                await page.wait_for("document.readyState === 'complete'")
                yield page
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _find_page(kept: Path) -> str:
    """Where the page listens: the browser writes its port into a file once it does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(OSError, IndexError, httpx.HTTPError, StopIteration):
                port = (kept / "DevToolsActivePort").read_text(encoding="utf-8").splitlines()[0]
                async with httpx.AsyncClient(trust_env=False) as client:
                    listed = (await client.get(f"http://127.0.0.1:{port}/json/list")).json()
                return str(
                    next(each for each in listed if each["type"] == "page")["webSocketDebuggerUrl"]
                )
            await asyncio.sleep(0.1)

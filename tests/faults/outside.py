"""A stranger's proof that 202 is kept: it knows WEBHOOK.md, and nothing of the project's code.

`python outside.py CONFIG.json` sends signed events at a fixed rate, whatever becomes of the ones
before, and repeats each as the contract says. It notes what it was told in a ledger that is forced
to disk, receives the alerts, then reads the public API and says what does not fit. Standard library
only: it may be copied to another machine and run there.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import os
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

ANSWER_SECONDS = 10.0
# Between the repeats of one delivery; the last one goes on.
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
# No repeat can mend these.
FINAL = frozenset({400, 401, 404, 413, 415, 422})
CONNECTIONS, READERS = 400, 8
SYNC_SECONDS, SENT_TWICE = 0.02, 0.01
# For the last repeats, and then for the last alert: leases end, and what failed is tried again.
SETTLE_SECONDS, LOOK_SECONDS = 300.0, 2.0
ASKING = "收到的瓶子是碎的，我要退款，请马上处理"
SAYING = ("谢谢", "太好用了，爱了爱了", "客服小姐姐好耐心，谢谢你们")


@dataclass(frozen=True, slots=True)
class Config:
    """Where to send and read; alerts come to `receiver_fd`, for `asking` of all events."""

    url: str
    key: str
    source_id: str
    secret: str
    receiver_fd: int
    folder: str
    seconds: float
    rate: float
    seed: int = 1
    asking: float = 0.02
    settle: float = SETTLE_SECONDS


class Door:
    """HTTP over connections that are kept."""

    def __init__(self, url: str, most: int) -> None:
        address = urlsplit(url)
        self._host, self._port, self._place = address.hostname, address.port, address.netloc
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._room = asyncio.Semaphore(most)

    async def call(
        self, method: str, path: str, headers: Callable[[], dict[str, str]], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Raises OSError, EOFError, ValueError or TimeoutError where there was no whole answer."""
        async with self._room, asyncio.timeout(ANSWER_SECONDS):
            # Here, not before: what waited long for its turn is signed when it is sent.
            sent = {"host": self._place, "content-length": len(body)} | headers()
            lines = [f"{name}: {value}" for name, value in sent.items()]
            head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()
            reader, writer = await self._connection()
            try:
                writer.write(head + body)
                status, told, content = await read_http(reader)
            except BaseException:
                writer.transport.abort()
                raise
            self._idle.append((reader, writer))
            return int(status.split()[1]), told, content

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)


async def read_http(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """The first line, the headers and the body of a request or of an answer."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return first, headers, await reader.readexactly(int(headers["content-length"]))


class Ledger:
    """What was planned and told, one JSON line each, on disk within moments."""

    def __init__(self, path: Path) -> None:
        self._file, self._lines = path.open("ab", buffering=0), list[bytes]()
        self.closed = False

    def note(self, *words: Any) -> None:
        self._lines.append(json.dumps(words).encode() + b"\n")

    async def keep(self) -> None:
        """Until it is closed; what is noted while a thread writes belongs to the next lines."""
        while self._lines or not self.closed:
            await asyncio.sleep(SYNC_SECONDS)
            lines, self._lines = self._lines, []
            await asyncio.to_thread(self._write, b"".join(lines))

    def _write(self, lines: bytes) -> None:
        self._file.write(lines)
        os.fsync(self._file.fileno())


@dataclass(slots=True)
class Receiver:
    """Takes every alert at once; keeps how often each came, and which comings were marked."""

    heard: dict[str, list[bool]] = field(default_factory=dict)
    cases: set[str] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            while True:
                _, _, body = await read_http(reader)
                self.hear(json.loads(body)["data"])
                writer.write(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        writer.transport.abort()

    def hear(self, data: dict[str, Any]) -> None:
        if data["type"] == "alert.firing":
            self.heard.setdefault(data["alert_id"], []).append(bool(data.get("repeat")))
            self.cases.add(data["case_id"])


def dice_of(seed: object) -> random.Random:
    return random.Random(str(seed))  # noqa: S311 - the same seed must tell the same


class Sender:
    """The platform: a plan that follows from its seed, and what became of it."""

    def __init__(self, config: Config, door: Door, ledger: Ledger) -> None:
        self.config, self._door, self._ledger = config, door, ledger
        self._secret = base64.b64decode(config.secret.removeprefix("whsec_"))
        self._path = f"/v1/sources/{config.source_id}/deliveries"
        self._dice = dice_of(config.seed)

    def event(self, number: int, at: float) -> tuple[str, bytes]:
        """Its id, and the body that is sent for it."""
        name = f"out-{self.config.seed}-{number}"
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"
        author = {"id": f"u-{name}", "handle": f"h{number}"}
        words = self.words(number)
        data = {"id": name, "post_id": f"p{number % 50}", "author": author, "text": words}
        told = {"id": name, "type": "comment.created", "timestamp": when, "data": data}
        return name, json.dumps(told, ensure_ascii=False).encode()

    def words(self, number: int) -> str:
        dice = dice_of(f"{self.config.seed}/{number}")
        return ASKING if dice.random() < self.config.asking else dice.choice(SAYING)

    async def run(self) -> None:
        start, rate = time.time(), self.config.rate
        async with asyncio.TaskGroup() as sending:
            for number in range(int(self.config.seconds * rate)):
                planned = start + number / rate
                if (ahead := planned - time.time()) > 0:
                    await asyncio.sleep(ahead)
                sending.create_task(self._deliver(number, planned))

    async def _deliver(self, number: int, planned: float) -> None:
        name, body = self.event(number, planned)
        self._ledger.note("planned", number, planned, hashlib.sha256(body).hexdigest())
        give_up_at = planned + self.config.seconds + self.config.settle
        for tries in itertools.count():
            status, wait = await self._attempt(number, name, body)
            if status == 202 and self._dice.random() < SENT_TWICE:
                await self._attempt(number, name, body)
            if status == 202 or status in FINAL or time.time() > give_up_at:
                return
            pause = PAUSES[min(tries, len(PAUSES) - 1)] * self._dice.uniform(0.8, 1.2)
            await asyncio.sleep(max(pause, wait))

    async def _attempt(self, number: int, name: str, body: bytes) -> tuple[int, float]:
        """The status, 0 without an answer, and for how long we were asked to stay away."""
        sent = time.time()
        sign = partial(self._signed, name, body)
        try:
            status, told, content = await self._door.call("POST", self._path, sign, body)
        except (OSError, EOFError, ValueError) as error:
            self._ledger.note("unanswered", number, sent, time.time(), type(error).__name__)
            return 0, 0.0
        receipt = json.loads(content) if status == 202 else {}
        words = (status, receipt.get("delivery_id"), receipt.get("accepted"))
        self._ledger.note("answered", number, sent, time.time(), *words)
        return status, float(told.get("retry-after", 0))

    def _signed(self, name: str, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        signed = hmac.digest(self._secret, f"{name}.{stamp}.".encode() + body, "sha256")
        signature = "v1," + base64.b64encode(signed).decode()
        headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}
        return headers | {"content-type": "application/json"}


@dataclass(slots=True)
class Told:
    """What the ledger on the disk says."""

    planned: dict[int, float] = field(default_factory=dict)
    acked: dict[int, float] = field(default_factory=dict)
    accepted: Counter[int] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, path: Path) -> "Told":
        told = cls()
        for line in path.read_bytes().splitlines():
            kind, number, *rest = json.loads(line)
            if kind == "planned":
                told.planned[number] = rest[0]
            elif kind == "unanswered":
                told.answers[rest[2]] += 1
            else:
                _, ended, status, _, accepted = rest
                told.answers[str(status)] += 1
                if status == 202:
                    told.acked.setdefault(number, ended)
                    told.accepted[number] += accepted
        return told

    def lags(self) -> dict[str, float]:
        """Seconds from the planned moment to the first 202."""
        lags = sorted(at - self.planned[number] for number, at in self.acked.items()) or [0.0]
        places = {"p50": 0.5, "p99": 0.99, "max": 1.0}
        return {name: round(lags[round(part * len(lags[1:]))], 3) for name, part in places.items()}


class Reader:
    """The public API, read as anybody with a key of scope `read` may."""

    def __init__(self, config: Config, door: Door) -> None:
        self._door, self._source_id = door, config.source_id
        self._key = {"authorization": f"Bearer {config.key}"}

    async def get(self, path: str) -> Any:
        """None for what is not there; TimeoutError when there is no answer for a long time."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                with suppress(OSError, EOFError, ValueError):
                    status, _, body = await self._door.call("GET", path, lambda: self._key)
                    if status in {200, 404}:
                        return json.loads(body) if status == 200 else None
                await asyncio.sleep(PAUSES[2])

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = await self.get(f"/v1/messages?source_id={self._source_id}&limit=200{cursor}")
            for item in page["items"]:
                yield item
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={quote(page['next_cursor'])}"

    async def many(self, paths: list[str]) -> list[Any]:
        room = asyncio.Semaphore(READERS)

        async def read(path: str) -> Any:
            async with room:
                return await self.get(path)

        return [one for one in await asyncio.gather(*map(read, paths)) if one]


class Judge:
    """Compares what was told with what is there; `broken` holds a sentence for each difference."""

    def __init__(self, sender: Sender, told: Told, reader: Reader, receiver: Receiver) -> None:
        self._sender, self._told, self._reader, self._receiver = sender, told, reader, receiver
        self.broken: list[str] = []
        self.figures: dict[str, Any] = {}

    async def judge(self) -> None:
        await self._until_processed()
        await self._until_told(await self._read_messages())
        twice = [number for number, count in self._told.accepted.items() if count > 1]
        self.broken += [f"event {number} was accepted more than once" for number in twice]
        if unheard := len(self._told.planned) - len(self._told.acked):
            self.broken.append(f"{unheard} events were never acknowledged")

    async def _until_processed(self) -> None:
        """What a killed worker had in its hands waits until its lease is over."""
        path = f"/v1/deliveries?state=pending&source_id={self._sender.config.source_id}&limit=1"
        give_up_at = time.time() + self._sender.config.settle
        while (await self._reader.get(path))["items"]:
            if time.time() > give_up_at:
                self.broken.append("deliveries are still waiting")
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _read_messages(self) -> set[str]:
        """Look for every acknowledged event; returns the cases that somebody should answer."""
        wanted = {self._sender.event(number, 0)[0]: number for number in self._told.acked}
        seen: Counter[str] = Counter()
        cases: set[str] = set()
        async for item in self._reader.messages():
            seen[item["external_id"]] += 1
            number = wanted.get(item["external_id"], -1)
            words = self._sender.words(number) if number >= 0 else None
            if words is not None and item["text"] != words:
                self.broken.append(f"{item['external_id']} says something else")
            if words == ASKING and item["case_id"] is None:
                self.broken.append(f"{item['external_id']} asks, and has no case")
            elif words == ASKING:
                cases.add(item["case_id"])
        lost = [f"{name} was acknowledged and is lost" for name in wanted if not seen[name]]
        self.broken += lost + [f"{name} is there {n} times" for name, n in seen.items() if n > 1]
        self.figures |= {"acknowledged": len(wanted), "found": len(wanted) - len(lost)}
        return cases

    async def _until_told(self, asked: set[str]) -> None:
        """Leases of killed processes run out and what they held is sent: wait, then judge."""
        give_up_at = time.time() + self._sender.config.settle
        while True:
            cases = asked | self._receiver.cases
            details = await self._reader.many([f"/v1/cases/{case}" for case in sorted(cases)])
            broken = [sentence for case in details for sentence in self._judge_case(case)]
            if not broken or time.time() > give_up_at:
                break
            await asyncio.sleep(LOOK_SECONDS)
        known = {alert["id"] for case in details for alert in case["alerts"]}
        strange = self._receiver.heard.keys() - known
        self.broken += broken + [f"alert {alert} is of no case" for alert in strange]
        repeats = Counter(mark for marks in self._receiver.heard.values() for mark in marks[1:])
        marks = {"marked_repeats": repeats[True], "unmarked_doubles": repeats[False]}
        self.figures |= {"cases": len(cases), "alerts": len(known), **marks}

    def _judge_case(self, case: dict[str, Any]) -> list[str]:
        name, alerts = case["id"], case["alerts"]
        moments = Counter((one["clock_id"], one["step"]) for one in alerts)
        broken = [f"case {name}: {n} alerts of one moment" for n in moments.values() if n > 1]
        missed = {clock["id"] for clock in case["clocks"] if clock["state"] == "missed"}
        if not missed & {clock for clock, _ in moments}:
            broken.append(f"case {name}: nobody answered, and no alert")
        for alert in alerts:
            marks = self._receiver.heard.get(alert["id"], [])
            if not marks:
                broken.append(f"alert {alert['id']} was never heard")
            elif not all(marks[1:]):
                broken.append(f"alert {alert['id']} was heard again without a mark")
        return broken


async def run(config: Config) -> dict[str, Any]:
    """Send, receive, settle and judge; returns the verdict."""
    folder, receiver = Path(config.folder), Receiver()
    ledger = Ledger(folder / "outside.jsonl")
    door = Door(config.url, CONNECTIONS)
    sender = Sender(config, door, ledger)
    alerted = socket.socket(fileno=config.receiver_fd)
    listening = await asyncio.start_server(receiver.talk, sock=alerted)
    keeping = asyncio.create_task(ledger.keep())
    await sender.run()
    ledger.closed = True
    await keeping
    told = Told.read(folder / "outside.jsonl")
    judge = Judge(sender, told, Reader(config, door), receiver)
    await judge.judge()
    listening.close()
    answers = {"answers": dict(told.answers.most_common()), "ack_lag_s": told.lags()}
    return {"broken": judge.broken, "planned": len(told.planned), **judge.figures, **answers}


def main() -> int:
    config = Config(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    verdict = asyncio.run(run(config))
    (Path(config.folder) / "verdict.json").write_text(json.dumps(verdict, indent=1))
    return 1 if verdict["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())

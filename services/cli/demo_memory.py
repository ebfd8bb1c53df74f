"""What the demo keeps between two starts: its key, source and channel, for its owner only."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

_FILE = "demo.json"


@dataclass(slots=True)
class DemoMemory:
    """Secrets of a workspace of made-up people. `file` None remembers for one run only."""

    key: str = field(default="", repr=False)
    source_id: str = ""
    source_secret: str = field(default="", repr=False)
    channel_id: str = ""
    channel_secret: str = field(default="", repr=False)
    policy_id: str = ""
    receiver_port: int = 0
    file: Path | None = None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What the last start kept; empty when there was none or the file makes no sense."""
        file = folder / _FILE
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")), file=file)
        except (OSError, ValueError, TypeError):
            return cls(file=file)

    def write(self) -> None:
        if self.file is None:
            return
        kept = {name: value for name, value in asdict(self).items() if name != "file"}
        growing = self.file.with_suffix(".new")
        growing.unlink(missing_ok=True)
        handle = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as out:  # noqa: PTH123 - a descriptor, not a path
            json.dump(kept, out)
        growing.replace(self.file)

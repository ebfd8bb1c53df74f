"""A program that starts both embedded servers, says where they are, and waits to be killed."""

import json
import sys
import time
from pathlib import Path

from services.cli.embedded.postgres import start_postgres
from services.cli.embedded.valkey import start_valkey

data_dir = Path(sys.argv[1])
with start_postgres(data_dir, fsync=False) as postgres, start_valkey(data_dir) as valkey:
    servers = [{"pid": server.pid, "url": server.url} for server in (postgres, valkey)]
    sys.stdout.write(json.dumps(servers) + "\n")
    sys.stdout.flush()
    time.sleep(3600)

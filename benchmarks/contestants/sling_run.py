"""`sling run`, the program that a package carries."""

import os
import platform
import sys
from importlib import import_module

query, _, out, way = sys.argv[1:]
program = import_module("sling_linux_arm64" if platform.machine() == "aarch64" else "sling_linux_amd64").SLING_BIN
os.environ |= {"SOURCE": os.environ["DATABASE_URL"], "SLING_DISABLE_TELEMETRY": "true"}
os.execv(program, ["sling", "run", "--src-conn", "SOURCE", "--src-stream", query, "--tgt-object", f"file://{out}.{way}"])  # noqa: S606 - no shell is wanted

"""What a code server, and each run's pod, pays before its first line of work: loading the definitions of all lists."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.scale.deployment import CLONE
from benchmarks.scale.price_lists import write_price_lists

SCRIPT = """
import json, resource, time
began = time.process_time()
import dagster
imported = time.process_time() - began
began = time.process_time()
from price_assets.definitions import defs
defs.get_repository_def()
loaded = time.process_time() - began
print(json.dumps([imported, loaded, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
LISTS = (1, 50, 200, 1000)


@dataclass(frozen=True)
class Loading:
    """Of so many lists: CPU seconds of `import dagster`, and of our definitions after it; MiB at the end."""

    lists: int
    dagster: float
    definitions: float
    memory: float


def loading(start: date, counts: Sequence[int] = LISTS) -> list[Loading]:
    """Measure each in a process of its own."""
    found: list[Loading] = []
    with tempfile.TemporaryDirectory() as temporary:
        for count in counts:
            folder = Path(temporary) / str(count)
            write_price_lists(folder, count, start)
            environment = os.environ | {"PRICE_LISTS_DIR": str(folder)}
            said = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, cwd=CLONE, check=True, stdout=subprocess.PIPE).stdout
            found.append(Loading(count, *json.loads(said)))
    return found

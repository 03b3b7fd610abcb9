"""What it was measured on, as far as a reader wants to know."""

import os
import platform


def machine() -> str:
    """Cores, architecture, Python."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"

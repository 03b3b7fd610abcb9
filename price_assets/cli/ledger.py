"""The ledger, for the commands that are about nothing else."""

import os
from typing import TYPE_CHECKING

from price_assets.errors import SettingError

if TYPE_CHECKING:
    from price_assets.operations.export_runs import Ledger


def wanted_ledger() -> "Ledger":
    """The one of EXPORT_RUNS_URL. Raises SettingError where it is not set."""
    from price_assets.settings import export_runs_url

    url = export_runs_url(os.environ)
    if url is None:
        raise SettingError(
            "EXPORT_RUNS_URL is not set: set it to the database that export runs are written down in, postgresql://user:password@host/database."
        )
    from price_assets.operations.export_runs import Ledger

    return Ledger(url)

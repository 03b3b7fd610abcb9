"""`price-assets serve-metrics`: what Prometheus scrapes."""

import logging
import os
import signal
from contextlib import closing
from threading import Event
from types import FrameType

import click

from price_assets.cli.arguments import ends_honestly
from price_assets.cli.ledger import wanted_ledger
from price_assets.errors import ExitCode

log = logging.getLogger(__name__)


@click.command("serve-metrics")
@ends_honestly
def serve_metrics() -> ExitCode:
    """Serve Prometheus at /metrics until SIGTERM or SIGINT, on METRICS_PORT (9108) of every interface.

    The numbers are the ledger's, in EXPORT_RUNS_URL, so that counters go on where they were after a restart. PRICE_LISTS_DIR, EXPORT_START_DATE,
    OUTPUT_FORMATS and EXPORT_TIMEZONE are to be as they are where the exports run: from there it knows the lists that never ran. /healthz answers
    200 while the ledger answers; else both answer 503.

    \b
        price-assets serve-metrics &
        curl http://localhost:9108/metrics
    """
    from price_assets import logs
    from price_assets.settings import ExportSettings, log_format, metrics_port

    logs.configure(log_format(os.environ))
    settings, port, ledger = ExportSettings.from_environment(), metrics_port(os.environ), wanted_ledger()

    from price_assets.operations.metrics import Metrics
    from price_assets.operations.metrics_server import serving

    stopped = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with closing(ledger), serving(Metrics(ledger, settings), port):
        log.info("serves /metrics and /healthz on port %s", port)
        stopped.wait()
    log.info("stopped")
    return ExitCode.OK

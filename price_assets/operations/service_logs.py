"""JSON lines from processes that we do not start: Dagster's daemon, webserver, code servers and runs, each of which brings handlers of its own [LG1].

Three doors of the standard library are enough: what a dictionary configures, what is added to a new logger, and what is left to nobody.
"""

import logging
import logging.config
import sys
from types import TracebackType
from typing import Any

from price_assets.logs import JsonFormatter, Subject, TextFormatter
from price_assets.settings import log_format
from price_assets.variables import Environment

log = logging.getLogger(__name__)


def speak_as_asked(environment: Environment) -> None:
    """Where LOG_FORMAT is json, let every log line of this process be JSON, whoever writes it. Calling it again changes nothing.

    The exporter's own process has its lines by then [`logs.configure`], and keeps them. Raises SettingError.
    """
    ours = any(isinstance(handler.formatter, (TextFormatter, JsonFormatter)) for handler in logging.getLogger().handlers)
    if log_format(environment) == "json" and not ours and logging.getLoggerClass() is not _JsonLogger:
        _speak_json()


def _speak_json() -> None:
    logging.setLoggerClass(_JsonLogger)  # each run's and tick's console is a logger of the class that is set
    logging.config.dictConfigClass = _JsonConfigurator  # pyright: ignore[reportAttributeAccessIssue] - documented, and missing in the stubs
    there = [logging.getLogger(), *(each for each in logging.Logger.manager.loggerDict.values() if isinstance(each, logging.Logger))]
    for logger in there:  # what was configured before we were asked
        for handler in logger.handlers:
            _spoken(handler)
    nobodys = _spoken(logging.StreamHandler(sys.stderr))
    logging.lastResort = nobodys  # pyright: ignore[reportAttributeAccessIssue] - any handler will do
    logging.getLogger("py.warnings").addHandler(nobodys)  # else the library swallows them
    logging.getLogger("price_assets").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _last_words


def _spoken(handler: logging.Handler) -> logging.Handler:
    """The handler; where it writes to the console, in JSON."""
    if isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stdout, sys.stderr):
        handler.setFormatter(JsonFormatter())
        if not any(isinstance(each, Subject) for each in handler.filters):
            handler.addFilter(Subject())
    return handler  # pyright: ignore[reportUnknownVariableType] - of whatever stream


class _JsonLogger(logging.Logger):
    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802 - the library's name
        super().addHandler(_spoken(hdlr))


class _JsonConfigurator(logging.config.DictConfigurator):
    def configure_handler(self, config: dict[str, Any]) -> logging.Handler:
        return _spoken(super().configure_handler(config))


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("the process ends: %s", error, exc_info=(kind, error, trace))

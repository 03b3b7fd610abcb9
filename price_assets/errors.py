"""The errors a user can meet. Each knows the exit code that the exporter ends with.

::

    PriceAssetsError
    ├── Failed                   1  worth a retry
    │   ├── SourceUnavailable       Postgres does not answer, went away, took too long
    │   └── StorageUnavailable      the storage does not answer, or not to the end
    ├── Refused                  2  a retry can't mend it, a person must
    │   ├── SettingError            an environment variable
    │   ├── UsageError              an argument, a date
    │   ├── PriceListError          a price list's YAML or SQL: file and line
    │   ├── ContractMismatch        the query's columns are not those of the contract
    │   ├── SourceRefused           wrong password, missing database, SQL that Postgres refuses
    │   └── StorageRefused          missing bucket or right, a bucket without conditional writes
    ├── RowsRefused              3  the rows
    │   ├── ValueDoesNotFit         a value that its column's type can't hold: column, row key, value
    │   └── SnapshotBlocked         a check failed
    └── Stopped                130  or 143: a signal, after cancelling the query

Every message is one line that says what was wrong, where, and how to mend it; no message carries a secret.
"""

import signal
from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum


class ExitCode(IntEnum):
    """What the exporter's process ends with."""

    OK = 0
    FAILED = 1
    REFUSED = 2
    ROWS_REFUSED = 3
    INTERRUPTED = 128 + signal.SIGINT
    TERMINATED = 128 + signal.SIGTERM


class PriceAssetsError(Exception):
    """The root: catching it catches all that this package means to say, and nothing else."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))  # one line, whatever a server put into it


class Failed(PriceAssetsError):
    """It did not work this time; the same call may work later."""


class SourceUnavailable(Failed):
    """Postgres does not answer, went away, or took too long."""


class StorageUnavailable(Failed):
    """The storage does not answer, or stopped answering half way."""


class Refused(PriceAssetsError):
    """It can't work before a person changes something."""

    exit_code = ExitCode.REFUSED


class SettingError(Refused):
    """An environment variable is missing, empty or malformed."""


class UsageError(Refused):
    """An argument of a command is wrong."""


class PriceListError(Refused):
    """A price list's files are wrong; the message starts with file and line."""


class ContractMismatch(Refused):
    """The query's columns are not the contract's: missing, extra, or of a type that the contract can't take."""


class SourceRefused(Refused):
    """Postgres refused: a password, a database, a right, the SQL itself."""


class StorageRefused(Refused):
    """The storage refused: a bucket, a right, a kind of request that it does not know."""


class RowsRefused(PriceAssetsError):
    """The rows are not fit to be published."""

    exit_code = ExitCode.ROWS_REFUSED


class ValueDoesNotFit(RowsRefused):
    """A value that its column's type can't hold without changing it."""


class SnapshotBlocked(RowsRefused):
    """A check failed; the snapshot is stored, nothing is published."""


class Stopped(PriceAssetsError):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Stopped by {signal.Signals(number).name}; a day is published whole or not at all, and the next run finishes what was begun."
        )
        self.exit_code = ExitCode(128 + number)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code of several lists: a retry helps what failed and costs the others little, so 1 before 2 before 3."""
    found = set(codes)
    signals = (ExitCode.TERMINATED, ExitCode.INTERRUPTED)
    order = (*signals, ExitCode.FAILED, ExitCode.REFUSED, ExitCode.ROWS_REFUSED)
    return next((code for code in order if code in found), ExitCode.OK)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The tail of a message about an unknown word: `; did you mean 'columns'?`, or nothing where no name is near."""
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(word.casefold(), folded, 1)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""

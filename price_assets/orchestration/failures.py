"""Our errors as Dagster's: a failed step shows our one line, and the exporter finds its exit code in the metadata."""

from collections.abc import Generator
from contextlib import contextmanager
from tempfile import gettempdir

import dagster as dg

from price_assets.errors import ExitCode, Failed, PriceAssetsError


@contextmanager
def told_to_dagster() -> Generator[None]:
    """Turn a PriceAssetsError into a `dg.Failure` with the same line; its exit code stands in the metadata as `exit_code`."""
    try:
        yield
    except PriceAssetsError as error:
        raise failure(error) from None  # its line says all
    except OSError as error:
        raise failure(Failed(f"This machine failed: {error}. Look at the space and the rights of the temp folder {gettempdir()} (TMPDIR).")) from None


def failure(error: PriceAssetsError, **more: str) -> dg.Failure:
    """The error as Dagster shows it, with `more` beside it; only what a retry can mend may be retried."""
    return dg.Failure(
        str(error),
        metadata={"exit_code": int(error.exit_code), "error": type(error).__name__, **more},
        allow_retries=error.exit_code is ExitCode.FAILED,
    )

"""The Dagster instance that the plain exporter runs in."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from price_assets.errors import Failed, SettingError


@contextmanager
def exporter_instance(home: str | None) -> Generator[dg.DagsterInstance]:
    """`DAGSTER_HOME`'s instance where that is set, so that the UI shows the runs; else one that is gone afterwards [DG51].

    A home without a dagster.yaml, as a code server in Kubernetes has it, keeps its runs too, and tells nobody of them.
    Raises SettingError for what a dagster.yaml or its variables say wrong, and Failed where what it names does not answer.
    """
    try:
        opened = _opened(home) if home is not None else dg.DagsterInstance.ephemeral()
    except (dg.DagsterInvariantViolationError, dg.DagsterInvalidConfigError) as error:
        raise SettingError(f"DAGSTER_HOME {home!r} can't be opened: {_wrong(str(error))}") from None
    except Exception as error:  # noqa: BLE001 (each storage of Dagster's raises its own)
        cause = next(iter(str(error.__cause__ or error).splitlines()), type(error).__name__)
        raise Failed(f"Dagster's storage, which DAGSTER_HOME {home!r} names, can't be opened: {cause}. Run again, or unset DAGSTER_HOME.") from None
    with opened as instance:
        yield instance


def _opened(home: str) -> dg.DagsterInstance:
    """Dagster's defaults hold where nothing is said, and among them is telemetry, which writes into the user's own home [DG71]."""
    if Path(home).is_dir() and not Path(home, "dagster.yaml").exists():
        return dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides={"telemetry": {"enabled": False}}))
    return dg.DagsterInstance.get()


def _wrong(text: str) -> str:
    """What Dagster says over a screen, in one line."""
    if unset := sorted(set(re.findall(r'environment variable "(\w+)" which is not set', text))):
        return f"its dagster.yaml wants {', '.join(unset)}. Set them, or unset DAGSTER_HOME."
    if numbers := re.findall(r'Value stored in env variable "(\w+)" cannot be coerced into an int', text):
        return f"{', '.join(numbers)} is no whole number."
    return " ".join(text.split())

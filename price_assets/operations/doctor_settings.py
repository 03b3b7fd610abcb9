"""Each environment variable by itself, and those that belong together: all that is wrong is said, not the first alone."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from price_assets.errors import SettingError
from price_assets.operations.finding import Area, Finding, ok, warning, wrong
from price_assets.settings import SmtpSettings, SourceSettings
from price_assets.variables import VARIABLES, Variable

AREA: Area = "settings"
_FAMILIES = (
    *("DB_", "STORAGE_", "OUTPUT_", "EXPORT_", "RUN_", "PRICE_LISTS_", "LOG_"),
    *("CATCH_UP_", "SLACK_", "SMTP_", "NOTIFY_", "HEARTBEAT_", "DAGSTER_UI", "RUNBOOK_", "METRICS_"),
)
_LIKE = 0.85
"""How near a name must be to one of ours (difflib's ratio) to be taken for a misspelling of it."""


def examine_settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """A line for each that is set, needed or wrong, and one for all that have their defaults. No secret's value is shown."""
    defaults: list[str] = []
    for variable in VARIABLES:
        try:
            value = variable.read(environment) if variable.required else variable.get(environment)
        except SettingError as error:
            yield wrong(AREA, variable.name, error)
            continue
        if variable.name in environment:
            yield ok(AREA, variable.name, _shown(variable, environment[variable.name]))
        elif value is not None and variable.default:
            defaults.append(f"{variable.name} {variable.default}")
    if defaults:
        yield ok(AREA, "defaults", ", ".join(defaults))
    if source_is_whole(environment):
        try:
            SourceSettings.from_environment(readable(environment))
        except SettingError as error:
            yield wrong(AREA, "TLS", error)
    if not any(is_wrong(variable, environment) for variable in VARIABLES if variable.name.startswith("SMTP_")):
        try:
            SmtpSettings.from_environment(environment)
        except SettingError as error:
            yield wrong(AREA, "mail", error)
    yield from _misspelt(environment)


def source_is_whole(environment: Mapping[str, str]) -> bool:
    """Whether each setting of the source can be read by itself."""
    return not any(is_wrong(variable, environment) for variable in VARIABLES if variable.name.startswith("DB_"))


def is_wrong(variable: Variable[Any], environment: Mapping[str, str]) -> bool:
    """Whether it is malformed, or needed and not there."""
    try:
        return variable.get(environment) is None and variable.required
    except SettingError:
        return True


def readable(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what is malformed and has a default, so that the rest can be looked at all the same."""
    bad = {variable.name for variable in VARIABLES if is_wrong(variable, environment)}
    return {name: value for name, value in environment.items() if name not in bad}


def _shown(variable: Variable[Any], text: str) -> str:
    if variable.secret:
        return "set, and not shown" if text else "set to nothing"
    return text or "set to nothing"


def _misspelt(environment: Mapping[str, str]) -> Iterator[Finding]:
    """What is no setting, and all but the name of one that is not set."""
    unset = [variable.name for variable in VARIABLES if variable.name not in environment]
    known = {variable.name for variable in VARIABLES}
    for name in sorted(environment):
        if name.startswith(_FAMILIES) and name not in known and (near := get_close_matches(name, unset, 1, _LIKE)):
            yield warning(AREA, name, f"is no setting, and is not read; did you mean {near[0]}?")

"""The ledger, where one is set: whether runs can be written down in it. An export goes on without, so nothing here is more than a warning."""

from collections.abc import Iterator, Mapping
from contextlib import closing

from price_assets.operations.doctor_settings import is_wrong
from price_assets.operations.export_runs import Ledger
from price_assets.operations.export_runs_connection import WRITTEN, grant
from price_assets.operations.finding import FINDABLE, Area, Finding, ok, skipped, warning
from price_assets.settings import export_runs_url
from price_assets.variables import EXPORT_RUNS_URL

AREA: Area = "ledger"
SUBJECT = "export_runs"
_RIGHTS = """
SELECT current_user AS role, current_database() AS database, array_agg(name ORDER BY name) FILTER (WHERE NOT (
    has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT') AND has_table_privilege(name, 'UPDATE'))) AS lacking
FROM unnest(%(written)s::text[]) AS name
"""


def examine_ledger(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Connect as a run does, which makes the tables where there are none; nothing is written into them."""
    if is_wrong(EXPORT_RUNS_URL, environment):
        yield skipped(AREA, SUBJECT, "EXPORT_RUNS_URL is wrong")
        return
    url = export_runs_url(environment)
    if url is None:
        return
    with closing(Ledger(url)) as ledger:
        try:
            (found,) = ledger.read(_RIGHTS, {"written": list(WRITTEN)})
        except FINDABLE as error:
            yield warning(AREA, SUBJECT, f"exports would go on without it. {error}")
            return
    if found["lacking"]:
        may_not = f"exports would go on without it: {found['role']} may not write {', '.join(found['lacking'])}"
        yield warning(AREA, SUBJECT, f"{may_not}. Let the tables' owner run: {grant(found['role'])}")
    else:
        yield ok(AREA, SUBJECT, f"{found['role']} may write its tables in {found['database']}")

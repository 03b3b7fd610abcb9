import json
from typing import Any

import pytest

from price_assets_tests.deployment.catalogue import days_ago
from price_assets_tests.deployment.deployed import Deployment

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.timeout(600)]

CAPTURED = """
query Captured($run: ID!) {
  logsForRun(runId: $run) { ... on EventConnection { events { __typename ... on LogsCapturedEvent { fileKey } } } }
}
"""
READ = """
query Read($key: [String!]!) {
  capturedLogs(logKey: $key) { stderr }
  capturedLogsMetadata(logKey: $key) { stderrLocation }
}
"""


def test_what_a_run_said_is_read_back_from_the_bucket_when_its_machine_is_gone(deployment: Deployment) -> None:
    dagster = deployment.dagster
    run = dagster.ended(dagster.launch("paints", days_ago(6)))
    assert run.is_success, dagster.last_words()

    events = dagster.graphql(CAPTURED, run=run.run_id)["logsForRun"]["events"]
    (file_key,) = {event["fileKey"] for event in events if event["__typename"] == "LogsCapturedEvent"}
    assert not list(dagster.home.rglob(f"{file_key}.err"))  # the machine of the run has nothing of it left

    def read() -> dict[str, dict[str, str]] | None:
        said = dagster.graphql(READ, key=[run.run_id, "compute_logs", file_key])
        lines: list[dict[str, Any]] = [json.loads(line) for line in (said["capturedLogs"]["stderr"] or "").splitlines()]
        published = [line for line in lines if line["message"].startswith("published") and line["price_assets"]["run_id"] == run.run_id]
        return said if published and said["capturedLogsMetadata"]["stderrLocation"] else None

    said = dagster.wait_until(read, "the whole output is in the bucket")
    assert said["capturedLogsMetadata"]["stderrLocation"] == f"s3://prices/dagster/logs/storage/{run.run_id}/compute_logs/{file_key}.err"

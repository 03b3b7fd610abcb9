import dagster as dg
import pytest

from price_assets.orchestration.failed_runs import failed_run

RUN = "0b530abe-4c07-40d7-83fd-49f5e69478bf"
DETECTED = f"""Detected run worker status FAILED: 'Run has not completed but K8s job has no active pods'. Marking run {RUN} as failed.
Debug information for pod dagster-run-{RUN}-226vr:

"""
OUT_OF_MEMORY = "Pod status: Failed\nContainer 'dagster' status: Terminated with exit code 137: OOMKilled\n\nNo warning events for pod."
EVICTED = (
    'Pod status: Failed: Usage of EmptyDir volume "tmp" exceeds the limit "4Gi". \nContainer \'dagster\' status: Terminated with exit code 137: Error'
)


def cause_of(message: str) -> str:
    """What is told of a run that Dagster has marked as failed with this message."""
    with dg.instance_for_test() as instance:
        run = dg.DagsterRun("export_shop", run_id=RUN)
        instance.add_run(run)
        instance.report_run_failed(run, message)
        return failed_run(instance, RUN).cause


@pytest.mark.parametrize("began", [DETECTED, "Run timed out due to taking longer than 600 seconds to start.\n"])
def test_a_pod_that_was_out_of_memory_is_told_with_what_to_do(began: str) -> None:
    assert cause_of(began + OUT_OF_MEMORY) == (
        "its pod needed more memory than it may have, and was killed (OOMKilled): raise `memory:` in the list's YAML"
    )


def test_a_pod_that_was_evicted_is_told_with_what_kubernetes_says() -> None:
    assert cause_of(DETECTED + EVICTED) == 'its pod was evicted: Usage of EmptyDir volume "tmp" exceeds the limit "4Gi".'


def test_of_another_pod_that_is_gone_dagsters_own_line_is_told_without_the_whole_run_id() -> None:
    told = cause_of(DETECTED + "Pod status: Running\nContainer 'dagster' status: Ready")
    assert told == "Detected run worker status FAILED: 'Run has not completed but K8s job has no active pods'. Marking run 0b530abe as failed."

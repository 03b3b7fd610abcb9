"""The alert rules: each says what is wrong with what, links to the runbook, and has unit tests that see it fire, be silent, and end."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from price_assets_tests.deployment.monitoring.files import CLONE, MONITORING, parsed, read, rules
from price_assets_tests.deployment.ops import ops, program

EVERY = (
    "ExportFailed",
    "ExportOverdue",
    "ExportStale",
    "ExportAbsent",
    "ExportNeverPublished",
    "ExportSlow",
    "ExportDaemonDead",
    "ExportMetricsDown",
)
OF_A_LIST = EVERY[:6]
RUNBOOK = "docs/operations.md"
UNIT_TESTS = ("rules_test.yaml", "rules_slow_test.yaml")


def run(name: str, *arguments: str | Path, folder: Path = MONITORING) -> str:
    """What a program says, which must be content."""
    done = subprocess.run([program(name), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_a_rule_for_each_thing_that_can_be_wrong() -> None:
    assert tuple(rules()) == EVERY


@pytest.mark.parametrize("name", EVERY)
def test_a_rule_says_how_bad_it_is_and_what_is_wrong(name: str) -> None:
    rule = rules()[name]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    annotations = rule["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert "''" not in "".join(annotations.values())  # an apostrophe of YAML's that was none
    if name in OF_A_LIST:
        assert all("{{ $labels.price_list }}" in annotations[each] for each in ("summary", "description"))
        assert "$value" in annotations["description"]


@pytest.mark.parametrize("name", EVERY)
def test_a_rule_links_to_a_section_of_the_runbook(name: str) -> None:
    page, _, anchor = rules()[name]["annotations"]["runbook_url"].partition("#")
    assert page == RUNBOOK
    headings = re.findall(r"^#+ (.*)$", (CLONE / RUNBOOK).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", EVERY)
def test_a_rule_has_a_unit_test_that_sees_it_fire_and_one_moment_before_and_after_where_it_does_not(name: str) -> None:
    tests = [test for file in UNIT_TESTS for test in parsed(file)["tests"]]
    seen = [[case for case in test.get("alert_rule_test", ()) if case["alertname"] == name] for test in tests]
    fires = [[bool(case["exp_alerts"]) for case in cases] for cases in seen]
    assert any(any(case[at : at + 3] == [False, True, False] for at in range(len(case))) for case in fires), fires


def test_nothing_is_named_in_a_rule_or_panel_that_is_no_metric_of_ours() -> None:
    ours = set(re.findall(r'"(export_[a-z_]+)"', (CLONE / "price_assets" / "operations" / "metrics.py").read_text()))
    counters = {f"{name}_total" for name in ours}
    histogram = {f"export_duration_seconds_{suffix}" for suffix in ("bucket", "sum", "count")}
    tables = {"export_runs_shown", "export_notifications", "export_date"}
    used = set(re.findall(r"\bexport_[a-z_]+", read("rules.yaml") + read("grafana.json")))
    assert used <= ours | counters | histogram | tables


def test_no_secret_stands_in_the_configuration_of_alertmanager() -> None:
    keys = re.findall(r"^[\s{-]*(\w+):", read("alertmanager.yaml"), re.MULTILINE)
    found = {key for key in keys if re.search("password|secret|token|url|key", key)}
    assert found == {"smtp_auth_password_file", "slack_api_url_file"}


@ops
def test_promtool_and_amtool_take_every_file() -> None:
    run("promtool", "check", "rules", "rules.yaml")
    run("promtool", "check", "config", "prometheus.yaml")
    run("amtool", "check-config", "alertmanager.yaml")


@ops
@pytest.mark.parametrize("file", UNIT_TESTS)
def test_the_rules_pass_their_unit_tests(file: str) -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", file)


@ops
@pytest.mark.parametrize("expression", ["vector(1) == 2", "vector(1)"])
def test_the_unit_tests_notice_rules_that_never_or_always_fire(tmp_path: Path, expression: str) -> None:
    broken = parsed("rules.yaml")
    for rule in broken["groups"][0]["rules"]:
        rule["expr"] = expression
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(broken))
    said = ""
    for file in UNIT_TESTS:
        (tmp_path / file).write_text(read(file))
        done = subprocess.run([program("promtool"), "test", "rules", file], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        said += done.stdout + done.stderr
    assert set(re.findall(r"alertname: (\w+)", said)) == set(EVERY)


@ops
@pytest.mark.parametrize("name", EVERY)
def test_an_alert_goes_to_slack_and_a_critical_one_to_mail_as_well(name: str) -> None:
    severity = rules()[name]["labels"]["severity"]
    labels = [f"alertname={name}", f"severity={severity}", "price_list=retail"]
    receivers = run("amtool", "config", "routes", "test", "--config.file=alertmanager.yaml", *labels).strip()
    assert receivers == ("mail,slack" if severity == "critical" else "slack")

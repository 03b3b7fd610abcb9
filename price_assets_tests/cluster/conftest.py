from collections.abc import Generator

import pytest

from price_assets_tests.cluster import namespaces


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what became of its namespaces."""
    report = yield
    if report.failed:
        told = [*namespaces.stories, *((each.name, each.story()) for each in namespaces.used)]
        report.sections += [(f"namespace {name}", story) for name, story in told]
        namespaces.stories.clear()
    return report

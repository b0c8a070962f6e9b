"""What every test shares: where CI=true, a browser or wheel test may not be skipped."""

import os
from collections.abc import Generator

import pytest

MUST_RUN = ("browser", "wheel")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test that must run into a failure that gives the reason for the skip."""
    report = yield
    kept = any(item.get_closest_marker(marker) for marker in MUST_RUN)
    if report.skipped and kept and os.environ.get("CI", "").lower() == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = call.excinfo.value if call.excinfo else "no reason"
        report.longrepr = f"{item.nodeid} was skipped where CI=true: {reason}"
    return report

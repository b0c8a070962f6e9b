"""What every test shares: where CI=true, a browser or wheel test may not be skipped; a county to call commands on."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from tiny_county import write_tiny_county

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


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the tiny county, in a working folder and with a cache of its own."""
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return write_tiny_county(tmp_path / "tiny")

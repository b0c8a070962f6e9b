"""The tiny county and its journeys, made once for all studies: nothing changes them."""

import time

import pulp
import pytest
from tiny_county import write_tiny_county

import placeplan as pp


@pytest.fixture(scope="session")
def county(tmp_path_factory):
    return pp.read_county(write_tiny_county(tmp_path_factory.mktemp("studies") / "tiny"))


@pytest.fixture(scope="session")
def travel(county):
    return pp.travel_times(county, cache=False)


@pytest.fixture
def nothing_found(monkeypatch):
    """A solver that stops without an answer, after its time."""

    def stopped(_problem, _solver):
        time.sleep(0.002)
        raise pulp.PulpSolverError("time")

    monkeypatch.setattr(pulp.LpProblem, "solve", stopped)

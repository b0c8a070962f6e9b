"""What the allocation benchmark stands on: instances are as promised, peers agree, a failing engine is told."""

import importlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from allocation_engines import LP_PEERS, bare_flow, by_highspy, side_rows, whole_lp_ten_years
from allocation_instances import Instance, TenYears, england, forecast_size, ten_years
from allocation_lps import SideRows
from scipy import sparse

from placeplan.models.placement import placement_problem

SMALL = 0.02


def counted(instance: Instance) -> pd.DataFrame:
    return instance.pairs[instance.pairs["unit"] != "bought"]


def is_whole(values: pd.Series) -> bool:
    return bool(np.allclose(values, values.round(), rtol=0, atol=1e-6))


@pytest.fixture(scope="module")
def county() -> Instance:
    """A small county with children held and bands, which the generator leaves out."""
    made = forecast_size(load=0.9, seed=5, size=SMALL)
    some = made.units.index[1::3]
    held = made.units["held"].mask(made.units.index.isin(some), (made.units["places"] / 4).round(3))
    bands = pd.DataFrame(
        [(unit, band, 0.25, price) for unit in some for band, price in enumerate((1_000.0, 5_000.5))],
        columns=["unit", "band", "width", "price"],
    )
    return replace(made, units=made.units.assign(held=held), bands=bands)


@pytest.mark.parametrize("load", [0.9, 1.1])
def test_a_forecast_has_its_size_its_load_and_fourteen_choices_for_everyone(load: float) -> None:
    made = forecast_size(load=load, seed=1)
    assert (len(made.groups), len(made.units)) == (24_550, 61)
    choices = counted(made).groupby("group").size()
    assert len(choices) == 24_550
    assert choices.min() >= 14
    assert 342_000 <= choices.sum() <= 350_000
    assert 0.5 <= made.groups["children"].mean() <= 2
    places = made.units["places"].drop("bought")
    assert places.min() >= 0.001
    assert places.sum() == pytest.approx(load * made.groups["children"].sum(), abs=0.001)
    assert all(is_whole(1000 * part) for part in (made.groups["children"], places))
    assert is_whole(100 * made.pairs["cost"])
    assert is_whole(10 * made.pairs["minutes"])
    assert made.locality.nunique() == 6
    bought = made.pairs[made.pairs["unit"] == "bought"]
    assert list(bought["group"]) == list(made.groups.index)
    assert bought["cost"].mean() == pytest.approx(61_000, rel=0.05)


@pytest.mark.parametrize(
    "make",
    [partial(forecast_size, load=1.1, size=SMALL), partial(england, share=0.01), partial(ten_years, size=SMALL)],
    ids=["forecast", "England", "ten years"],
)
def test_an_instance_is_the_same_for_the_same_seed_and_another_for_another(make: partial) -> None:
    first, second, other = make(seed=3), make(seed=3), make(seed=4)
    choices = "stays" if isinstance(first, TenYears) else "pairs"
    for part in ("groups", "bands", choices):
        pd.testing.assert_frame_equal(getattr(first, part), getattr(second, part))
    assert not getattr(first, choices)["cost"].equals(getattr(other, choices)["cost"])


@pytest.mark.parametrize("made", [forecast_size(load=0.9, seed=2, size=SMALL), england(share=0.01, seed=2)])
def test_an_instance_is_whole_and_in_order_as_it_comes(made: Instance) -> None:
    problem = placement_problem(made.groups, made.units, made.bands, made.pairs)
    assert list(problem.groups.index) == list(made.groups.index)
    for column in ("group", "unit", "cost", "minutes"):
        assert list(problem.pairs[column]) == list(made.pairs[column])


def test_england_has_its_share_of_everything_and_only_pairs_within_reach() -> None:
    made = england(share=0.02, seed=1)
    assert (len(made.groups), len(made.units)) == (8_000, 31)
    assert made.groups["children"].sum() == 12_800
    assert is_whole(made.groups["children"])
    assert made.groups["children"].min() == 1
    assert made.units["places"].drop("bought").sum() == 12_800
    assert counted(made)["minutes"].max() <= 75
    assert (made.pairs["unit"] == "bought").sum() == 8_000
    assert made.pairs.groupby("group", observed=False)["unit"].first().eq("bought").all()
    assert isinstance(made.pairs["group"].dtype, pd.CategoricalDtype)
    assert len(counted(made)) > 5 * 8_000


def test_groups_of_ten_years_thin_out_from_their_entry_without_a_break() -> None:
    made = ten_years(seed=1, size=0.1)
    assert len(made.groups) == 600
    assert set(made.groups["year"]) == set(range(10))
    for group, rows in made.survival.groupby("group"):
        years, share = rows["year"].to_numpy(), rows["share"].to_numpy()
        assert (years == np.arange(made.groups["year"][group], years[-1] + 1)).all()
        assert share[0] == 1
        left = share[1:] / share[:-1]
        assert ((left > 0.9299) & (left < 0.9901)).all()
    assert set(made.survival["group"]) == set(made.groups.index)


def test_stays_of_ten_years_begin_whenever_a_child_may_wait_and_end_with_the_unit() -> None:
    made = ten_years(seed=1, size=0.1)
    survival = made.survival.set_index(["group", "year"])["share"]
    last = made.survival.groupby("group")["year"].max()
    stays = made.stays
    starts = pd.MultiIndex.from_frame(stays[["group", "from_year"]])
    assert set(starts) == set(survival.index)
    assert (stays["to_year"] >= stays["from_year"]).all()
    assert (stays["to_year"] <= last.reindex(stays["group"]).to_numpy()).all()
    bought = stays["unit"] == "bought"
    assert list(starts[bought]) == list(survival.index)
    assert (stays["from_year"] == stays["to_year"])[bought].all()
    # A cohort leaves a unit in the same year whenever it came, and some of them leave before their need ends.
    ends = stays[~bought].groupby(["group", "unit"])["to_year"].agg(["min", "max"])
    assert (ends["min"] == ends["max"]).all()
    assert (ends["max"] < last.reindex(ends.index.get_level_values("group")).to_numpy()).any()
    for stay in stays.sample(200, random_state=1).itertuples():
        share = survival[stay.group]
        years = range(stay.from_year, stay.to_year + 1)
        child_years = sum(share[year] / share[stay.from_year] / 1.035**year for year in years)
        assert 5_000 < stay.cost / child_years < 75_000


def test_places_of_ten_years_hold_who_is_there_and_bands_rise() -> None:
    made = ten_years(seed=1, size=0.1)
    places = made.places.set_index(["unit", "year"])
    assert len(places) == 61 * 10
    assert (places["held"] <= places["places"]).all()
    assert np.isinf(places.loc["bought", "places"]).all()
    low, high = (rows.set_index(["unit", "year"]) for _, rows in made.bands.groupby("band"))
    room = places["places"].reindex(low.index)
    assert set(low.index) == set(high.index) == set(places.drop(index="bought").index)
    assert np.allclose(low["width"], 0.05 * room, atol=0.0006)
    assert np.allclose(high["width"], 0.10 * room, atol=0.0006)
    assert (low["price"] < high["price"]).all()


def objectives(instance: Instance, side: SideRows | None = None) -> dict[str, float]:
    pytest.importorskip("linopy")
    return {name: peer(instance, side=side).objective for name, peer in LP_PEERS.items()}


def test_the_peers_agree(county: Instance) -> None:
    found = objectives(county) | {"flow": bare_flow(county).objective}
    assert found == pytest.approx(dict.fromkeys(found, found["highspy simplex"]), rel=1e-7)


def test_the_peers_agree_with_rules_beside_of_every_sense(county: Instance) -> None:
    limits = side_rows(county)
    bought = (county.pairs["unit"] == "bought").to_numpy(float)
    everyone = county.groups["children"].sum()
    side = SideRows(
        sparse.csr_array(sparse.vstack([limits.matrix, bought[None], (1 - bought)[None]])),
        (*limits.senses, ">=", "="),
        np.append(limits.right, [0.3 * everyone, 0.6 * everyone]),
    )
    found = objectives(county, side)
    assert found == pytest.approx(dict.fromkeys(found, found["highspy simplex"]), rel=1e-7)
    assert found["highspy simplex"] > objectives(county, limits)["highspy simplex"] > bare_flow(county).objective


@pytest.mark.parametrize("name", LP_PEERS)
def test_a_peer_without_an_answer_says_so(name: str, county: Instance) -> None:
    if "linopy" in name:
        pytest.importorskip("linopy")
    nobody = SideRows(sparse.csr_array(np.ones((1, len(county.pairs)))), ("<=",), np.zeros(1))
    with pytest.raises(AssertionError):
        LP_PEERS[name](county, side=nobody)


WAYS = [(method, through) for method in ("simplex", "ipm") for through in ("highspy", "PuLP")]


@pytest.mark.parametrize(("method", "through"), WAYS)
def test_ten_years_come_to_what_is_worked_by_hand(method: str, through: str) -> None:
    """One child enters in year 8, of whom 0.9 are left in year 9; the unit has half a place and a band in year 9.

    Half a child stays two years (5), half is bought a place (10); of the 0.45 left of it in year 9 the unit takes
    what its stayer (0.45) leaves of half a place and a band of 0.1 at 3: 0.15 at 5, and 0.3 at 20 are bought.
    """
    made = TenYears(
        name="by hand",
        groups=pd.DataFrame({"children": [1.0], "year": [8]}, index=pd.Index(["g"], name="group")),
        places=pd.DataFrame(
            [(unit, year, room, 0.0) for unit, room in (("bought", np.inf), ("u", 0.5)) for year in range(10)],
            columns=["unit", "year", "places", "held"],
        ),
        bands=pd.DataFrame([("u", 9, 0, 0.1, 3.0)], columns=["unit", "year", "band", "width", "price"]),
        survival=pd.DataFrame([("g", 8, 1.0), ("g", 9, 0.9)], columns=["group", "year", "share"]),
        stays=pd.DataFrame(
            [("g", 8, 8, "bought", 20.0), ("g", 8, 9, "u", 10.0), ("g", 9, 9, "bought", 20.0), ("g", 9, 9, "u", 5.0)],
            columns=["group", "from_year", "to_year", "unit", "cost"],
        ).assign(minutes=10.0, against_preference=False),
        locality=pd.Series([0], index=pd.Index(["g"], name="group")),
    )
    found = whole_lp_ten_years(made, method=method, through=through)
    assert found.objective == pytest.approx(5 + 10 + 0.15 * 5 + 0.1 * 3 + 0.3 * 20, rel=1e-7)


def test_ten_years_come_to_the_same_each_way() -> None:
    made = ten_years(seed=2, size=0.03)
    found = [whole_lp_ten_years(made, method=method, through=through).objective for method, through in WAYS]
    assert found == pytest.approx([found[0]] * len(found), rel=1e-7)


def test_the_benchmark_tells_of_an_engine_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "benchmarks"))
    bench = importlib.import_module("allocation")
    contenders = [
        bench.Contender("flow", bare_flow, repeats=3),
        bench.Contender("broken", by_highspy, beside={"method": "simplex", "side": "no rules"}),
    ]
    good, bad = bench.compare(partial(forecast_size, load=0.9, seed=1, size=SMALL), contenders)
    assert good["objective"] > 0
    assert good["difference"] == 0
    assert good["peak MB"] >= good["before MB"]
    assert bad["note"] == "failed"
    assert not bench.agreement([good, bad], "here")["here: objectives apart"].holds

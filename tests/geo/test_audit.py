"""The network audit finds every fault that is planted, says where, and finds none in a clean network."""

import numpy as np
import pandas as pd
import pytest
import shapely
from support.planted_faults import PLANTED, SPEEDS, clean_network

from placeplan.geo.audit import FAULT_KINDS, audit_roads
from placeplan.geo.roads import components, road_network


def audited(network):
    links, points = network
    return audit_roads(links, points, speeds=SPEEDS, snap_limit_metres=2000)


def measures(audit):
    return audit.summary.set_index("measure")["value"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clean_network_has_no_fault(seed):
    audit = audited(clean_network(seed=seed))
    assert audit.faults.empty
    assert len(audit.components) == 1


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_fault_is_found_and_no_other_kind(name):
    plant, kind, label = PLANTED[name]
    found = audited(plant(clean_network())).faults
    mine = found[found["fault"] == kind]
    assert len(mine) >= 1
    if label:
        assert label in set(mine["label"])
    # What follows from the fault itself may be told too: a place in another country is far from every road.
    consequences = {
        "swapped_axes": {"far_from_road", "island", "gap", "one_way"},
        "dead_coordinates": {"far_from_road"},
    }
    assert set(found["fault"]) <= {kind} | consequences.get(kind, set())


def test_the_summary_adds_up_with_the_network():
    links, points = clean_network()
    audit, network = audited((links, points)), road_network(links, speeds=SPEEDS)
    told = measures(audit)
    assert told["nodes"] == len(network.nodes)
    assert told["links"] == len(links)
    assert told["share_nodes_in_largest_component"] == components(network).largest_share
    by_class = links.groupby("class")["metres"].sum() / 1000
    assert told[["km_lane", "km_main"]].tolist() == pytest.approx(by_class[["lane", "main"]].tolist())
    assert {f"faults_{kind}" for kind in FAULT_KINDS} <= set(told.index)


def test_snaps_are_told_by_distance_and_the_worst_are_named():
    links, points = clean_network()
    far = points["zone"].copy()
    far.loc["z0"] = [links["geometry"].iloc[0].coords[0][0] - 1500, links["geometry"].iloc[0].coords[0][1]]
    audit = audited((links, {**points, "zone": far}))
    zones = audit.snaps[audit.snaps["kind"] == "zone"]
    assert zones["points"].sum() == 40
    assert zones.loc[zones["from_metres"] == 1000, "points"].tolist() == [1]
    assert zones["share"].sum() == pytest.approx(1)
    assert len(audit.worst_snaps) == 10
    assert audit.worst_snaps.iloc[0][["kind", "label"]].tolist() == ["zone", "z0"]
    assert audit.worst_snaps["metres"].is_monotonic_decreasing
    nearest = min(line.distance(_point(far.loc["z0"])) for line in links["geometry"])
    assert audit.worst_snaps.iloc[0]["metres"] == pytest.approx(nearest)


def _point(row):
    return shapely.Point(row["easting"], row["northing"])


def test_parts_are_told_largest_first_with_who_is_on_them():
    links, points = PLANTED["island"][0](clean_network())
    points["zone"].loc["z1"] = [428_100.0, 357_285.0]
    audit = audited((links, points))
    assert audit.components["nodes"].tolist() == [144, 2]
    assert audit.components["links"].tolist() == [264, 1]
    (island,) = audit.faults[audit.faults["fault"] == "island"]["found"]
    assert island == "2 nodes; 1 zones and sites on it"


def test_links_that_no_network_is_made_of_are_audited_all_the_same():
    links, points = clean_network()
    broken = links.assign(metres=np.where(links.index == 3, -5.0, links["metres"]))
    broken["class"] = broken["class"].astype(object).where(broken.index != 4)
    broken.loc[5, "geometry"] = None
    kinds = set(audited((broken, points)).faults["fault"])
    assert {"missing_class", "dead_coordinates"} <= kinds
    with pytest.raises(ValueError, match="expected"):
        road_network(broken, speeds=SPEEDS)
    assert isinstance(audited((links, points)).faults, pd.DataFrame)

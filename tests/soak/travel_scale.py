"""Travel at the size of England: 1,500 sites x 35,000 zones over 500,000 nodes, in chunks.

Each call goes on for its minutes from the chunks in .soak/; it prints how much memory it took at its peak.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from resumable import MINUTES, UNFINISHED, source_digest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]

from road_generator import road_grid  # noqa: E402 - after the path

from placeplan.geo.routes import node_minutes, route_times  # noqa: E402 - after the path
from placeplan.studies.travel_cache import FolderChunks  # noqa: E402 - after the path

SITES, ZONES, NODES = 1_500, 35_000, 500_000
CHECKED = 3
"""So many sites are compared with a search over the whole graph, unsimplified."""


def points(network, count, seed):
    """Labels at nodes of the network, so that a journey is one between nodes."""
    at = np.random.default_rng(seed).choice(len(network.nodes), count, replace=False)
    frame = pd.DataFrame(network.coordinates[at], columns=["easting", "northing"], index=network.nodes[at])
    return frame.rename_axis("label")


def peak_megabytes():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class OutOfMinutesError(Exception):
    """The call has had its minutes."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--share", type=float, default=1.0, help="a smaller case of the same kind")
    asked = parser.parse_args()
    began = time.monotonic()
    network = road_grid(int(NODES * asked.share), seed=3)
    zones = points(network, int(ZONES * asked.share), 1)
    sites = points(network, int(SITES * asked.share), 2)
    folder = ROOT / ".soak" / f"travel_scale-{asked.share:g}-{source_digest()[:12]}"
    store = FolderChunks(folder)

    def progress(done: int, of: int) -> None:
        if done < of and time.monotonic() - began > 60 * asked.minutes:
            print(f"travel_scale: {done:,} of {of:,} sites, {peak_megabytes():,.0f} MB at the peak")
            raise OutOfMinutesError

    options = {"snap_limit_metres": 1000, "off_road_kmh": 15, "no_frontage": ()}
    try:
        found = route_times(network, zones, sites, on_progress=progress, store=store, **options)
    except OutOfMinutesError:
        return UNFINISHED
    check = node_minutes(network, sites.index[:CHECKED]).loc[zones.index].to_numpy()
    mine = found.minutes[:, :CHECKED]
    reached = np.isfinite(check)
    worst = float(np.abs(mine[reached] - check[reached]).max())
    right = bool((reached == np.isfinite(mine)).all()) and worst < 1e-3  # float32 minutes
    size = f"{len(sites):,} sites x {len(zones):,} zones over {len(network.nodes):,} nodes"
    spent = f"{time.monotonic() - began:,.0f} s of this call, {peak_megabytes():,.0f} MB at the peak"
    print(f"travel_scale: {size}: {spent}; largest difference {worst:.2g} minutes")
    if right:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())

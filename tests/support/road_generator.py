"""Road-like networks of any size from a seed, made at once: streets in a grid with bends, gaps and one-way streets."""

import numpy as np
import pandas as pd
import shapely

from placeplan.geo.roads import RoadNetwork

__all__ = ["road_grid"]


def road_grid(nodes: int, *, seed: int = 1) -> RoadNetwork:
    """About ``nodes`` nodes a hundred metres and more apart; 2.6 directed links a node, 4% of the links one-way.

    A grid of junctions of which a tenth of the streets are left out, each street with a bend half of the time, so that
    chains of degree two are common. The largest part that can be driven both ways is not the whole: some nodes are
    cut off, as in real extracts.
    """
    stream = np.random.default_rng(seed)
    side = int(np.sqrt(nodes / 1.9))
    xs, ys = np.meshgrid(np.arange(side), np.arange(side))
    xy = np.column_stack([xs.ravel(), ys.ravel()]) * 200.0 + stream.uniform(-60, 60, (side * side, 2))
    number = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    head = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    kept = stream.random(len(tail)) > 0.1
    tail, head = tail[kept], head[kept]
    bent = stream.random(len(tail)) < 0.5
    middle = (xy[tail[bent]] + xy[head[bent]]) / 2 + stream.uniform(-25, 25, (int(bent.sum()), 2))
    bends = len(xy) + np.arange(int(bent.sum()))
    places = np.vstack([xy, middle])
    starts = np.concatenate([tail[~bent], tail[bent], bends])
    ends = np.concatenate([head[~bent], bends, head[bent]])
    street = np.concatenate([np.flatnonzero(~bent), np.flatnonzero(bent), np.flatnonzero(bent)])
    oneway = (stream.random(len(tail)) < 0.04)[street]
    kmh = stream.choice([30.0, 50.0, 80.0], len(tail), p=[0.6, 0.3, 0.1])[street]
    metres = np.hypot(*(places[starts] - places[ends]).T) * stream.uniform(1.0, 1.15, len(starts))
    return RoadNetwork(
        nodes=pd.Index([f"n{at}" for at in range(len(places))], name="node"),
        coordinates=places,
        tail=starts.astype(np.int64),
        head=ends.astype(np.int64),
        metres=metres,
        minutes=metres / 1000 / kmh * 60,
        oneway=oneway,
        classes=np.where(kmh < 50, "lane", "main").astype(object),
        lines=np.asarray(shapely.linestrings(np.stack([places[starts], places[ends]], axis=1)), dtype=object),
        carriageway=np.arange(len(starts)),
    )

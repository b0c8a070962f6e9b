"""Siting instances made from a seed, in the manner of the published ones, and what independent solvers say of them."""

from itertools import combinations

import numpy as np
import pandas as pd

__all__ = ["best_by_trying_all", "fewest_by_trying_all", "graph_text", "most_covered_by_trying_all"]


def graph_text(nodes: int, sites: int, *, seed: int) -> str:
    """A p-median in OR-Library's format: a random connected graph, about nodes^2 / 50 edges of lengths 1 to 100."""
    stream = np.random.default_rng(seed)
    order = stream.permutation(nodes) + 1
    edges = [(order[at], order[at + 1]) for at in range(nodes - 1)]
    more = max(nodes * nodes // 50 - len(edges), 0)
    edges += [tuple(stream.choice(nodes, 2, replace=False) + 1) for _ in range(more)]
    lengths = stream.integers(1, 101, len(edges))
    lines = [f"{one} {other} {length}" for (one, other), length in zip(edges, lengths, strict=True)]
    return "\n".join([f" {nodes} {len(edges)} {sites}", *lines]) + "\n"


def best_by_trying_all(
    distances: pd.DataFrame, weights: pd.Series, *, sites: int, existing: tuple[str, ...] = ()
) -> float:
    """The least weighted distance over every choice of so many more sites; ``inf`` where none serves all."""
    best = np.inf
    others = [site for site in distances.columns if site not in existing]
    for chosen in combinations(others, sites):
        least = distances[[*existing, *chosen]].min(axis=1)
        if np.isfinite(least).all():
            best = min(best, float((least * weights.reindex(least.index)).sum()))
    return best


def most_covered_by_trying_all(distances: pd.DataFrame, weights: pd.Series, *, sites: int, limit: float) -> float:
    """The greatest weight within the limit of a chosen site, over every choice of so many."""
    covers = distances.to_numpy() <= limit
    by_point = weights.reindex(distances.index).to_numpy(float)
    choices = combinations(range(covers.shape[1]), min(sites, covers.shape[1]))
    return max(float(by_point[covers[:, list(chosen)].any(axis=1)].sum()) for chosen in choices)


def fewest_by_trying_all(distances: pd.DataFrame, *, limit: float) -> int:
    """The fewest sites that serve every point that any can serve within the limit."""
    covers = distances.to_numpy() <= limit
    wanted = covers.any(axis=1)
    for count in range(covers.shape[1] + 1):
        for chosen in combinations(range(covers.shape[1]), count):
            if covers[:, list(chosen)].any(axis=1)[wanted].all():
                return count
    raise AssertionError("all sites together serve all that any can serve")

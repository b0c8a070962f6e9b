"""Who needs a place in a question: the children who stay, who are to be placed, and who leave."""

import zlib
from math import floor
from typing import Final

import pandas as pd

from placeplan.county.county import County
from placeplan.county.listed import split_list
from placeplan.county.vocabulary import OWN_PREFERENCE_FROM, YEAR_GROUPS, phase_of
from placeplan.provision import units_open

__all__ = ["LAST_YEAR_GROUP", "accepts", "cohort", "question_year"]

LAST_YEAR_GROUP: Final = 14
"""The last year group that a child is placed in unless the plan says what comes after: the year of turning 19."""


def question_year(county: County, question: str) -> int:
    """The academic year that a question is about: the coming one for ``september``, else that of ``as_of``."""
    return county.settings.year + (question == "september")


def cohort(county: County, question: str) -> pd.DataFrame:
    """The children of a question, one row each in order of pseudonym.

    Index child; columns zone, locality, need, band ("" for none), year_group (in the question's year),
    phase, unit (today's, "" for none), suits (a tuple of ``kind``, ``kind:model`` or ``kind:none``),
    prefers (a unit, ``mainstream`` or ""), could_stay (whether the child's own unit is open and takes the year group
    in September), status and reason. ``status`` is ``stays`` (kept where the child is), ``free`` (to be placed),
    ``waits`` (no place in "as placed today") or ``leaves``. ``reason`` says why: ``placed``, ``new``, ``transfer``,
    ``moves_by_consent``, ``waiting``, ``left``. A child who could stay is to be placed by consent (``may_move``), or
    where ``[rules.continuity]`` puts a price on every move.
    """
    year = question_year(county, question)
    children = county.children.set_index("child").sort_index()
    localities = county.zones.set_index("zone")["locality"]
    frame = pd.DataFrame(
        {
            "zone": children["zone"],
            "locality": children["zone"].map(localities),
            "need": children["need"],
            "band": children["band"].fillna(""),
            "year_group": children["year_group"].astype(int) + (year - county.settings.year),
            "unit": children["unit"].fillna(""),
        }
    )
    frame["prefers"] = _prefers(county, children, frame["year_group"], question)
    frame["suits"] = _suits(county, children)
    frame["could_stay"] = _could_stay(county, frame, year) & (question == "september")
    frame["status"], frame["reason"] = _standing(county, children, frame, question)
    beyond = frame["year_group"] > max(YEAR_GROUPS)
    frame["phase"] = [phase_of(min(int(y), max(YEAR_GROUPS))) for y in frame["year_group"]]
    frame.loc[beyond, ["status", "reason"]] = ["leaves", "left"]
    frame.loc[beyond, "could_stay"] = False
    return _with_substitutes(county, frame)


def accepts(suits: tuple[str, ...], kind: str, model: str) -> bool:
    """Whether a unit of this kind and model is among what a plan suits.

    >>> accepts(("ers:integrative", "special"), "ers", "integrative"), accepts(("ers:none",), "ers", "area")
    (True, False)
    """
    return kind in suits or f"{kind}:{model or 'none'}" in suits


def _suits(county: County, children: pd.DataFrame) -> list[tuple[str, ...]]:
    """What each plan suits: as listed, else the kind and model of the unit that the child is in."""
    units = county.units.drop_duplicates("unit").set_index("unit")
    kinds = units["kind"] + ":" + units["model"].fillna("none")
    present = children["unit"].map(kinds)
    return [
        split_list(listed) or ((own,) if isinstance(own, str) else ())
        for listed, own in zip(children["suits"], present, strict=True)
    ]


def _prefers(county: County, children: pd.DataFrame, year_groups: pd.Series, question: str) -> pd.Series:
    """What counts as preferred: the family's wish, or after compulsory school age the young person's own alone."""
    if question != "september" or county.settings.rules.preferences.mode == "off":
        return pd.Series("", index=children.index)
    own = year_groups >= OWN_PREFERENCE_FROM
    return children["prefers"].mask(own, children["young_person_prefers"]).fillna("").astype(object)


def _could_stay(county: County, frame: pd.DataFrame, year: int) -> pd.Series:
    """Whether a child's own unit is open in the year and takes the year group."""
    units = units_open(county, year)
    first, last = (frame["unit"].map(units[name]).astype(float) for name in ("from_year_group", "to_year_group"))
    return (first <= frame["year_group"]) & (frame["year_group"] <= last)


def _standing(
    county: County, children: pd.DataFrame, frame: pd.DataFrame, question: str
) -> tuple[list[str], list[str]]:
    listed = children["suits"].notna()
    priced = county.settings.rules.continuity.mode == "priced"
    standing = []
    for child, unit, year_group, could_stay in frame[["unit", "year_group", "could_stay"]].itertuples(name=None):
        if question == "afresh":
            standing.append(("free", "placed" if unit else "waiting"))
        elif question == "today":
            standing.append(("stays", "placed") if unit else ("waits", "waiting"))
        elif not unit:
            standing.append(("free", "new"))
        elif could_stay:
            reason = "moves_by_consent" if bool(children.loc[child, "may_move"]) else "placed"
            standing.append(("free" if priced or reason == "moves_by_consent" else "stays", reason))
        elif year_group > LAST_YEAR_GROUP and not listed[child]:
            standing.append(("leaves", "left"))
        else:
            standing.append(("free", "transfer"))
    return [s for s, _ in standing], [r for _, r in standing]


def _with_substitutes(county: County, frame: pd.DataFrame) -> pd.DataFrame:
    """Let the stated share of the children to be placed be met by a substitute kind too.

    Which children is settled by a fixed hash of the pseudonym, so that nobody chooses them by cost. Children who are
    free only because a move has a price are not among them.
    """
    suits = frame["suits"].to_dict()
    order = sorted(frame.index, key=lambda child: (zlib.crc32(str(child).encode()), child))
    free = frame[(frame["status"] == "free") & ~(frame["could_stay"] & (frame["reason"] == "placed"))]
    about = dict(zip(free.index, zip(free["need"], free["phase"], strict=True), strict=True))
    substitutes = county.substitutes.fillna({"from_model": "", "to_model": ""})
    for row in substitutes.to_dict("records"):
        pool = [
            child
            for child in order
            if about.get(child) == (row["need"], row["phase"])
            and accepts(suits[child], row["from_kind"], row["from_model"])
        ]
        to = row["to_kind"] + (f":{row['to_model']}" if row["to_model"] else "")
        for child in pool[: floor(float(row["share"]) * len(pool) + 1e-9)]:
            suits[child] = (*suits[child], to)
    return frame.assign(suits=[suits[child] for child in frame.index])

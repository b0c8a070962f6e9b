"""What is said beside a figure of the rules that it does not keep, by their names."""

from placeplan.report.explained_words import LEFT_OUT
from placeplan.report.lookup import table
from placeplan.report.words import join
from placeplan.runs import Run

__all__ = ["all_kept", "not_kept_said"]


def not_kept_said(run: Run, figure: str) -> list[str]:
    """A sentence for each reason for which rules that are on are not kept in a figure; none where all are."""
    frame = table(run, "rules_kept")
    if frame.empty:
        return []
    missed = frame[(frame["figure"] == figure) & ~frame["kept"].astype(bool)]
    return [
        f"Not kept in this: {join([words for rule, words in LEFT_OUT.items() if rule in set(rows['rule'])])}; {why}."
        for why, rows in missed.groupby("why")
    ]


def all_kept(run: Run, figure: str) -> bool:
    """Whether a figure keeps every rule that is on, and one is."""
    frame = table(run, "rules_kept")
    rows = frame if frame.empty else frame[frame["figure"] == figure]
    return not rows.empty and bool(rows["kept"].astype(bool).all())

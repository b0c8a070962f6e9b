"""What a report says of why an allocation is as it is, and of what it would take to change it."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import pandas as pd

from placeplan.report.answer import question_name
from placeplan.report.cells import Table, cell, kind_words, number_columns, text_columns
from placeplan.report.explained_words import LEFT_OUT, REASONS
from placeplan.report.kept_words import not_kept_said
from placeplan.report.lookup import localities_in_order, locality_names, rows_of, table, unit_names
from placeplan.report.named import in_its_words
from placeplan.report.words import COLUMNS, count, join, label, minutes, number_of, pounds
from placeplan.run_tables import ALL, in_order
from placeplan.runs import Run

__all__ = ["explained_part", "explained_sentences"]

SHOWN: Final = 12
"""How many units the page lists by what more places are worth; the workbook lists every one."""

CHILD_LEVEL: Final = (
    "Each row is about one child. It supports, and does not make, a decision: which school a child attends is settled "
    "with the family, by the law and the authority."
)

Row = Mapping[Any, Any]


@in_its_words
def explained_sentences(run: Run) -> list[str]:
    """The best places to add, what each rule costs, why there is no place, and the fewest that would do."""
    return [*_worth_said(run), *_rules_said(run), *_reasons_said(run), *_least_said(run)]


@in_its_words
def explained_part(run: Run) -> dict[str, Any] | None:
    """What the page's section holds; None where the run has no explanation."""
    if table(run, "worth").empty and table(run, "rule_costs").empty and table(run, "least_places").empty:
        return None
    made = [_worth_table(run), _rules_table(run), _reasons_table(run)]
    children = [_options_table(run), _offers_table(run)]
    return {
        "said": explained_sentences(run),
        "tables": [one for one in made if one is not None],
        "children": [one for one in children if one is not None],
        "warning": CHILD_LEVEL,
    }


def _unit(run: Run) -> Callable[[Any], str]:
    names = unit_names(run)
    return lambda unit: names.get(str(unit), label("unit", unit))


def _more(worth: pd.DataFrame) -> list[int]:
    return sorted({int(places) for places in worth["places"] if places > 0})


def _best(worth: pd.DataFrame, places: int) -> Row | None:
    """The unit where so many more places do most: children placed, then pounds net of what the places cost."""
    rows = worth[(worth["places"] == places) & worth["net_pounds"].notna()]
    order = rows.sort_values(["children", "net_pounds", "unit"], ascending=[False, False, True], na_position="last")
    return None if order.empty else dict(order.iloc[0])


def _worth_said(run: Run) -> list[str]:
    worth = table(run, "worth")
    if worth.empty:
        return []
    gaining = worth[worth["places"] > 0]
    if not ((gaining["pounds"] > 0) | (gaining["children"] > 0)).any():
        if gaining.empty or gaining[["pounds", "children"]].isna().any(axis=None):
            return ["What more places at one unit would save is not told here: it is withheld, or was not worked out."]
        return ["More places at any one unit would save nothing."]
    name = _unit(run)
    said = not_kept_said(run, "worth")
    for places in _more(worth):
        row = _best(worth, places)
        if row is None:
            continue
        figures = f"save {pounds(row['pounds'])} a year"
        if row["pounds"] < 0:
            figures = f"cost {pounds(-row['pounds'])} a year"
        if row["children"] > 0:
            figures = f"place {number_of(row['children'], 'more child', 'more children')} and {figures}"
        worthwhile = row["net_pounds"] > 0 or row["children"] > 0
        opening = "would do most at" if worthwhile else "would pay at no one unit; nearest is"
        kept = f"{'it costs' if places == 1 else 'they cost'} {pounds(row['fixed_cost'])} to keep open"
        said.append(
            f"{number_of(places, 'more place')} {opening} {name(row['unit'])}: {'it' if places == 1 else 'they'} would "
            f"{figures}; {kept}, so {pounds(row['net_pounds'])} net."
        )
    return said


def _rules_said(run: Run) -> list[str]:
    return [_rule_said(row) for row in _dearest_first(run).to_dict("records")]


def _dearest_first(run: Run) -> pd.DataFrame:
    """What each rule costs, the dearest first."""
    frame = table(run, "rule_costs")
    return frame if frame.empty else frame.sort_values(["cost_pounds", "left_out"], ascending=[False, True])


def _rule_said(row: Row) -> str:
    """What leaving a rule out would do, in one sentence."""
    cost, travel = float(row["cost_pounds"]), float(row["child_minutes"])
    save: list[str] = []
    more: list[str] = []
    if abs(cost) >= 0.5:
        (save if cost > 0 else more).append(f"{pounds(abs(cost))} a year")
    if abs(travel) >= 0.5:
        (save if travel > 0 else more).append(f"{abs(travel):,.0f} minutes of travel a school morning")
    children = []
    for column, what in (
        ("gap", "without any place"),
        ("spot_purchase", "bought a place one by one"),
        ("beyond_guidance", "beyond guidance"),
    ):
        change = float(row[column])
        if not math.isnan(change) and change != 0:
            word = "fewer" if change > 0 else "more"
            children.append(f"{number_of(abs(change), f'{word} child', f'{word} children')} {what}")
    clauses = [f"{verb} {join(parts)}" for verb, parts in (("save", save), ("add", more), ("have", children)) if parts]
    name = LEFT_OUT.get(str(row["left_out"]), str(row["left_out"]))
    figures = ("cost_pounds", "child_minutes", "gap", "spot_purchase", "beyond_guidance")
    if not clauses and any(pd.isna(row[figure]) for figure in figures):
        return f"What leaving out {name} would change is withheld."
    return f"Leaving out {name} would {', and '.join(clauses) or 'change nothing'}."


def _reasons_said(run: Run) -> list[str]:
    reasons = table(run, "reasons")
    said = []
    for outcome, opening in (
        ("gap", "some are without any place"),
        ("spot_purchase", "a place is bought for some"),
    ):
        rows = reasons[reasons["outcome"] == outcome] if len(reasons) else reasons
        if rows.empty:
            continue
        parts = []
        for reason in [one for one in REASONS if (rows["reason"] == one).any()]:
            children = rows.loc[rows["reason"] == reason, "children"]
            told = "" if children.isna().any() else f" ({count(children.sum())})"
            words = REASONS[reason]
            parts.append(f"{words[:1].lower()}{words[1:]}{told}")
        said.append(f"Why {opening}: {'; '.join(parts)}.")
    return said


def _least_said(run: Run) -> list[str]:
    frame = table(run, "least_places")
    if frame.empty:
        return []
    whole = frame[frame["unit"] == ALL].to_dict("records")[0]
    rows = frame[frame["unit"] != ALL].sort_values(["places", "unit"], ascending=[False, True])
    name = _unit(run)
    some = not rows.empty
    hidden = pd.isna(whole["places"])
    at = [
        f"{'' if pd.isna(one['places']) else count(one['places']) + ' '}at {name(one['unit'])}"
        for one in rows.to_dict("records")
    ]
    left = (
        ""
        if whole["children"] == 0
        else (
            f" {number_of(whole['children'], 'child', 'children')} would still have none, since no place in the county "
            "would serve them."
        )
    )
    if not some and hidden:
        return [f"How many places would have to be added for everybody to have one is withheld.{left}"]
    if not some:
        nobody = (
            "nobody is without one of the county's own or a suitable one elsewhere" if not left else "none would help"
        )
        return [f"No place has to be added for everybody to have one: {nobody}.{left}"]
    fewest = "A few more places" if hidden else number_of(whole["places"], "more place")
    nobody = "nobody" if not left else "nobody else"
    worth = table(run, "worth")
    known = "more_places" in worth.columns
    most = worth.drop_duplicates("unit").set_index("unit")["more_places"].to_dict() if known else {}
    beyond = [
        f"{name(one['unit'])} takes {count(most.get(one['unit'], 0.0))}"
        for one in rows.to_dict("records")
        if known and one["places"] > most.get(one["unit"], 0.0)
    ]
    limits = f" It is more than may be added where {join(beyond)} at the most." if beyond else ""
    said = f"{fewest} would leave {nobody} without one, whatever they cost: {join(at)}.{limits}{left}"
    return [" ".join([said, *not_kept_said(run, "least_places")])]


def _worth_table(run: Run) -> Table | None:
    worth = table(run, "worth")
    if worth.empty:
        return None
    question = str(worth["question"].iloc[0])
    steps = _more(worth)
    use = {str(row["unit"]): row for row in rows_of(run, "use", question).to_dict("records")}
    name, localities = _unit(run), locality_names(run)
    by_unit = {
        unit: {int(row["places"]): row for row in rows.to_dict("records")} for unit, rows in worth.groupby("unit")
    }
    ranked = sorted(by_unit, key=lambda unit: (-_most(by_unit[unit], steps), unit))
    rows = []
    for unit in ranked[:SHOWN]:
        found = use.get(str(unit), {})
        figures = [
            pounds(by_unit[unit][step][column], missing="–") for step in steps for column in ("pounds", "net_pounds")
        ]
        rows.append(
            (name(unit), localities.get(str(found.get("locality")), ""), kind_words(found) if found else "", *figures)
        )
    more = len(by_unit) - len(rows)
    left = f"The workbook has {number_of(more, 'more unit')}," if more else "The workbook has every step,"
    headings = [words.format(count(step)) for step in steps for words in ("Saved by {} more", "Net, {} more")]
    return Table(
        "worth",
        f"What more places would save, £ a year, {question_name(run, question)}",
        (*text_columns("Unit", "Locality", "Kind"), *number_columns(*headings)),
        tuple(rows),
        note="Each figure was solved again with the places there; declared penalties are in it. Net: less what the "
        f"places cost to keep open; – where so many may not be added at the site. {left} and what fewer places would "
        "cost.",
    )


def _most(of_unit: Mapping[int, Row], steps: Iterable[int]) -> float:
    return max((float(of_unit[step]["net_pounds"]) for step in steps if step in of_unit), default=-math.inf)


def _rules_table(run: Run) -> Table | None:
    frame = _dearest_first(run)
    if frame.empty:
        return None
    rows = [
        (
            label("left_out", row["left_out"]),
            cell(row, "cost_pounds", pounds),
            _change(row["child_minutes"]),
            *(cell(row, column, _change) for column in ("gap", "spot_purchase", "beyond_guidance")),
        )
        for row in frame.to_dict("records")
    ]
    headings = ("£ a year saved", "Minutes saved", "Fewer without any place", "Fewer bought", "Fewer beyond guidance")
    return Table(
        "rule_costs",
        "What each rule costs: the same question solved without it",
        (*text_columns(COLUMNS["left_out"]), *number_columns(*headings)),
        tuple(rows),
        note="Minus: it would be more. Cash; minutes are of all children, a school morning. It is no proposal to leave "
        "a rule out, nor to move any child.",
    )


def _change(value: Any, *, missing: str = "") -> str:
    """A change that may be a loss, as a whole number with a minus sign."""
    return missing if pd.isna(value) else f"{float(value):,.0f}".replace("-", "−")


def _reasons_table(run: Run) -> Table | None:
    frame = table(run, "reasons")
    if frame.empty:
        return None
    need = "area" if "area" in frame.columns else "need"
    keys = [key for key in ("locality", need, "phase", "outcome", "reason") if key in frame.columns]
    names = locality_names(run)
    ordered = in_order(frame, localities=localities_in_order(run)).to_dict("records")
    rows = [
        (
            *(
                names.get(str(row[key]), label(key, row[key])) if key == "locality" else label(key, row[key])
                for key in keys
            ),
            cell(row, "children"),
        )
        for row in ordered
    ]
    return Table(
        "reasons",
        "Why children have no suitable place",
        (*text_columns(*(COLUMNS[key] for key in keys)), *number_columns(COLUMNS["children"])),
        tuple(rows),
    )


def _offers_table(run: Run) -> Table | None:
    frame = table(run, "offers")
    if frame.empty:
        return None
    name = _unit(run)
    rows = []
    for row in frame.sort_values("child").to_dict("records"):
        second = "" if pd.isna(row["runner_up"]) else name(row["runner_up"])
        rows.append(
            (
                str(row["child"]),
                name(row["unit"]),
                pounds(row["cost"]),
                minutes(row["minutes"]),
                second or "No other",
                pounds(row["runner_up_cost"], missing="–"),
                minutes(row["runner_up_minutes"], missing="–"),
                pounds(row["runner_up_cost"] - row["cost"], missing="–"),
                pounds(row["extra"], missing="–"),
                label("decided_by", row["decided_by"]),
            )
        )
    return Table(
        "offers",
        "What each child placed anew is offered, and the runner-up",
        (
            *text_columns("Child", "Offered"),
            *number_columns("£ a year", "Minutes"),
            *text_columns("Runner-up"),
            *number_columns("£ a year", "Minutes", "Difference, £", "To all together, £"),
            *text_columns("Decided by"),
        ),
        tuple(rows),
        note="£ a year: fee, transport and declared penalties, less what a filled place is discounted. To all "
        "together: what the runner-up would cost everybody, whoever would then go elsewhere counted (under rules over "
        "several children: at least so much); – where something before cost decides.",
    )


def _options_table(run: Run) -> Table | None:
    frame = table(run, "options")
    if frame.empty:
        return None
    name = _unit(run)
    ordered = frame.assign(first=-frame["children"]).sort_values(["child", "first", "all_pounds", "cost", "unit"])
    rows = [
        (
            str(row["child"]),
            name(row["unit"]),
            "Offered" if row["children"] > 0 else "" if row["has_room"] else "Takes nobody new",
            pounds(row["cost"]),
            minutes(row["minutes"]),
            "Yes" if row["against_preference"] else "",
            pounds(row["all_pounds"], missing="–"),
            count(row["all_children"], missing="–"),
            count(row["all_preferences"], missing="–"),
        )
        for row in ordered.to_dict("records")
    ]
    return Table(
        "options",
        "The units possible for the children asked for, solved again",
        (
            *text_columns("Child", "Unit", ""),
            *number_columns("£ a year", "Minutes"),
            *text_columns("Against a preference"),
            *number_columns("To all together, £ a year", "Children placed less", "Preferences met less"),
        ),
        tuple(rows),
        note="To all together: what sending the child there would cost everybody, solved again; – where it was not.",
    )

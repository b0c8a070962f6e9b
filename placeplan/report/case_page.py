"""The options page of one case: one side of A4 in plain words, that a family may be given.

What an option does to other children is never on it.
"""

from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.county.vocabulary import NEEDS
from placeplan.report.case_map import case_map
from placeplan.report.case_words import (
    CAUTION,
    GOES_ON,
    OVER,
    PAYER_WORDS,
    REASONS,
    VETOED,
    break_even_rows,
    independent_place,
    is_some,
    option_name,
    option_notes,
    range_words,
)
from placeplan.report.lookup import locality_names, table
from placeplan.report.named import in_its_words
from placeplan.report.page import FOOTER, page_environment
from placeplan.report.words import PHASE_NAMES, join, minutes, number_of, pounds
from placeplan.runs import Run

__all__ = ["case_html", "cases_of"]

SURE, SHOWN, MOST_SHOWN = 3, 5, 8
"""How many options the page sets out: the first, in all, and where more were put forward; the others are named."""

LEFT: Final = 5
"""How many of the options are named that the page does not set out."""

NAMED: Final = 4
"""How many places are named of those that are not possible for one reason."""


def cases_of(run: Run) -> list[str]:
    """The cases of a run, in their order."""
    return [str(case) for case in table(run, "cases")["case"]]


def _of(run: Run, name: str, case: str) -> pd.DataFrame:
    frame = table(run, name)
    return frame[frame["case"] == case].reset_index(drop=True) if "case" in frame.columns else frame


@in_its_words
def case_html(run: Run, case: str) -> str:
    """The whole page as text."""
    about = {str(k): v for k, v in _of(run, "cases", case).iloc[0].to_dict().items()}
    options = _of(run, "case_options", case)
    shown = _shown(options)
    guidance = run.facts["guidance_minutes"][str(about["phase"])]
    return (
        page_environment()
        .get_template("case.html.j2")
        .render(
            title=f"Options for {case}",
            county=run.county,
            data_label=run.facts.get("data_label") or "not labelled",
            as_of=run.facts.get("as_of", ""),
            about=_about(run, about),
            said=_said(run, case, options),
            caution=CAUTION,
            horizons=[OVER[over] for over in _horizons(run, case)],
            options=_rows(run, case, shown),
            others=_others(options, shown),
            not_possible=_not_possible(run, case),
            map=_map(run, about, shown),
            guidance=f"{guidance:g}",
            footer=FOOTER,
            goes_on=GOES_ON,
        )
    )


def _shown(options: pd.DataFrame) -> pd.DataFrame:
    """The first options, each one that was put forward (a quote, a package), and an independent one; in their order."""
    placed = options.reset_index(drop=True)
    forward = (placed["what"] == "package") | np.array([is_some(given) for given in placed["provision"]], dtype=bool)
    first_away = placed.index[placed["what"] == "independent"][:1]
    must = placed.index[(placed.index < SURE) | forward | placed.index.isin(first_away)][:MOST_SHOWN]
    more = placed.index.difference(must)[: max(0, SHOWN - len(must))]
    shown: pd.DataFrame = placed.loc[must.union(more)]
    return shown.assign(number=shown.index + 1)


def _about(run: Run, about: dict[str, Any]) -> str:
    needs = NEEDS[str(about["need"])]
    second = str(about["second_need"]) if pd.notna(about["second_need"]) and about["second_need"] else ""
    needs += f", and {NEEDS[second][0].lower()}{NEEDS[second][1:]}" if second else ""
    locality = locality_names(run).get(str(about["locality"]), str(about["locality"]))
    phase = PHASE_NAMES[str(about["phase"])].lower()
    year = int(about["year_group"])
    return f"Year {year} ({phase}) when a place is needed, from {about['start_term']}; {needs}; lives in {locality}."


def _said(run: Run, case: str, options: pd.DataFrame) -> list[str]:
    if options.empty:
        return ["No option stands: every place is ruled out, full, too far away or not consented to. See below why."]
    best = options.iloc[0].to_dict()
    told = range_words(best["pounds_low"], best["pounds"], best["pounds_high"])
    first = f"By the criteria that the partnership has stated, {_in_sentence(option_name(best))} comes first."
    said = [f"{first} It costs the public purse {told} in the first year."]
    said += _against(run, case, best)
    said += _steady(run, case, options)
    return said


def _against(run: Run, case: str, best: dict[Any, Any]) -> list[str]:
    """The first option beside the independent place, and the fee at which they would cost alike."""
    away = independent_place(_of(run, "case_options", case))
    if away is None or best["what"] == "independent":
        return []
    row = break_even_rows(_of(run, "case_break_even", case), best["option"], away["option"]).get("public")
    if row is None:
        return []
    fee = range_words(*(max(0.0, row[name]) for name in ("fee_pounds_low", "fee_pounds", "fee_pounds_high")))
    costs = range_words(row["independent_pounds_low"], row["independent_pounds"], row["independent_pounds_high"])
    told = f"{option_name(away)} costs {costs}"
    if row["fee_pounds_high"] <= 0:
        return [f"{told}; even with no fee it would cost more, by its journeys and what else comes with it."]
    return [f"{told}; the two would cost alike at a fee of {fee} a year."]


def _steady(run: Run, case: str, options: pd.DataFrame) -> list[str]:
    """What would put another option first."""
    names = {str(row["option"]): option_name(row) for row in options.to_dict("records")}
    said = []
    cost = _of(run, "case_criteria", case)
    for row in cost[cost["criterion"] == "cost"].to_dict("records"):
        for other, more, at, end in (("above", "more", "most", 1.0), ("below", "less", "least", 0.0)):
            if is_some(row[other]) and row[at] != end:
                first = _in_sentence(names[row[other]])
                said.append(f"were cost to count for {more} than {row[at]:.0%}, {first} would be first")
    said += [
        f"were {_in_sentence(names[row['option']])} to cost {pounds(row['pounds'])}, "
        f"{_in_sentence(names[row['first']])} would be first"
        for row in _of(run, "case_turning_points", case).to_dict("records")
    ]
    if not said:
        return ["It stays first whatever cost is taken to count for, and wherever sums lie in their ranges."]
    return [f"{'; '.join(said[:3])[0].upper()}{'; '.join(said[:3])[1:]}."]


def _in_sentence(name: str) -> str:
    """A name of ours begins small within a sentence, a school's does not."""
    return name[0].lower() + name[1:] if name.startswith(("A local", "An independent")) else name


def _rows(run: Run, case: str, shown: pd.DataFrame) -> list[dict[str, Any]]:
    costs = _of(run, "case_costs", case)
    year = costs[costs["over"] == "year"]
    over = _horizons(run, case)
    largest = max(float(year.groupby("option")["pounds_high"].sum().reindex(shown["option"]).max()), 1.0)
    rows = []
    for option in shown.to_dict("records"):
        mine = costs[costs["option"] == option["option"]]
        public = mine[mine["payer"] != "family"]
        sums = public.groupby("over", sort=False)[["pounds_low", "pounds", "pounds_high"]].sum()
        stays = [_span(low, high) for low, _, high in sums.reindex(over).itertuples(index=False, name=None)]
        parts = [
            {"payer": payer, "percent": f"{100.0 * paid / largest:.1f}", "text": f"{words} {pounds(paid)}"}
            for payer, words in PAYER_WORDS.items()
            if (paid := float(year[(year["option"] == option["option"]) & (year["payer"] == payer)]["pounds"].sum()))
            > 0
        ]
        unknown = float(year.loc[year["option"] == option["option"], "pounds_not_stated"].sum())
        rows.append(
            {
                "unknown": f"up to {pounds(unknown)} not stated" if unknown else "",
                "number": option["number"],
                "name": option_name(option),
                "notes": "; ".join(option_notes(option)),
                "journey": "lives there" if option["residential"] else minutes(option["minutes"], missing="not stated"),
                "km": "" if pd.isna(option["km"]) else f"{option['km']:,.0f} km",
                "year": range_words(option["pounds_low"], option["pounds"], option["pounds_high"]),
                "stays": stays,
                "parts": parts,
            }
        )
    return rows


def _horizons(run: Run, case: str) -> list[str]:
    """The horizons of a whole stay, in their order."""
    return [str(over) for over in _of(run, "case_costs", case)["over"].unique() if over != "year"]


def _span(low: float, high: float) -> str:
    return pounds(low) if pounds(low) == pounds(high) else f"{pounds(low)} to {pounds(high)}"


def _others(options: pd.DataFrame, shown: pd.DataFrame) -> str:
    left = options[~options["option"].isin(shown["option"])]
    if left.empty:
        return ""
    names = list(dict.fromkeys(option_name(row) for row in left.to_dict("records")))
    told = names[:LEFT] + ([f"{len(names) - LEFT} more"] if len(names) > LEFT else [])
    return f"Also possible: {join(told)}."


def _not_possible(run: Run, case: str) -> list[str]:
    rows = _of(run, "case_unsuitable", case)
    said = [
        f"Ruled out by {VETOED[str(by)]} ({words}): {_several(part['name'])}"
        for (by, words), part in rows[rows["reason"] == "veto"].groupby(["by", "words"], sort=False)
    ]
    for reason, words in REASONS.items():
        names = rows.loc[rows["reason"] == reason, "name"]
        if len(names) and reason in ("full", "consent", "distance", "rule"):
            said.append(f"{words}: {_several(names)}")
        elif len(names) and reason not in ("veto", "closed"):
            said.append(f"{words}: {number_of(names.nunique(), 'school')}")
    return said


def _several(names: pd.Series) -> str:
    """Some names, and how many more."""
    told = list(dict.fromkeys(map(str, names)))
    return join(told[:NAMED] + ([f"{len(told) - NAMED} more"] if len(told) > NAMED else []))


def _map(run: Run, about: dict[str, Any], shown: pd.DataFrame) -> str:
    places = [
        (str(row["number"]), str(row["site"]), "" if row["residential"] else f"{row['minutes']:.0f} min")
        for row in shown.to_dict("records")
        if pd.notna(row["site"]) and row["site"] and (row["residential"] or pd.notna(row["minutes"]))
    ]
    return case_map(run, str(about["locality"]), places)

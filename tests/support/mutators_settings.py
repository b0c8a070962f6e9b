"""Mutators of settings: misspelt, of the wrong kind, emptied, in the wrong place, and not used."""

from support.county_draft import Draft
from support.mutations import Spoilt, mutator

FILES = ("county", "county.toml")


def stated(draft: Draft, key: str, value: object) -> Spoilt:
    """A setting with this value."""
    draft.settings[key] = value
    return Spoilt(FILES, key.rsplit(".", maxsplit=1)[-1])


@mutator("refused")
def setting_misspelt(draft, random):
    """A setting's name has a slip."""
    key = random.choice(["travel.peak_facter", "transport.day", "overfil.default_ceiling_share", "asof", "seeds"])
    return stated(draft, key, 1)


@mutator("refused")
def setting_in_another_section(draft, random):
    """A setting stands in a section that is not its own."""
    return stated(draft, random.choice(["transport.peak_factor", "travel.days", "rules.seed", "cases.years"]), 1)


@mutator("refused")
def share_as_per_cent_in_settings(draft, random):
    """A share of the settings is of a hundred."""
    key = random.choice(["forecast.ceiling_share", "forecast.discount", "rules.host_share.share", "cases.discount"])
    return stated(draft, key, random.choice([3.5, 25, 30]))


@mutator("refused")
def setting_below_nought(draft, random):
    """A setting is below nought."""
    key = random.choice(["travel.peak_factor", "transport.days", "overfill.default_ceiling_share", "seed"])
    return stated(draft, key, -1)


@mutator("refused")
def setting_in_words(draft, random):
    """A number of the settings is in words."""
    return stated(draft, random.choice(["travel.peak_factor", "transport.days", "seed"]), "about ten")


@mutator("refused")
def word_that_a_setting_may_not_be(draft, random):
    """A setting's word is none of those that it may be."""
    key = random.choice(["rules.guidance.mode", "rules.preferences.mode", "rules.continuity.mode", "rules.equity.mode"])
    return stated(draft, key, "sometimes")


@mutator("refused noted")
def setting_that_is_not_used(draft, random):
    """A setting is of something that is never looked at."""
    return stated(draft, f"expansion.places_by_kind.{random.choice(['college', 'mainstream_support', 'hub'])}", 8)


@mutator("refused")
def unknown_kind_in_settings(draft, _):
    """A setting is of a kind of place that is none."""
    stated(draft, "places.nursery.fixed_cost", 9000)
    return Spoilt(FILES, "places.nursery")


@mutator("refused")
def unknown_vehicle(draft, _):
    """A vehicle is named that is none."""
    return stated(draft, "transport.default_vehicle", "coach")


@mutator("refused")
def no_day(draft, random):
    """The day of the county is none."""
    stated(draft, "as_of", random.choice(["2025-02-30", "January 2025", "2025"]))
    return Spoilt(FILES)


@mutator("refused")
def needed_setting_absent(draft, random):
    """A setting that every county has to state is absent."""
    key = random.choice(["as_of", "name", "format"])
    del draft.settings[key]
    return Spoilt(FILES, key)


@mutator("same", form="folder")
def sections_emptied(draft, random):
    """Sections stand with nothing under them, as a template has them."""
    headers = [
        "cases",
        "cases.weights",
        "cases.not_stated",
        "rules.equity",
        "forecast",
        "objective",
        "expansion",
        "guidance_minutes",
        "transport.vehicles",
        "places",
        "rules",
        "rules.minimum_use",
    ]
    chosen = sorted(random.sample(headers, random.randrange(1, len(headers))))
    # A section that the dotted keys above have opened may not be opened again.
    chosen = [name for name in chosen if name.split(".")[0] not in {key.split(".")[0] for key in draft.settings}]

    def edit(folder):
        path = folder / "county.toml"
        path.write_text(path.read_text() + "".join(f"[{name}]\n" for name in chosen))

    draft.edits.append(edit)
    return Spoilt(FILES)


@mutator("refused", form="folder")
def no_toml(draft, random):
    """The settings are not TOML."""
    draft.toml = random.choice(["name: Tinyshire\n", "format = 1\nname = Tinyshire\n", "setting,value\nformat,1\n"])
    return Spoilt(FILES)


@mutator("refused", form="folder")
def setting_twice(draft, _):
    """A setting is stated twice."""
    draft.edits.append(
        lambda folder: (folder / "county.toml").write_text(
            (folder / "county.toml").read_text() + "travel.peak_factor = 2\n"
        )
    )
    return Spoilt(FILES)


@mutator("refused", form="folder")
def settings_file_called_otherwise(draft, random):
    """The file of settings has another name."""
    name = random.choice(["county.toml.txt", "settings.toml", "county.tml"])
    draft.edits.append(lambda folder: (folder / "county.toml").rename(folder / name))
    return Spoilt(FILES)


@mutator("same", form="workbook")
def blank_settings(draft, random):
    """Settings stand with no value, as a template has them."""
    for key in random.sample(["cases.weights.cost", "cases.discount", "rules.equity.most", "forecast.years"], 2):
        draft.settings[key] = None
    return Spoilt(FILES)


@mutator("refused", form="workbook")
def row_of_a_list_left_out(draft, _):
    """The second row of a list is stated without the first."""
    draft.settings["transport.entitled.2.share"] = 0.8
    return Spoilt(FILES, "entitled")

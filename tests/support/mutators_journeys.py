"""Mutators of places and journeys: coordinates, units of measure, absent and doubled journeys, roads."""

from support.mutations import Spoilt, mutator

MATRIX_FILE = "minutes.csv"


def scaled(draft, names, factor, *, form="{:.4f}"):
    """Columns of the table travel with another factor."""
    for row in draft.tables["travel"]:
        for name in names:
            row[name] = form.format(factor * float(row[name]))
    return Spoilt(("travel", MATRIX_FILE))


def moved(draft, table, wanted, change):
    """The coordinates of some rows, changed."""
    for row in draft.tables[table]:
        if wanted(row):
            east, north = change(float(row["easting"]), float(row["northing"]))
            row["easting"], row["northing"] = f"{east:.6g}", f"{north:.6g}"
    return Spoilt((table,))


def one_of(draft, table, random, **cells):
    """A test for one row of a table, chosen among those with these cells."""
    rows = [row for row in draft.tables[table] if all(row[name] == value for name, value in cells.items())]
    chosen = random.choice(rows)
    return lambda row: row is chosen


def swapped(east, north):
    """Axes changed over."""
    return north, east


@mutator("refused noted")
def axes_of_an_own_site(draft, random):
    """A site's easting and northing are changed over."""
    return moved(draft, "sites", one_of(draft, "sites", random, locality=random.choice(["north", "south"])), swapped)


@mutator("refused noted")
def axes_of_a_site_out_of_county(draft, random):
    """The easting and northing of a site out of the county are changed over."""
    return moved(draft, "sites", one_of(draft, "sites", random, locality="out_of_county"), swapped)


@mutator("refused noted")
def axes_of_all_sites(draft, _):
    """Every site's easting and northing are changed over."""
    return moved(draft, "sites", lambda _: True, swapped)


@mutator("refused noted")
def axes_of_a_zone(draft, random):
    """A zone's easting and northing are changed over."""
    return moved(draft, "zones", one_of(draft, "zones", random), swapped)


@mutator("refused noted", whole=True)
def axes_of_a_candidate(draft, random):
    """A candidate's easting and northing are changed over."""
    return moved(draft, "candidates", one_of(draft, "candidates", random), swapped)


@mutator("refused")
def degrees_for_metres(draft, random):
    """Places are in degrees."""
    return moved(draft, random.choice(["zones", "sites"]), lambda _: True, lambda *_: (-1.39, 53.05))


@mutator("refused")
def kilometres_for_metres_of_places(draft, random):
    """Places are in kilometres."""
    return moved(draft, random.choice(["zones", "sites"]), lambda _: True, lambda x, y: (x / 1000, y / 1000))


@mutator("refused noted")
def place_at_nought(draft, random):
    """A place is where a look-up that failed puts it."""
    table = random.choice(["zones", "sites"])
    return moved(draft, table, one_of(draft, table, random), lambda *_: (0, 0))


@mutator("refused noted")
def place_far_away(draft, random):
    """A digit of a coordinate is another."""
    table = random.choice(["zones", "sites"])
    return moved(draft, table, one_of(draft, table, random), lambda x, y: (x, y + 200_000))


@mutator("refused noted", journeys="travel")
def metres_for_km(draft, _):
    """Kilometres are metres."""
    return scaled(draft, ["km"], 1000)


@mutator("refused noted", journeys="travel")
def miles_for_km(draft, _):
    """Kilometres are miles: shorter than the straight line."""
    return scaled(draft, ["km"], 1 / 1.609344)


@mutator("refused noted", journeys="travel")
def seconds_for_minutes(draft, _):
    """Minutes are seconds."""
    return scaled(draft, ["minutes"], 60)


@mutator("refused noted", journeys="travel")
def hours_for_minutes(draft, _):
    """Minutes are hours."""
    return scaled(draft, ["minutes"], 1 / 60)


@mutator("refused noted", journeys="travel")
def all_journeys_nought(draft, random):
    """Every journey is nothing."""
    return scaled(draft, random.choice([["minutes"], ["km"], ["minutes", "km"]]), 0)


@mutator("refused noted", journeys="matrix")
def minutes_said_to_be_seconds(draft, _):
    """Another engine's minutes are said to be seconds."""
    draft.settings["travel.matrix_unit"] = "seconds"
    return Spoilt(("travel", MATRIX_FILE))


@mutator("refused noted", journeys="matrix")
def seconds_said_to_be_minutes(draft, _):
    """Another engine's seconds are said to be minutes."""
    return scaled(draft, ["travel_time"], 60)


@mutator("refused noted", journeys="matrix")
def metres_for_km_of_an_engine(draft, _):
    """Another engine's kilometres are metres."""
    return scaled(draft, ["km"], 1000)


@mutator("refused noted", journeys="matrix")
def miles_for_km_of_an_engine(draft, _):
    """Another engine's kilometres are miles."""
    return scaled(draft, ["km"], 1 / 1.609344)


@mutator("refused noted", journeys="matrix")
def departures_twice(draft, _):
    """Another engine's file has several departures."""
    for row in draft.tables["travel"]:
        row["departure_time"] = "08:00"
    more = [
        {**row, "departure_time": "08:30", "travel_time": f"{1.4 * float(row['travel_time']):.1f}"}
        for row in draft.tables["travel"]
    ]
    draft.tables["travel"] += more
    return Spoilt(("travel", MATRIX_FILE))


@mutator("refused noted", journeys="matrix")
def pairs_twice(draft, random):
    """Another engine's file has a journey twice, with other minutes."""
    row = random.choice(draft.tables["travel"])
    draft.tables["travel"].append({**row, "travel_time": f"{2 * float(row['travel_time']) + 5:.1f}"})
    return Spoilt(("travel", MATRIX_FILE))


@mutator("refused noted", journeys="matrix")
def nothing_as_a_large_number(draft, random):
    """Another engine writes its largest number where there is no way."""
    random.choice(draft.tables["travel"])["travel_time"] = "2147483647"
    return Spoilt(("travel", MATRIX_FILE))


@mutator("refused noted", journeys="travel")
def one_journey_too_fast(draft, random):
    """A journey of some kilometres takes no time."""
    row = random.choice([row for row in draft.tables["travel"] if float(row["km"]) > 4])
    row["minutes"] = "0"
    return Spoilt(("travel",))


@mutator("refused noted", journeys="travel")
def one_journey_shorter_than_straight(draft, random):
    """A journey is shorter than the straight line."""
    row = random.choice([row for row in draft.tables["travel"] if float(row["km"]) > 4])
    row["km"] = f"{0.4 * float(row['km']):.2f}"
    return Spoilt(("travel",))


@mutator("refused noted", journeys="travel")
def journeys_of_a_site_absent(draft, random):
    """No journey leads to a site."""
    site = random.choice(["s1", "s2", "s3"])
    draft.tables["travel"] = [row for row in draft.tables["travel"] if row["site"] != site]
    return Spoilt(("travel",))


@mutator("refused noted", journeys="travel")
def journeys_of_a_zone_absent(draft, random):
    """No journey begins in a zone."""
    zone = random.choice(["z1", "z2", "z3", "z4"])
    draft.tables["travel"] = [row for row in draft.tables["travel"] if row["zone"] != zone]
    return Spoilt(("travel",))


@mutator("refused noted", journeys="travel")
def one_journey_absent(draft, random):
    """One journey is absent."""
    del draft.tables["travel"][random.randrange(len(draft.tables["travel"]))]
    return Spoilt(("travel",))


@mutator("refused noted", journeys="matrix")
def journeys_absent_of_an_engine(draft, _):
    """Another engine's file lacks what is beyond its limit."""
    longest = sorted(float(row["travel_time"]) for row in draft.tables["travel"])[-3]
    draft.tables["travel"] = [row for row in draft.tables["travel"] if float(row["travel_time"]) < longest]
    return Spoilt(("travel", MATRIX_FILE))


@mutator("refused", journeys="roads")
def kilometres_for_metres_of_roads(draft, _):
    """Roads' metres are kilometres."""
    for row in draft.tables["roads"]:
        row["metres"] = f"{float(row['metres']) / 1000:g}"
    return Spoilt(("roads",), "metres")


@mutator("refused noted", journeys="roads")
def a_road_ten_times_as_long(draft, random):
    """A road has a digit too many."""
    row = random.choice(draft.tables["roads"])
    row["metres"] = f"{10 * float(row['metres']):g}"
    return Spoilt(("roads",))


@mutator("refused", journeys="roads")
def class_without_a_speed(draft, random):
    """A road's class has no speed."""
    random.choice(draft.tables["roads"])["class"] = random.choice(["A Road", "secondry", "B"])
    return Spoilt(("roads",), "class")


@mutator("refused noted", journeys="roads")
def axes_of_a_road(draft, random):
    """The axes of a road's ends are changed over."""
    row = random.choice(draft.tables["roads"])
    for end in ("from", "to"):
        row[f"{end}_easting"], row[f"{end}_northing"] = row[f"{end}_northing"], row[f"{end}_easting"]
    return Spoilt(("roads",))


@mutator("refused noted")
def thousands_of_pounds(draft, random):
    """Pounds are in thousands."""
    table, columns = random.choice([("top_ups", ["pounds"]), ("units", ["fixed_cost", "filled_discount"])])
    for row in draft.tables[table]:
        for column in columns:
            if row[column]:
                row[column] = f"{float(row[column]) / 1000:g}"
    return Spoilt((table,))

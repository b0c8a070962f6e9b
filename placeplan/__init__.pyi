"""The public names of placeplan and where each stands."""

from .county.county import County
from .county.reading import check_county, read_county
from .county.template import write_template
from .errors import Fault, InputError, NotProvenError, PlaceplanError, UsageError
from .geo.travel import TravelTimes
from .report.write import write_report
from .runs import Run, read_run
from .studies.add_places import add_places
from .studies.allocate_places import allocate_places
from .studies.answers import Allocation, MorePlaces, allocation_run, draw_allocation, report_allocation
from .studies.travel_times import travel_audit, travel_times, write_travel

__all__ = [
    "Allocation",
    "County",
    "Fault",
    "InputError",
    "MorePlaces",
    "NotProvenError",
    "PlaceplanError",
    "Run",
    "TravelTimes",
    "UsageError",
    "add_places",
    "allocate_places",
    "allocation_run",
    "check_county",
    "draw_allocation",
    "read_county",
    "read_run",
    "report_allocation",
    "travel_audit",
    "travel_times",
    "write_report",
    "write_template",
    "write_travel",
]

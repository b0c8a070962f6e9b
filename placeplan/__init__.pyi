"""The public names of placeplan and where each stands."""

from .county.case_form import case_form, with_cases, with_forms
from .county.county import County
from .county.reading import check_county, read_county
from .county.template import write_template
from .county.template_workbook import write_template_workbook
from .errors import Fault, InputError, NotProvenError, PlaceplanError, UsageError
from .geo.travel import TravelTimes
from .report.write import write_report
from .runs import Run, read_run
from .studies.add_places import add_places
from .studies.allocate_need import NeedAllocation, allocate_need, county_in
from .studies.allocate_places import allocate_places
from .studies.allocate_years import allocate_years
from .studies.answers import Allocation, MorePlaces, allocation_run, draw_allocation, report_allocation
from .studies.calibrate_travel import Calibration, calibrate_travel
from .studies.case_answers import CaseOptions, Meeting
from .studies.case_meeting import partnership_meeting
from .studies.case_options import case_options
from .studies.case_run import options_run
from .studies.compare_runs import Comparison, compare_runs
from .studies.cover_need import cover_need
from .studies.coverage_answers import Coverage, coverage_run, report_coverage
from .studies.explain_places import explain_places
from .studies.explained_answers import Explanation, TradeOffs
from .studies.forecast_answers import Forecast, forecast_run, report_forecast
from .studies.forecast_need import can_forecast, forecast_need
from .studies.measure_coverage import measure_coverage
from .studies.service_areas import service_areas
from .studies.trade_offs import trade_offs
from .studies.travel_matrix import check_journeys
from .studies.travel_times import audit_network, travel_audit, travel_times, write_travel
from .studies.what_if import what_if, with_candidates
from .studies.where_best import where_best
from .studies.years_answers import YearsAllocation

__all__ = [
    "Allocation",
    "Calibration",
    "CaseOptions",
    "Comparison",
    "County",
    "Coverage",
    "Explanation",
    "Fault",
    "Forecast",
    "InputError",
    "Meeting",
    "MorePlaces",
    "NeedAllocation",
    "NotProvenError",
    "PlaceplanError",
    "Run",
    "TradeOffs",
    "TravelTimes",
    "UsageError",
    "YearsAllocation",
    "add_places",
    "allocate_need",
    "allocate_places",
    "allocate_years",
    "allocation_run",
    "audit_network",
    "calibrate_travel",
    "can_forecast",
    "case_form",
    "case_options",
    "check_county",
    "check_journeys",
    "compare_runs",
    "county_in",
    "cover_need",
    "coverage_run",
    "draw_allocation",
    "explain_places",
    "forecast_need",
    "forecast_run",
    "measure_coverage",
    "options_run",
    "partnership_meeting",
    "read_county",
    "read_run",
    "report_allocation",
    "report_coverage",
    "report_forecast",
    "service_areas",
    "trade_offs",
    "travel_audit",
    "travel_times",
    "what_if",
    "where_best",
    "with_candidates",
    "with_cases",
    "with_forms",
    "write_report",
    "write_template",
    "write_template_workbook",
    "write_travel",
]

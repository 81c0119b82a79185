"""Coverage of the data standards for administrators: unit by unit, without the values of anybody's rows."""

from flask import Response
from sqlalchemy import select

from catalog import item_standards
from catalog.item_standards import Coverage
from catalog.models import Entry
from open_portal.pages.admin.admin_frame import need_somewhere, pages, report, show
from open_portal.pages.desk import desk_item_standards
from open_portal.pages.indicators import indicators_csv
from open_portal.requests import actor, session
from open_portal.requests import now as instant
from policies.calendars import local_date
from tenancy import work


@pages.get("/admin/standards")
def standards_coverage() -> str:
    """Share of items with an element and with a code list, and how many rows deviate, by unit."""
    return show("standards", **desk_item_standards.figures(coverage()))


@pages.get("/admin/standards.csv")
def standards_coverage_table() -> Response:
    """The same as CSV."""
    return indicators_csv.answer("standards-coverage", desk_item_standards.table_of(coverage()))


def coverage() -> list[Coverage]:
    """The units whose scorecard the actor may read, and those below them."""
    need_somewhere("scorecard.read", "Report")
    paths = {one.path for one in actor().standings if one.role}
    readable = [path[0] for path in paths if work.may(actor(), "scorecard.read", report(path))]
    query = select(Entry).where(item_standards.counted(readable)).order_by(Entry.code)
    return item_standards.coverage(session(), list(session().scalars(query)), local_date(instant()))

"""Loading the demonstration, once, into a database that has no tenant yet."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from catalog import harvest_sources, harvests, search_index
from catalog.mapping import lists
from catalog.mapping.listing import Kind
from open_portal import harvesting
from open_portal.demonstration import cast as roles
from open_portal.demonstration import entries, files, journeys, reports, rules, standards
from open_portal.demonstration.cast import Cast
from open_portal.wiring import Kit
from policies import rulebook
from policies.calendars import SHANGHAI, local_date
from quality.scoring import scorecards
from sharing.rates import readings
from tenancy import audit, tenants, work
from tenancy.actors import SYSTEM

STEPS = 7
DAYS_BACK = 84


def load(kit: Kit, tell: Callable[[str], None]) -> None:
    """Load everything through the deeds, spread over the last twelve weeks so that trends have a past."""
    now = kit.clock()
    begin = now - timedelta(days=DAYS_BACK)
    tell("tenants / 机构")
    roles.found_tenants(kit, begin)
    rows = files.table("datasets.toml")["dataset"]
    demands_ = files.table("demands.toml")["demand"]
    keys = {row["owner"] for row in rows} | {row[side] for row in demands_ for side in ("demander", "provider")}
    tell("accounts / 账号")
    roles.open_accounts(kit, begin, keys)
    cast = Cast(kit)
    for number, row in enumerate(rows):
        tell(row["title_zh"])
        entries.load(kit, cast, row, begin + number * timedelta(days=DAYS_BACK) / len(rows))
    tell("data standards / 数据标准")
    standards.load(kit, cast, entries.by_key(kit), now - timedelta(days=12))
    tell("neighbours' catalogues / 周边目录")
    import_catalogues(kit, now)
    tell("demands, applications / 需求与申请")
    journeys.raise_demands(kit, cast, now - timedelta(days=20))
    journeys.hand_in_applications(kit, cast, now - timedelta(days=9))
    tell("data issues / 问题数据")
    reports.report(kit, cast, now - timedelta(days=4))
    tell("rules, waivers / 规则与豁免")
    rules.show_rules(kit, cast, now - timedelta(days=5))
    tell("indicators / 指标")
    keep_trend(kit, begin, now)
    freeze_months(kit, begin, now)
    with work.begin(kit.database, SYSTEM, now) as unit:
        audit.seal(unit.session, now, algorithm=kit.settings.audit_hash)
    search_index.catch_up(kit.index, kit.database)


def import_catalogues(kit: Kit, now: datetime) -> None:
    """Take over the neighbours' catalogues as harvested entries, which never count in the city's rates."""
    for row in files.table("sources.toml")["source"]:
        path = files.FOLDER / "catalogues" / f"{row['key']}.json.gz"
        with work.begin(kit.database, SYSTEM, now) as unit:
            authority = tenants.find(unit.session, kit.settings.authority)
            source = harvest_sources.ensure(unit, authority, kind=Kind.LIST, **row)
            run = harvests.begin(unit, source, harvesting.holder(), harvesting.alive, origin=path.name)
        harvesting.run(kit, run.id, [lists.read(files.catalogue(path), source.key)])


def keep_trend(kit: Kit, begin: datetime, now: datetime) -> None:
    """Keep weekly readings as they would have been kept, replayed from the recorded changes."""
    for week in range(1, DAYS_BACK // 7 + 1):
        at = min(begin + timedelta(days=7 * week), now)
        with kit.database.read() as session:
            rates = readings.compute(session, at, scope=None)
        with work.begin(kit.database, SYSTEM, now) as unit:
            readings.keep(unit, rates, scope=None)


def freeze_months(kit: Kit, begin: datetime, now: datetime) -> None:
    """Freeze the scorecards of the months that have passed, each on its day."""
    calendar = rulebook.in_force().calendar
    month = local_date(begin).replace(day=1)
    while True:
        following = (month + timedelta(days=32)).replace(day=1)
        at = datetime.combine(calendar.next_workday(following), time(9), SHANGHAI)
        if at > now:
            break
        with work.begin(kit.database, SYSTEM, at) as unit:
            scorecards.freeze(unit, month)
        month = following
    with work.begin(kit.database, SYSTEM, now) as unit:
        scorecards.close(unit)

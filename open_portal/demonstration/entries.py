"""Entries of the demonstration: registered, filled, checked, reviewed and released as any department would."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from catalog import assessments, datasets, disclosures, versions
from catalog.datasets import Description, ItemDescription
from catalog.models import Entry
from open_portal.demonstration import deliveries, files
from open_portal.demonstration.cast import Cast
from open_portal.wiring import Kit
from policies import vocabulary as v
from quality.rules.rules import Rule
from quality.suites import suites
from sharing import release
from tenancy import tenants, work
from tenancy.work import Work

KINDS = {
    "expect_column_values_to_be_unique": "unique",
    "expect_column_values_to_match_regex": "matches_pattern",
    "expect_column_values_to_not_be_null": "not_null",
    "expect_column_values_to_be_in_set": "in_set",
    "expect_column_values_to_be_between": "between",
    "expect_compound_columns_to_be_unique": "unique_together",
}


def load(kit: Kit, cast: Cast, row: Mapping[str, Any], now: datetime) -> None:
    """One entry from draft to where the demonstration wants it: live, or stopped by its gate."""
    steward, contact = cast.steward(row["owner"]), files.table("tenants.toml")["contact"]
    with work.begin(kit.database, steward, now) as unit:
        tenant = tenants.find(unit.session, row["owner"])
        entry = datasets.register(unit, tenant, describe(row, contact))
        datasets.set_items(unit, entry, [_item(row, item) for item in row["items"]])
        if row.get("rules"):
            suites.set_rules(unit, entry, _rules(row))
        entry_id = entry.id
    deliveries.deliver(kit, cast, entry_id, row, now)
    with work.begin(kit.database, steward, now) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        datasets.submit(unit, entry)
        if entry.open_type is not v.OpenType.OPEN_FORBIDDEN and row["outcome"] == "live":
            release.request(unit, entry)
    with work.begin(kit.database, cast.actor("officer-a"), now) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        datasets.review(unit, entry, "approve", comment="目录信息完整，同意发布。")
        if entry.open_state is v.OpenState.OPEN_REVIEW:
            _sign(unit, entry, row)
            release.decide(unit, entry, "approve", comment="符合开放条件，同意开放。")


def _sign(unit: Work, entry: Entry, row: Mapping[str, Any]) -> None:
    """Sign for data whose risk of disclosure asks for it, with the reason that the demonstration gives."""
    version = versions.live(unit.session, entry)
    if version and row.get("signed") and assessments.hindrances(version):
        disclosures.sign(unit, version, row["signed"])


def by_key(kit: Kit) -> dict[str, str]:
    """Ids of the loaded entries by their title, for demands and applications that name them."""
    with kit.database.read() as session:
        titles = dict(session.execute(select(Entry.title, Entry.id).where(Entry.origin == v.Origin.OWN)).all())
    rows = files.table("datasets.toml")["dataset"]
    return {row["key"]: titles[row["title_zh"]] for row in rows if row["title_zh"] in titles}


def describe(row: Mapping[str, Any], contact: Mapping[str, Any]) -> Description:
    """The description of an entry from its table."""
    start, end = row.get("time_range", (None, None))
    flags = v.ObjectFlag.packed(v.ObjectFlag(one) for one in row["object_flags"])
    return Description(
        title=row["title_zh"],
        title_en=row["title_en"],
        abstract=row["abstract_zh"],
        abstract_en=row["abstract_en"],
        catalogue_class=v.CatalogueClass(row["category"][0]),
        themes=tuple(row["themes"]),
        industry=row.get("industry"),
        tags=tuple(row["tags"]),
        region_code=row["region_code"],
        data_range=v.DataRange(row["data_range"]),
        time_from=_day(start),
        time_to=_day(end),
        object_flags=flags,
        use_scenes=tuple(row.get("use_scenes", ())),
        collection_kind=v.CollectionKind(row["collection_kind"]),
        update_cycle=v.UpdateCycle(row["update_cycle"]),
        share_type=v.ShareType(row["share_type"]),
        share_condition=row.get("share_condition", ""),
        share_mode=v.ShareMode(row["share_mode"]) if row.get("share_mode") else None,
        share_reason=v.ReasonKind(row["share_reason"]) if row.get("share_reason") else None,
        share_basis=row.get("share_basis", ""),
        open_type=v.OpenType(row["open_type"]),
        open_tier=v.OpenTier(row["open_tier"]),
        open_condition=row.get("open_condition", ""),
        open_reason=v.ReasonKind(row["open_reason"]) if row.get("open_reason") else None,
        open_basis=row.get("open_basis", ""),
        personal_basis=row.get("personal_basis", ""),
        metadata_public=row.get("metadata_public", False),
        licence=v.Licence(row["licence"]) if row.get("licence") else None,
        contact_office=contact["office_zh"],
        contact_phone=contact["phone"],
        contact_email=contact["email"],
        source_note=f"{row['source_zh']}（{row['source_licence']}）",
        source_url=row["source_url"],
    )


def _item(row: Mapping[str, Any], item: Mapping[str, Any]) -> ItemDescription:
    return ItemDescription(
        name=item.get("column", item["zh"]),
        title=item["zh"],
        title_en=item["en"],
        meaning=item.get("meaning_zh", ""),
        type=v.ItemType(item["type"]),
        codes=tuple(item["codes"]) if item.get("codes") else None,
        is_primary=item.get("primary", False),
        nullable=item.get("nullable", False),
        is_timestamp=item.get("timestamp", False),
        personal_kind=v.PersonalKind(item["personal_kind"]) if item.get("personal_kind") else None,
        desensitisation=v.Desensitisation(item.get("desensitisation", "NONE")),
        security_level=v.SecurityLevel(item.get("level", "L1")),
        share_type=v.ShareType(item.get("share_type", row["share_type"])),
        share_condition=item.get("share_condition", ""),
        open_type=v.OpenType(item.get("open_type", row["open_type"])),
        open_condition=item.get("open_condition", ""),
    )


def _rules(row: Mapping[str, Any]) -> list[Rule]:
    headings = {item["name"]: item.get("column", item["zh"]) for item in row["items"]}
    return [_rule(f"{row['key']}-{number}", rule, headings) for number, rule in enumerate(row["rules"], 1)]


def _rule(rule_id: str, rule: Mapping[str, Any], headings: Mapping[str, str]) -> Rule:
    names = rule.get("column_list") or [rule["column"]]
    renamed = {"value_set": "values", "min_value": "min", "max_value": "max", "regex": "regex"}
    parameters = {new: rule[old] for old, new in renamed.items() if old in rule}
    return Rule(
        rule_id=rule_id,
        kind=KINDS[rule["expectation"]],
        columns=tuple(headings[name] for name in names),
        parameters=parameters,
        dimension=rule["dimension"],
        severity=rule["severity"],
        mostly=rule.get("mostly", 1.0),
        why_zh=rule["zh"],
        why_en=rule["en"],
    )


def _day(text: str | None) -> Any:
    return datetime.fromisoformat(text).date() if text else None

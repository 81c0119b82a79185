"""The demonstration data: complete, lawful by our own rules, of the numbers that SOURCES.md gives."""

import re
import runpy
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo import references
from policies import approval, identifiers, opening, rulebook
from policies import vocabulary as v
from policies.approval import Mover

DEMO = Path(__file__).parents[2] / "demo"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)

Entry = dict[str, Any]


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((DEMO / f"{name}.toml").read_text(encoding="utf-8"))


DATASETS: list[Entry] = load("datasets")["dataset"]
TENANTS: list[Entry] = load("tenants")["tenant"]
FACES: list[Entry] = load("tenants")["face"]
DEMANDS: list[Entry] = load("demands")["demand"]
APPLICANTS: list[Entry] = load("applications")["applicant"]
APPLICATIONS: list[Entry] = load("applications")["application"]
BY_KEY = {tenant["key"]: tenant for tenant in [*TENANTS, *APPLICANTS]}
every_dataset = pytest.mark.parametrize("entry", DATASETS, ids=lambda entry: entry["key"])


def table(entry: Entry) -> list[dict[str, str | None]]:
    """The rows of an entry's file by technical name, every value as text, an empty cell as None."""
    rows = references.table(entry)
    names = {item.get("column", item["zh"]): item["name"] for item in entry["items"]}
    assert all(set(row) == set(names) for row in rows), "headings and items differ"
    return [{names[heading]: value for heading, value in row.items()} for row in rows]


def share_met(rule: Entry, rows: list[dict[str, str | None]]) -> float:
    """The share of elements that meet a rule; empty cells count for not_be_null only, as in the library."""
    if rule["expectation"] == "expect_compound_columns_to_be_unique":
        keys = Counter(tuple(row[column] for column in rule["column_list"]) for row in rows)
        return sum(count for count in keys.values() if count == 1) / len(rows)
    values = [row[rule["column"]] for row in rows]
    given = [value for value in values if value is not None]
    if rule["expectation"] == "expect_column_values_to_not_be_null":
        return len(given) / len(values)
    return sum(meets(rule, given)) / len(given)


def meets(rule: Entry, values: list[str]) -> Iterable[bool]:
    match rule["expectation"]:
        case "expect_column_values_to_be_unique":
            counts = Counter(values)
            return [counts[value] == 1 for value in values]
        case "expect_column_values_to_match_regex":
            return [re.search(rule["regex"], value) is not None for value in values]
        case "expect_column_values_to_be_in_set":
            return [value in rule["value_set"] for value in values]
        case "expect_column_values_to_be_between":
            least, most = rule.get("min_value", "-Infinity"), rule.get("max_value", "Infinity")
            return [Decimal(str(least)) <= Decimal(value) <= Decimal(str(most)) for value in values]
    raise AssertionError(rule["expectation"])


def judged(entry: Entry) -> tuple[opening.Attributes, list[opening.ItemAttributes]]:
    """An entry and its items as the opening rules see them."""
    attributes = opening.Attributes(
        share_type=v.ShareType(entry["share_type"]),
        share_mode=v.ShareMode(entry["share_mode"]),
        share_condition=entry.get("share_condition", ""),
        share_basis=entry.get("share_basis", ""),
        share_reason=v.ReasonKind(entry["share_reason"]) if "share_reason" in entry else None,
        open_type=v.OpenType(entry["open_type"]),
        open_tier=v.OpenTier(entry["open_tier"]),
        open_condition=entry.get("open_condition", ""),
        open_basis=entry.get("open_basis", ""),
        open_reason=v.ReasonKind(entry["open_reason"]) if "open_reason" in entry else None,
        security_level=v.SecurityLevel(entry["security_level"]),
        licence=v.Licence(entry["licence"]) if "licence" in entry else None,
        personal_basis=entry.get("personal_basis", ""),
    )
    items = [
        opening.ItemAttributes(
            name=item["name"],
            security_level=v.SecurityLevel(item.get("level", "L1")),
            share_type=v.ShareType(item.get("share_type", entry["share_type"])),
            open_type=v.OpenType(item.get("open_type", entry["open_type"])),
            personal_kind=v.PersonalKind(item["personal_kind"]) if "personal_kind" in item else None,
            desensitisation=v.Desensitisation(item.get("desensitisation", "NONE")),
        )
        for item in entry["items"]
    ]
    return attributes, items


@every_dataset
def test_an_entry_breaks_no_opening_rule(entry: Entry) -> None:
    assert opening.check(*judged(entry)) == ()


@every_dataset
def test_an_entry_uses_known_codes(entry: Entry) -> None:
    assert entry["owner"] in BY_KEY
    assert v.Region(entry["region_code"]).national
    assert v.DataRange(entry["data_range"])
    assert v.UpdateCycle(entry["update_cycle"])
    assert v.CollectionKind(entry["collection_kind"])
    assert v.Format(entry["format"])
    assert v.Industry(entry["industry"])
    assert [v.Theme(code) for code in entry["themes"]]
    assert [v.UseScene(code) for code in entry["use_scenes"]]
    assert v.ObjectFlag.packed(v.ObjectFlag(flag) for flag in entry["object_flags"]) > 0
    assert identifiers.valid_resource_code(entry["category"] + "/000001")
    assert 2 <= len(entry["title_zh"]) <= 500
    assert 0 < len(entry["abstract_zh"]) <= 1000
    assert 0 < len(entry["abstract_en"]) <= 1000
    assert len(entry["tags"]) <= 20
    assert [date.fromisoformat(day) for day in entry.get("time_range", [])] in ([], sorted_days(entry))
    for field in ("share_condition", "open_condition"):
        assert len(entry.get(field, "")) <= 255


def sorted_days(entry: Entry) -> list[date]:
    return sorted(date.fromisoformat(day) for day in entry.get("time_range", []))


@every_dataset
def test_items_agree_with_the_file(entry: Entry) -> None:
    rows, items = table(entry), entry["items"]
    assert len({item["name"] for item in items}) == len(items)
    primary = [item["name"] for item in items if item.get("primary")]
    assert rows
    assert not primary or len({tuple(row[name] for name in primary) for row in rows}) == len(rows)
    for item in items:
        values = [row[item["name"]] for row in rows]
        given = [value for value in values if value is not None]
        assert (len(given) < len(values)) <= item.get("nullable", False), item["name"]
        assert all(map(reads_as(v.ItemType(item["type"])), given)), item["name"]
        assert max(map(len, given), default=0) <= item.get("length", 1000), item["name"]
        assert set(given) <= set(item.get("codes", given)), item["name"]


def reads_as(kind: v.ItemType) -> Any:
    patterns = {
        v.ItemType.INTEGER: r"-?[0-9]+",
        v.ItemType.NUMBER: r"-?[0-9]+(\.[0-9]+)?",
        v.ItemType.DATE: r"20[0-9]{2}(-[0-9]{2}-[0-9]{2}|/[0-9]{1,2}/[0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日)",
        v.ItemType.DATETIME: r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(\+08:00)?",
    }
    return re.compile(patterns.get(kind, r"(?s)\S(.*\S)?")).fullmatch


@every_dataset
def test_rules_judge_the_file_as_announced(entry: Entry) -> None:
    rows = table(entry)
    failed = []
    for rule in entry["rules"]:
        assert v.Dimension(rule["dimension"])
        if share_met(rule, rows) < rule.get("mostly", 1):
            failed.append(v.Severity(rule["severity"]))
    assert entry["outcome"] == ("gate-fails" if v.Severity.CRITICAL in failed else "live")


def test_the_set_shows_every_kind_of_entry() -> None:
    assert Counter(entry["outcome"] for entry in DATASETS) == {"live": 33, "gate-fails": 1}
    assert {entry["open_tier"] for entry in DATASETS} == {"T0", "T1", "T2", "TX"}
    assert {entry["collection_kind"] for entry in DATASETS} == {"DB", "FILE", "API", "IOT", "SPATIAL"}
    formats = {"csv", "json", "jsonl", "xlsx", "xls", "ods", "geojson", "parquet", "shp"}
    assert {entry["format"] for entry in DATASETS} == formats
    encodings = {"utf-8", "utf-8-sig", "gb18030", "big5hkscs", "utf-16", "gbk"}
    assert {entry["encoding"] for entry in DATASETS if "encoding" in entry} == encodings
    assert {Path(entry["file"]).suffix for entry in DATASETS} >= {".gz", ".zip", ".tsv"}
    assert {entry["file"] for entry in DATASETS} == {f"files/{p.name}" for p in (DEMO / "files").iterdir()}
    for field in ("key", "title_zh", "title_en"):
        assert len({entry[field] for entry in DATASETS}) == len(DATASETS)


def test_what_is_hidden_is_never_open() -> None:
    hidden = [entry for entry in DATASETS if not entry.get("metadata_public", True)]
    assert [(entry["key"], entry["open_tier"]) for entry in hidden] == [("pump-room-temperature", "TX")]


def test_no_file_holds_identity_or_mobile_numbers() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in DEMO.glob("*.toml")}
    for entry in DATASETS:
        texts[entry["key"]] = "\n".join(value for row in table(entry) for value in row.values() if value)
    for name, text in texts.items():
        words = re.findall(r"(?<![0-9A-Za-z.])[0-9]{11}(?:[0-9]{6}[0-9X])?(?![0-9A-Za-z])", text)
        assert not [w for w in words if identifiers.valid_mobile(w)], name
        assert not [w for w in words if identifiers.valid_citizen_id(w, NOON.date())], name


def test_tenants_are_a_tree_with_right_codes() -> None:
    seen: set[str | None] = set()
    for tenant in TENANTS:
        assert v.TenantKind(tenant["kind"]) is not v.TenantKind.APPLICANT
        assert tenant.get("parent") in (seen or {None}), tenant["key"]  # parents come first
        assert v.Region(tenant["region"])
        seen.add(tenant["key"])
    assert len(seen) == len(TENANTS)
    codes = [tenant["uscc"] for tenant in BY_KEY.values()]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert identifiers.valid_uscc(code)
        assert identifiers.valid_organisation_code(code[8:17])
        assert code[2:6] == "3305"
        assert code[8:10] == "TX"
    assert [t["key"] for t in TENANTS if t.get("authority")] == ["data-bureau"]
    assert {t["region"] for t in TENANTS} == {region.value for region in v.Region}


def test_every_kind_of_institution_has_the_class_of_its_code() -> None:
    classes = {"SUBUNIT": "12", "UTILITY": "91", "APPLICANT": "91"}
    for tenant in BY_KEY.values():
        assert tenant["uscc"][:2] == classes.get(tenant["kind"], "11"), tenant["key"]


def test_faces_belong_to_tenants_and_have_paths_of_their_own() -> None:
    assert [(face["tenant"], face["path"]) for face in FACES] == [("huzhou", ""), ("deqing", "deqing")]
    assert all(face[f"{part}_{lang}"] for face in FACES for part in ("footer",) for lang in ("zh", "en"))
    assert {face["phone"] for face in FACES} == {"12345"}


def walk(kind: str, opener: str, provider: str, moves: list[Entry]) -> str:
    """The stage that a case of a kind ends in when the moves are made in their order."""
    rules = rulebook.load()
    case = approval.open_case(kind, f"{opener}:applicant", NOON, rules)
    for number, step in enumerate(moves):
        capacities = {
            opener: {"applicant:self"},
            provider: {"provider:department_reviewer", "provider:steward"},
            "data-bureau": {"authority:authority_reviewer"},
        }[step["by"]]
        extra = {"kind": step["kind"]} if "kind" in step else {}
        person = f"{opener}:applicant" if step["by"] == opener else f"{step['by']}:{number}"
        mover = Mover(person, frozenset(capacities), step.get("comment", ""), step.get("basis", ""), extra)
        moved = approval.decide(case, step["move"], mover, NOON, rules)
        assert isinstance(moved, approval.Moved), str(moved)
        case = approval.after(case, moved)
    return case.stage


@pytest.mark.parametrize("demand", DEMANDS, ids=lambda demand: demand["key"])
def test_a_demand_goes_the_way_it_announces(demand: Entry) -> None:
    assert walk("DEMAND", demand["demander"], demand["provider"], demand["moves"]) == demand["ends"]
    assert v.DemandPath(demand["path"])
    assert v.DemandMatch(demand["match"])
    assert v.UpdateCycle(demand["update_cycle"])
    mounted = [entry for entry in DATASETS if entry["key"] == demand.get("mounts")]
    assert bool(mounted) == any(step["move"] == "mount" for step in demand["moves"])
    for entry in mounted:
        assert entry["owner"] == demand["provider"]
        assert set(demand["items"]) <= {item["zh"] for item in entry["items"]}


def test_demands_end_in_different_ways() -> None:
    assert Counter(demand["ends"] for demand in DEMANDS) == {
        "COMPLETED": 2,
        "RETURNED": 2,
        "CATALOG_MOUNTED": 1,
        "CONFIRMED": 1,
        "DISPATCHED": 1,
        "SUBMITTED": 1,
    }


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application["key"])
def test_an_application_asks_for_restricted_data_and_ends_as_it_announces(application: Entry) -> None:
    (entry,) = (entry for entry in DATASETS if entry["key"] == application["dataset"])
    assert v.OpenTier(entry["open_tier"]).needs_approval
    may_open = {i["name"] for i in entry["items"] if i.get("open_type") != "OPEN_FORBIDDEN"}
    assert set(application["items"]) <= may_open
    assert v.DeliveryMode(application["delivery_mode"])
    assert v.Channel(application["network"])
    applicant = application["applicant"]
    assert "示例" in BY_KEY[applicant]["zh"]
    assert walk("APPLICATION", applicant, entry["owner"], application["moves"]) == application["ends"]


def test_numbers_in_the_sources_are_those_of_the_files() -> None:
    measures = runpy.run_path(str(DEMO / "measure.py"))
    page = (DEMO / "SOURCES.md").read_text(encoding="utf-8")
    stated = page.split(measures["BEGIN"])[1].split(measures["END"])[0]
    assert measures["measure"]() in stated
    assert measures["faults"]() in stated
    for entry in DATASETS:
        assert f"| `{entry['file']}` | {len(table(entry)):,} | {len(entry['items'])} |" in stated


def test_every_file_has_a_source_and_every_source_its_licence() -> None:
    page = (DEMO / "SOURCES.md").read_text(encoding="utf-8").split("## Numbers")[0]
    for entry in DATASETS:
        assert f"`{Path(entry['file']).name}`" in page
    named = set(re.findall(r"`([A-Za-z0-9.-]+\.txt)`", page))
    assert named == {path.name for path in (DEMO / "licences").iterdir()}
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 5_000_000

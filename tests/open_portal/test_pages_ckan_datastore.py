"""Rows by the CKAN door: filters, pages, formats, and whose rows they are."""

import csv
import io
from typing import Any

import ckanapi
import pytest
from ckan_stage import World
from public_stage import PLATE, SECRET_COLUMN

from catalog.models import Delivery


def resource_of(world: World, kind: str) -> str:
    with world.remote() as remote:
        package = remote.action.package_show(id=world.names[kind])
        return str(package["resources"][0]["id"])


@pytest.fixture
def rows(ckan_world: World) -> Any:
    """Gives the answer for the open table."""
    resource_id = resource_of(ckan_world, "open")
    with ckan_world.remote() as remote:
        yield lambda **asked: remote.action.datastore_search(resource_id=resource_id, **asked)


def test_rows_with_types_and_without_what_is_closed(rows: Any) -> None:
    found = rows()
    types = [(one["id"], one["type"]) for one in found["fields"]]
    assert types == [("_id", "int"), ("线路", "text"), ("站点数", "int"), ("开通日期", "date")]
    assert found["fields"][2]["info"]["label_en"] == "Stops"
    assert found["records"] == [
        {"_id": 1, "线路": "1路", "站点数": 12, "开通日期": "2020-01-02"},
        {"_id": 2, "线路": "2路", "站点数": 7, "开通日期": "2021-03-04"},
        {"_id": 3, "线路": "=3路", "站点数": 30, "开通日期": None},
    ]
    assert (found["total"], found["total_was_estimated"], found["limit"]) == (3, False, 100)
    assert PLATE not in str(found)
    assert set(found["_links"]) == {"start", "next"}


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"filters": {"线路": "2路"}}, [2]),
    ({"filters": {"线路": ["1路", "2路"]}}, [1, 2]),
    ({"filters": '{"站点数": 30}'}, [3]),
    ({"filters": {"站点数": ["7", 12]}}, [1, 2]),
    ({"filters": {"开通日期": None}}, [3]),
    ({"filters": {"_id": [1, 3]}}, [1, 3]),
    ({"q": "路"}, [1, 2, 3]),
    ({"q": "2021 路"}, [2]),
    ({"q": {"线路": "1"}}, [1]),
    ({"q": '{"线路": "3"}'}, [3]),
    ({"q": PLATE}, []),
    ({"sort": "站点数 desc"}, [3, 1, 2]),
    ({"sort": "开通日期 desc nulls last, _id"}, [2, 1, 3]),
    ({"limit": 1, "offset": 1}, [2]),
    ({"limit": 1, "offset": "after-2"}, [3]),
    ({"limit": 0}, []),
]


def test_filters_orders_and_pages(rows: Any) -> None:
    for asked, ids in FILTERS:
        assert [one["_id"] for one in rows(**asked)["records"]] == ids, asked
    assert rows(limit=99_999)["limit"] == 32_000
    assert "total" not in rows(include_total=False)
    seen, offset = [], None
    while True:
        page = rows(limit=2, include_next_page=True, **({"offset": offset} if offset else {}))
        seen += [one["_id"] for one in page["records"]]
        assert page["total"] == 3
        if (offset := page["next_page"]) is None:
            break
    assert seen == [1, 2, 3]


def test_formats_and_columns(rows: Any) -> None:
    lists = rows(fields=["站点数", "线路"], records_format="lists", limit=2)
    assert lists["records"] == [[12, "1路"], [7, "2路"]]
    assert [one["id"] for one in lists["fields"]] == ["站点数", "线路"]
    text = rows(fields="线路,开通日期", records_format="csv")["records"]
    assert list(csv.reader(io.StringIO(text))) == [["1路", "2020-01-02"], ["2路", "2021-03-04"], ["=3路", ""]]
    assert rows(fields="线路", records_format="tsv", limit=1)["records"] == "1路\n"


def test_rows_that_are_equal_come_once(ckan_world: World) -> None:
    resource_id = resource_of(ckan_world, "signed")
    with ckan_world.remote("requester") as remote:

        def ask(**asked: Any) -> Any:
            return remote.action.datastore_search(resource_id=resource_id, distinct=True, **asked)

        every = [tuple(row.values()) for row in remote.action.datastore_search(resource_id=resource_id)["records"]]
        assert [tuple(row.values()) for row in ask()["records"]] == every
        fields = [one["id"] for one in ask()["fields"]][1:]
        found = ask(fields=fields, limit=1, include_next_page=True)
        assert (found["total"], found["next_page"], len(found["records"])) == (len(every), "1", 1)
        following = ask(fields=fields, limit=2, offset=found["next_page"], sort=f"{fields[0]} desc")
        assert len(following["records"]) == 2
        assert ask(fields=fields, limit=0)["total"] == len(every)


WRONG: list[dict[str, Any]] = [
    {"fields": [SECRET_COLUMN]},
    {"filters": {SECRET_COLUMN: f"{PLATE}1"}},
    {"filters": {"nothing": 1}},
    {"filters": [1]},
    {"filters": {"站点数": "many"}},
    {"filters": {"站点数": {"a": 1}}},
    {"q": {SECRET_COLUMN: PLATE}},
    {"sort": SECRET_COLUMN},
    {"sort": "nothing desc"},
    {"sort": "线路", "offset": "after-1"},
    {"limit": -1},
    {"offset": "x"},
    {"records_format": "xml"},
    {"distinct": True, "fields": "线路", "sort": "站点数"},
    {"distinct": True, "fields": "线路", "offset": "after-1"},
]


def test_what_cannot_be_asked(rows: Any) -> None:
    for asked in WRONG:
        with pytest.raises(ckanapi.ValidationError):
            rows(**asked)


def test_rows_are_whose_they_are_on_the_portal(ckan_world: World) -> None:
    signed, restricted = ckan_world.names["signed"], ckan_world.names["restricted"]
    ids = {}
    with ckan_world.remote() as nobody:
        for name in (signed, restricted):
            [way] = nobody.action.package_show(id=name)["resources"]
            ids[name] = way["id"]
            with pytest.raises(ckanapi.NotAuthorized):
                nobody.action.datastore_search(resource_id=way["id"])
            with pytest.raises(ckanapi.NotAuthorized):
                nobody.action.datastore_info(id=way["id"])
        with pytest.raises(ckanapi.NotFound):
            nobody.action.datastore_search(resource_id="no-such-table")
        with pytest.raises(ckanapi.CKANAPIError, match="Bad request"):
            nobody.action.datastore_search_sql(sql="select 1")
    # Of one's own department, or from within government: still no more than the open domain gives.
    for login in ("requester", "steward", "stranger"):
        with ckan_world.remote(login) as remote:
            found = remote.action.datastore_search(resource_id=ids[signed])
            assert PLATE not in str(found)
            assert found["total"] == 3
            with pytest.raises(ckanapi.NotAuthorized):
                remote.action.datastore_search(resource_id=ids[restricted])


def test_what_a_table_holds_and_that_leaving_rows_are_counted(ckan_world: World, rows: Any) -> None:
    with ckan_world.remote() as remote:
        info = remote.action.datastore_info(id=resource_of(ckan_world, "open"))
    assert info["meta"]["count"] == 3
    assert [(one["id"], one["type"]) for one in info["fields"]] == [
        ("线路", "text"),
        ("站点数", "int"),
        ("开通日期", "date"),
    ]
    before = deliveries(ckan_world)
    rows(limit=0)
    assert deliveries(ckan_world) == before
    rows(limit=2)
    assert deliveries(ckan_world) == before + 1


def deliveries(world: World) -> int:
    with world.kit.database.read() as session:
        return session.query(Delivery).count()

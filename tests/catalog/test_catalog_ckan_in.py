"""Packages as clients send them, in our terms; and what cannot be one, with its place."""

from datetime import UTC, date, datetime

import pytest

from catalog.mapping import ckan_in, ckan_in_values
from catalog.mapping.resources import Resource
from policies import vocabulary as v
from policies.refusals import Invalid

WHOLE = {
    "id": "abc",
    "name": "bus-lines",
    "title": " 公交线路 ",
    "notes": None,
    "tags": [{"name": "公交"}, {"name": "公交"}, "出行"],
    "groups": [{"id": "x", "title": "交通运输"}, {"name": "theme-6"}, {"name": "others"}],
    "license_id": "https://creativecommons.org/licenses/by/4.0/",
    "maintainer": "数据科 0572-2000000",
    "private": "False",
    "owner_org": "hz-jtj",
    "organization": {"name": "jtj", "title": "交通局"},
    "metadata_modified": "2026-01-02T03:04:05.000006",
    "extras": [
        {"key": "frequency", "value": "http://publications.europa.eu/resource/authority/frequency/MONTHLY"},
        {"key": "access_level", "value": "T2"},
        {"key": "temporal_start", "value": "2020-01-01T00:00:00"},
        {"key": "quality_score", "value": "100"},
        {"key": "own", "value": 7},
        {"key": "empty", "value": None},
    ],
    "resources": [{"url": "https://a.example/x.csv", "format": "CSV", "size": "12", "last_modified": "2026-01-02"}],
}


def test_a_whole_package() -> None:
    sent = ckan_in.read(WHOLE)
    assert sent.values == {
        "title": "公交线路",
        "abstract": "",
        "tags": ("公交", "出行"),
        "themes": ("6",),
        "licence": v.Licence.CC_BY,
        "contact_office": "数据科",
        "contact_phone": "0572-2000000",
        "update_cycle": v.UpdateCycle.MONTHLY,
        "open_tier": v.OpenTier.T2,
        "time_from": date(2020, 1, 1),
    }
    assert (sent.owner, sent.owner_name, sent.publisher, sent.private) == ("hz-jtj", "jtj", "交通局", False)
    assert (sent.groups, sent.extras) == (("others",), {"own": "7"})
    assert sent.modified == datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert sent.resources == (Resource("https://a.example/x.csv", format="CSV", size=12, modified="2026-01-02"),)


def test_what_is_not_spoken_of_is_not_said() -> None:
    sent = ckan_in.read({"id": "a"})
    assert (sent.values, sent.resources, sent.extras, sent.private) == ({}, None, None, False)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"title": ["a"]}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": True}, "title"),
        ({"name": "Ä"}, "name"),
        ({"extras": {}}, "extras"),
        ({"extras": [1]}, "extras.0.key"),
        ({"extras": [{"key": "a", "value": {}}]}, "extras.0.value"),
        ({"extras": [{"key": "temporal_end", "value": "soon"}]}, "extras.0.value"),
        ({"extras": [{"key": "region_code", "value": "3" * 13}]}, "region_code"),
        ({"tags": [{"vocabulary": 1}]}, "tags.0.name"),
        ({"groups": [{}]}, "groups.0.name"),
        ({"license_id": "mine"}, "license_id"),
        ({"metadata_created": "once"}, "metadata_created"),
        ({"url": "https://me:secret@a.example"}, "url"),
        ({"resources": "x"}, "resources"),
        ({"resources": [{"url": "data:1"}]}, "resources.0.url"),
        ({"resources": [{"url": "https://a.example", "size": -1}]}, "resources.0.size"),
        ({"resources": [{}] * 201}, "resources"),
    ],
)
def test_what_cannot_be_taken_names_its_place(wrong: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        ckan_in.read(wrong)
    assert path in caught.value.fields


def test_a_resource_keeps_what_is_not_spoken_of() -> None:
    before = Resource("https://a.example", id="r", name="n", size=3, media_type="text/csv")
    after = ckan_in.read_resource({"description": "d", "id": "r"}, before)
    assert after == Resource("https://a.example", id="r", name="n", description="d", size=3, media_type="text/csv")


def test_every_licence_and_theme_is_known_by_what_we_call_it() -> None:
    for licence in v.Licence:
        assert ckan_in_values.licence(licence.value) is licence
    for theme in v.Theme:
        assert ckan_in_values.theme((f"theme-{theme.value}",)) is ckan_in_values.theme((theme.zh,)) is theme

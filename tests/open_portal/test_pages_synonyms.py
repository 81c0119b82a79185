"""Synonyms: kept on a page by those who may, in force with the next search, taken in and given out as a table."""

import io

import portal_stage
import pytest
from portal_stage import Stage, post
from sqlalchemy import select

from catalog import synonyms
from catalog.models import Synonym
from tenancy.records import AuditLine


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Stage:
    """A portal over the cast."""
    return portal_stage.build(db, cast, now, tmp_path)


def test_a_group_is_added_tried_changed_and_removed(stage):
    portal_stage.entry(stage, "停车泊位分布", open_it=True)
    officer = stage.signed_in(stage.cast.officer)
    public = stage.browser()
    assert "停车泊位分布" not in public.get("/datasets?q=存车处").text
    assert post(officer, "/admin/synonyms", words="存车处", note="").status_code == 422
    assert "存车处" in post(officer, "/admin/synonyms", words="存车处", note="").text, "what was typed stays"
    assert post(officer, "/admin/synonyms", words="存车处，停车泊位", note="试").status_code == 302
    assert post(officer, "/admin/synonyms", words="停车泊位、存车处", note="").status_code == 422, "it is there already"
    assert "停车泊位分布" in public.get("/datasets?q=存车处").text
    tried = officer.get("/admin/synonyms?try=存车处").text
    assert "停车泊位分布" in tried
    with stage.kit.database.read() as session:
        key = next(row.id for row in synonyms.listed(session, "存车处"))
    page = f"/admin/synonyms/{key}"
    assert "存车处、停车泊位" in officer.get(page).text
    assert post(officer, page, words="存车处、车棚", note="试").status_code == 302
    assert "停车泊位分布" not in public.get("/datasets?q=存车处").text
    assert post(officer, f"{page}/remove", page=page).status_code == 302
    assert officer.get(page).status_code == 404
    with stage.kit.database.read() as session:
        told = set(session.scalars(select(AuditLine.what).where(AuditLine.what.startswith("synonym."))))
    assert told == {"synonym.added", "synonym.changed", "synonym.removed"}


def test_a_table_is_taken_in_whole_or_not_at_all(stage):
    admin = stage.signed_in(stage.cast.system_admin)
    table = admin.get("/admin/synonyms.csv").data
    count = len(table.decode("utf-8-sig").splitlines()) - 1
    assert count >= 40
    wrong = "words,note\n甲词、乙词,\n只有一个,\n"
    refused = post(admin, "/admin/synonyms/import", page="/admin/synonyms", table=wrong)
    assert refused.status_code == 422
    assert "3" in refused.text
    assert "甲词、乙词" in refused.text, "what was sent stays"
    assert post(admin, "/admin/synonyms/import", page="/admin/synonyms", table="a;b").status_code == 422
    file = (io.BytesIO(table + "甲词、乙词,新\n".encode()), "synonyms.csv")
    assert post(admin, "/admin/synonyms/import", page="/admin/synonyms", file=file).status_code == 302
    with stage.kit.database.read() as session:
        assert len(list(session.scalars(select(Synonym)))) == count + 1


def test_strangers_neither_read_nor_change_the_list(stage):
    for client in (stage.browser(), stage.signed_in(stage.cast.steward), stage.signed_in(stage.cast.auditor)):
        assert client.get("/admin/synonyms").status_code in {302, 403}
        assert client.get("/admin/synonyms.csv").status_code in {302, 403}

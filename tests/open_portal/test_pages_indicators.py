"""The public indicators: figures with their counts, replayed, down to rows without giving titles away."""

from datetime import timedelta

import portal_stage
import pytest
from portal_stage import Stage


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Stage:
    """A portal with three entries: an open one, one that is listed, one nobody outside knows of."""
    made = portal_stage.build(db, cast, now, tmp_path)
    portal_stage.entry(made, "公交线路", open_it=True)
    portal_stage.entry(made, "驾驶员名册", open_it=False)
    portal_stage.entry(made, "内部台账", open_it=False, public=False)
    return made


def test_the_overview_shows_values_targets_and_counts(stage):
    page = stage.browser().get("/indicators").text
    assert "33.33%" in page
    assert "1 / 3" in page
    assert "target year over" in page
    assert "3.33 points above the target" in page


def test_rows_add_up_and_hidden_titles_stay_hidden(stage):
    public = stage.browser().get("/indicators/OPEN_CAT").text
    assert "公交线路" in public
    assert "驾驶员名册" in public
    assert "内部台账" not in public
    assert "1 entry not public" in public
    inside = stage.signed_in(stage.cast.steward).get("/indicators/OPEN_CAT").text
    assert "内部台账" in inside
    assert "not public" not in inside


def test_the_filter_takes_one_side(stage):
    client = stage.browser()
    counted = client.get("/indicators/OPEN_CAT?counted=yes").text
    assert "公交线路" in counted
    assert "驾驶员名册" not in counted
    assert "1 entry not public" not in counted
    rest = client.get("/indicators/OPEN_CAT?counted=no&department=hz-jtj").text
    assert "公交线路" not in rest
    assert "1 entry not public" in rest
    assert "No rows" in client.get("/indicators/OPEN_CAT?department=hz-jyj").text


def test_the_tables_hold_the_same_numbers(stage):
    client = stage.browser()
    rows = client.get("/indicators/OPEN_CAT.csv").text.splitlines()
    assert rows[-1] == ",Together,,3,1,1,3"
    assert rows[-2] == ",Not public,,1,0,0,1"
    assert "内部台账" not in "\n".join(rows)
    listing = client.get("/indicators.csv").text
    assert "OPEN_CAT,1,33.3333,1,3" in listing


def test_a_day_is_replayed_to_its_end(stage):
    client = stage.browser()
    assert "1 / 3" not in client.get("/indicators?as_of=2026-11-22").text
    stage.clock.now += timedelta(days=2)
    assert "1 / 3" in client.get("/indicators?as_of=2026-11-23").text
    assert client.get("/indicators?as_of=2020-01-01").status_code == 200
    assert client.get("/indicators/OPEN_CAT?as_of=2020-01-01").status_code == 404


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2999-01-01", "2026-11-23T00:00"])
def test_what_is_no_past_day_is_refused(stage, text):
    assert stage.browser().get("/indicators", query_string={"as_of": text}).status_code == 422


def test_an_unknown_rate_is_not_found(stage):
    for url in ("/indicators/NONE", "/indicators/NONE.csv", "/indicators/OPEN_CAT?department=none"):
        assert stage.browser().get(url).status_code == 404


def test_both_languages(stage):
    assert "Open rate" in stage.browser().get("/indicators").text
    assert "开放率" in stage.browser(language="zh_Hans_CN").get("/indicators").text

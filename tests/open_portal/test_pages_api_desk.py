"""Lists of the desk for programs: what its pages show, to whom they show it, in both languages."""

from typing import Any

import api_lists
import desk_world
import pytest
from desk_world import PHONE, TITLE, Desk

from policies.vocabulary import TokenScope
from quality.issues.issue_models import Issue
from tenancy.records import Case

BELOW = "/api/v1/desk/"
OF = "/api/v1/desk/datasets/{code}"
EMPTY = {f"{OF}/uploads", f"{BELOW}issues/{{number}}/occurrences"}
"""Lists in which nothing stands in this world."""
OWN = {f"{OF}/rules/trials/{{trial_id}}"}
"""Lists that not everybody inside the unit may read, as their pages."""
SHARED = (f"{BELOW}sources", f"{BELOW}standards/{{kind}}", f"{BELOW}cases", f"{BELOW}issues")
"""Lists that every unit may read, or whose other side the stranger is."""
PUBLISHED = ("/rules", "/cases", "/versions/{number}/runs")
"""Parts of the addresses of lists in which the published dataset has something."""


@pytest.fixture
def desk(db: Any, cast: Any, now: Any, tmp_path: Any) -> Desk:
    """A desk with something in every list."""
    return desk_world.build(db, cast, now, tmp_path / "home")


def asking(desk: Desk, key: str, language: str = "zh") -> api_lists.Ask:
    """Asks with a token, or without any, in a language."""
    client, own = desk.app.test_client(), {"Authorization": f"Bearer {key}"} if key else {}

    def ask(address: str, **headers: str) -> Any:
        return client.get(f"/api/v1/{address}", headers={"Accept-Language": language, **own, **headers})

    return ask


def addresses(desk: Desk, document: Any) -> dict[str, str]:
    """Every list of the desk with an address of it where, if anywhere, something stands in it."""
    with desk.db.read() as session:
        issue = session.query(Issue.number).scalar()
        review = session.query(Case.number).filter(Case.kind == "ENTRY_REVIEW").scalar()
    run_id = desk.run_id(desk.published_code)
    found = {}
    for path in api_lists.lists_of(document, BELOW):
        of_list = path.endswith("/codes")
        values = {
            "code": desk.published_code if any(part in path for part in PUBLISHED) else desk.messy,
            "number": issue if "/issues/" in path else review if "/cases/" in path else 1,
            "kind": "lists" if of_list else "elements",
            "name": "line-kind" if of_list else "kind",
            "trial_id": desk.trial_id,
            "run_id": run_id,
            "month": "2026-11",
            "key": "hz-jtj",
        }
        found[path] = path.removeprefix(api_lists.PREFIX).format(**values)
    return found


def test_every_list_tells_the_same_as_json_and_table_in_order_and_page_by_page(desk: Desk) -> None:
    ask = asking(desk, desk.token(desk.cast.steward))
    document = desk.app.test_client().get("/openapi.json").json
    told = addresses(desk, document)
    numbers = ("frozen", "corrected", "change")
    found = {path: api_lists.compare(document, path, one, ask, numbers) for path, one in told.items()}
    assert {path for path, lines in found.items() if not lines} == EMPTY
    english = desk.app.test_client().get("/openapi.json", headers={"Accept-Language": "en"}).json["paths"]
    assert not [one for one in found if english[one]["get"]["summary"] == document["paths"][one]["get"]["summary"]]
    states = [asking(desk, desk.token(desk.cast.steward), one)("desk/datasets?q=散乱").json for one in ("zh", "en")]
    assert [one["datasets"][0]["state"]["label"] for one in states] == ["草稿", "Draft"]
    assert states[0]["datasets"][0]["title"] == TITLE
    assert ask("desk/datasets?state=PUBLISHED").json["total"] == 1
    assert ask("desk/versions?state=PASSED").json["total"] == 1
    assert ask("desk/issues?show=mine").json["total"] == ask("desk/issues").json["total"]
    assert ask("desk/issues?show=overdue").json["total"] == 0
    assert ask("desk/standards/elements?q=草拟").json["standards"][0]["state"]["code"] == "DRAFT"
    assert ask(f"desk/datasets/{desk.published_code}/rules/changes?before=1&after=1").json["total"] == 0
    refused = found[f"{OF}/versions/{{number}}/refused"]
    assert [one["text"] for one in refused] == ["401,1,女,,上行,太多", "402,1", "403,1,女,,上行,太多,太多"]
    backwards = api_lists.lines_of(ask(f"desk/datasets/{desk.messy}/versions/1/refused?sort=-line&per_page=2&page=2"))
    assert backwards == refused[:1]


def test_nobody_reads_more_than_the_pages_show_him(desk: Desk) -> None:
    document = desk.app.test_client().get("/openapi.json").json
    told = addresses(desk, document)
    blind = asking(desk, desk.token(desk.cast.system_admin, TokenScope.RESTORE))
    public, company = asking(desk, ""), asking(desk, desk.token(desk.cast.requester))
    stranger, colleague = (asking(desk, desk.token(one)) for one in (desk.cast.stranger, desk.cast.reviewer))
    for path, address in told.items():
        assert [ask(address).status_code for ask in (public, company, blind)] == [401, 403, 401], path
        assert colleague(address).status_code == (403 if path in OWN else 200), path
        answer = stranger(address)
        if path.startswith((OF, f"{BELOW}scorecards/")):
            missing = stranger(
                address.replace(desk.messy, "399001-999999").replace(desk.published_code, "399001-999999")
            )
            assert answer.status_code == missing.status_code == 404, path
            assert answer.json["message"] == missing.json["message"], path
        elif path.startswith(SHARED):
            assert answer.status_code in {200, 404}, path
        else:
            assert (answer.status_code, answer.json["total"]) == (200, 0), (path, answer.text)
        assert TITLE not in answer.text, path
        assert "草拟的数据元" not in answer.text, path
    assert stranger(told[f"{BELOW}cases/{{number}}/steps"]).status_code == 404
    assert stranger(told[f"{BELOW}standards/{{kind}}/{{name}}/uses"]).json["total"] == 0
    texts = {
        name: asking(desk, desk.token(who))("desk/issues").json["issues"][0]["description"]
        for name, who in (("unit", desk.cast.steward), ("authority", desk.cast.leader))
    }
    assert PHONE in texts["unit"]
    assert PHONE not in texts["authority"]
    assert "线路重复" in texts["authority"]

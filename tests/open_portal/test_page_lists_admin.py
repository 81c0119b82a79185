"""Whatever list a page of administration, account or indicators shows, a path of the data interface gives it too."""

import pytest
from flask import Flask
from page_lists import Answer, check

FORM = "a form"
FILE = "a file, which is no page"
V1 = "/api/v1"
A = f"{V1}/admin"
RULES = f"{A}/policies"
CARD = f"{A}/scorecard/{{key}}"
MONTH = f"{A}/scorecards/{{month}}"
LINE = f"{MONTH}/{{key}}"
RUNS = f"{A}/sources/{{key}}/runs"
METADATA = f"{A}/metadata/{{key}}"
RATE = f"{V1}/indicators/{{code}}"

ADMIN: dict[str, Answer] = {
    "home": "the ways to the parts, and one's roles; my/roles lists them",
    "users": f"{A}/users",
    "users_one": f"{A}/users/{{login}}/roles",
    "tenant_tree": f"{A}/tenants",
    "tenant_tree_one": f"{A}/tenants/{{key}}/names",
    "other_platforms": (f"{A}/peers", f"{A}/peers/tokens"),
    "audit_log": f"{A}/audit",
    "audit_log_verify": f"{A}/audit/verify",
    "jobs": (f"{A}/jobs", f"{A}/jobs/schedules"),
    "outbound": f"{A}/outbound",
    "synonym_list": f"{A}/synonyms",
    "synonym_table": f"{A}/synonyms",
    "roles": (f"{A}/roles", f"{A}/roles/policies"),
    "policies": tuple(f"{RULES}/{one}" for one in ("limits", "procedures", "weights", "indicators")),
    "policies_procedure": (f"{RULES}/procedures/{{kind}}/stages", f"{RULES}/procedures/{{kind}}/moves"),
    "rule_changes": f"{RULES}/changes",
    "rule_change": f"{RULES}/changes/{{change_id}}",
    "calendar": (f"{A}/calendar", f"{A}/calendar/days"),
    "sources": f"{A}/sources",
    "sources_one": RUNS,
    "sources_reading": f"{RUNS}/{{number}}/refused",
    "sources_reading_refused": f"{RUNS}/{{number}}/refused",
    "standards_coverage": (f"{A}/standards", f"{A}/standards/deviations"),
    "standards_coverage_table": f"{A}/standards",
    "scorecard": (CARD, f"{CARD}/figures", f"{CARD}/datasets"),
    "scorecard_table": f"{CARD}/figures",
    "scorecard_figure": f"{CARD}/figures/{{code}}",
    "scorecard_dataset": (f"{A}/scorecard-datasets/{{code}}", f"{A}/scorecard-datasets/{{code}}/{{rule}}"),
    "scorecard_months": f"{A}/scorecards",
    "scorecard_month": (MONTH, f"{LINE}/figures"),
    "scorecard_month_table": f"{LINE}/figures",
    "scorecard_line": (f"{LINE}/figures", f"{LINE}/datasets", f"{LINE}/appeals"),
    "metadata_quality": (METADATA, f"{METADATA}/metrics"),
    "metadata_metric": f"{METADATA}/{{metric}}",
    "metadata_table": f"{METADATA}/entries",
    "try_policy": "a question with its answer; admin/roles lists who may do what",
    **dict.fromkeys(("users_add", "users_disable", "propose_platform", "new_wide_token", "propose_rules"), FORM),
    **dict.fromkeys(("sources_new", "sources_change", "synonym_change"), FORM),
    **dict.fromkeys((f"tenant_tree_{one}" for one in ("found", "rename", "move", "merge", "face")), FORM),
}
ACCOUNT: dict[str, Answer] = {
    "home": (f"{V1}/my/tokens", f"{V1}/my/sessions", f"{V1}/my/roles"),
    **dict.fromkeys(("sign_in", "register", "profile", "password", "new_token"), FORM),
    **dict.fromkeys(("second_factor", "second_factor_off"), FORM),
}
INDICATORS: dict[str, Answer] = {
    "overview": f"{V1}/indicators",
    "listing": f"{V1}/indicators",
    "show": (f"{RATE}/evidence", f"{RATE}/departments", f"{RATE}/trend"),
    "rows": f"{RATE}/evidence",
}
CORRECTIONS: dict[str, Answer] = {
    "form": FORM,
    "look_up": FORM,
    "show": "one report with its steps; my/reports lists one's own",
}


@pytest.mark.parametrize(
    ("blueprint", "known"),
    [("admin", ADMIN), ("account", ACCOUNT), ("indicators", INDICATORS), ("corrections", CORRECTIONS)],
)
def test_every_list_of_a_page_has_a_path(app: Flask, blueprint: str, known: dict[str, Answer]) -> None:
    check(app, app.test_client().get("/openapi.json").json, blueprint, known)

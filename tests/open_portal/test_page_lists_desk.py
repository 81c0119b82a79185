"""Whatever list a page of the desk or of applicants shows, a path of the data interface gives it too."""

from flask import Flask
from page_lists import Answer, check

FORM = "a form"
FILE = "a file, which is no page"
V1 = "/api/v1"
OF = f"{V1}/desk/datasets/{{code}}"
STEPS = f"{V1}/desk/cases/{{number}}/steps"
VERSION = f"{OF}/versions/{{number}}"
STANDARD = f"{V1}/desk/standards/{{kind}}/{{name}}"
LINE = f"{V1}/desk/scorecards/{{month}}/{{key}}"

DESK: dict[str, Answer] = {
    "home": (f"{V1}/my/tasks", f"{V1}/my/notices", f"{V1}/desk/datasets", f"{V1}/desk/versions"),
    "datasets_list": f"{V1}/desk/datasets",
    "dataset": (f"{OF}/versions", f"{OF}/cases"),
    "data": (f"{OF}/versions", f"{OF}/uploads"),
    "version": (f"{VERSION}/runs", f"{VERSION}/runs/{{run_id}}/results", f"{VERSION}/refused", f"{VERSION}/remarks"),
    "refused_file": f"{VERSION}/refused",
    "refused_table": f"{VERSION}/refused",
    "risk": f"{VERSION}/findings",
    "version_profile": f"{VERSION}/columns",
    "rules_list": f"{OF}/rules",
    "rule_versions": f"{OF}/rules/versions",
    "compare_rules": f"{OF}/rules/changes",
    "trial": f"{OF}/rules/trials/{{trial_id}}",
    "waivers_list": f"{OF}/rules/waivers",
    "rule_templates": f"{OF}/rules/templates",
    "cleaning_page": (f"{OF}/cleaning/steps", f"{OF}/cleaning/proposals", f"{OF}/cleaning/runs"),
    "item_links": f"{OF}/standards",
    "issues_list": f"{V1}/desk/issues",
    "demands_list": f"{V1}/my/demands",
    "sources_list": f"{V1}/desk/sources",
    "standards_list": f"{V1}/desk/standards/{{kind}}",
    "standards_table": f"{V1}/desk/standards/{{kind}}",
    "standards_workbook": f"{V1}/desk/standards/{{kind}}",
    "standard": (f"{STANDARD}/versions", f"{STANDARD}/codes", f"{STANDARD}/uses", f"{STANDARD}/claims"),
    "coverage": tuple(f"{V1}/desk/standards/{one}" for one in ("coverage", "deviations", "missing")),
    "coverage_table": f"{V1}/desk/standards/coverage",
    "deviations_table": f"{V1}/desk/standards/deviations",
    "quality": (f"{V1}/desk/quality", f"{V1}/desk/quality/rules", f"{V1}/desk/scorecards"),
    "metadata": f"{V1}/desk/metadata",
    "scorecard_line": (f"{LINE}/figures", f"{LINE}/datasets", f"{LINE}/appeals"),
    "issue": (STEPS, f"{V1}/desk/issues/{{number}}/occurrences"),
    **dict.fromkeys(("application", "case", "demand", "scorecard_appeal", "source_case", "standard_case"), STEPS),
    "waiver": STEPS,
}
DESK |= dict.fromkeys(("items", "grading", "opening"), f"{V1}/datasets/{{code}}")
DESK |= {"tasks": f"{OF}/tasks", "check": f"{OF}/obstacles"}
DESK |= dict.fromkeys(("cleaning_ledger", "export_rules"), FILE)
DESK |= dict.fromkeys(("look_at_template", "sheet"), "what would change, looked at before it is kept")
DESK |= dict.fromkeys(
    (
        *(
            "act_form",
            "ask_waiver",
            "change_form",
            "change_rule",
            "claim_form",
            "import_form",
            "import_rules",
            "layout",
        ),
        *("new", "new_demand", "new_rule", "new_standard", "task"),
    ),
    FORM,
)
MY: dict[str, Answer] = {
    "home": tuple(f"{V1}/my/{one}" for one in ("applications", "grants", "follows", "notices", "reports")),
    "subscriptions_list": f"{V1}/my/subscriptions",
    "webhooks_list": f"{V1}/my/webhooks",
    "webhook": f"{V1}/my/webhooks/{{hook_id}}/messages",
    "application": "one application with its steps; my/applications lists them",
    "grant": "one grant; my/grants lists them",
    "agreement": "one text",
    **dict.fromkeys(("confirm_end", "confirm_withdrawal", "new_subscription", "new_webhook", "edit_webhook"), FORM),
}


def test_every_list_of_a_page_has_a_path(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    check(app, document, "desk", DESK)
    check(app, document, "my", MY)

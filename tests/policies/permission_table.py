"""Who may do what: a cast, the things it acts on, the table of actions, and particular facts with their policy."""

from collections.abc import Mapping
from typing import Any

from policies.permissions import DEFAULT_DENY, Principal
from policies.vocabulary import TenantKind

DEPT, OTHER, COUNTY = ("dept", "city"), ("other", "city"), ("county_dept", "county", "city")


def person(name: str, *standings: tuple[str, str], verified: bool = True) -> Principal:
    return Principal(name, "person", verified, standings)


CAST = {
    one.id: one
    for one in (
        person("steward", ("steward", "dept")),
        person("reviewer", ("department_reviewer", "dept")),
        person("leader", ("leader", "dept")),
        person("cdo", ("chief_data_officer", "city")),
        person("authority", ("authority_reviewer", "city")),
        person("admin", ("tenant_admin", "dept")),
        person("city_admin", ("tenant_admin", "city")),
        person("system_admin", ("system_admin", "city")),
        person("security_admin", ("security_admin", "city")),
        person("auditor", ("auditor", "city")),
        person("stranger", ("steward", "other"), ("department_reviewer", "other"), ("tenant_admin", "other")),
        person("applicant", ("member", "acme")),
        person("colleague", ("member", "acme")),
        person("newcomer", verified=False),
        Principal("grant-1", "credential"),
        Principal("grant-2", "credential"),
        Principal("province", "peer", True),
        Principal("anonymous", "anonymous"),
        Principal("system", "system", True),
    )
}


PEOPLE = {name for name, one in CAST.items() if one.kind == "person"}


ENTRY = {"type": "Entry", "id": "e", "path": DEPT, "author_id": "somebody", "state": "DRAFT"}


APPLICATION = {
    "type": "Application",
    "id": "a",
    "path": DEPT,
    "applicant_id": "applicant",
    "applicant_tenant_id": "acme",
}


GRANT = {**APPLICATION, "type": "Grant", "id": "grant-1", "state": "ACTIVE"}


DEMAND = {
    "type": "Demand",
    "id": "d",
    "path": OTHER,
    "provider_path": DEPT,
    "applicant_tenant_id": "other",
}


ISSUE = {
    "type": "Issue",
    "id": "i",
    "path": DEPT,
    "provider_path": OTHER,
    "applicant_id": "newcomer",
    "applicant_tenant_id": "acme",
    "state": "DISPATCHED",
}


HARVEST = {"type": "Harvest", "id": "zhejiang", "path": DEPT, "state": "ACTIVE"}


HOOK = {"type": "Hook", "id": "h", "path": (), "owner_id": "applicant"}


STANDARD = {"type": "Standard", "id": "s", "path": DEPT, "author_id": "steward", "state": "IN_REVIEW"}


CLAIM = {"type": "Claim", "id": "c", "path": DEPT, "author_id": "steward", "applicant_tenant_id": "dept"}


TENANT = {"type": "Tenant", "id": "dept", "path": DEPT}


PARTNERSHIP = {"type": "Partnership", "id": "p", "path": (), "proposer_id": "system_admin", "state": "PROPOSED"}


NEWCOMER = {"type": "Person", "id": "newcomer", "path": DEPT}


TABLE: dict[str, tuple[Mapping[str, Any], set[str]]] = {
    "entry.register": ({**ENTRY, "id": "new"}, {"steward"}),
    "entry.edit": (ENTRY, {"steward"}),
    "entry.delete": (ENTRY, {"steward"}),
    "entry.submit": (ENTRY, {"steward", "reviewer"}),
    "entry.withdraw": (ENTRY, {"steward", "reviewer"}),
    "entry.review": (ENTRY, {"authority"}),
    "entry.suspend": (ENTRY, {"steward", "reviewer", "authority", "system"}),
    "entry.restore": (ENTRY, {"authority"}),
    "release.request": (ENTRY, {"steward", "reviewer"}),
    "release.review": (ENTRY, {"authority"}),
    "version.upload": (ENTRY, {"steward", "system"}),
    "quality.run": ({**ENTRY, "type": "Version"}, {"steward", "reviewer", "authority", "system"}),
    "suite.edit": ({**ENTRY, "type": "Suite"}, {"steward"}),
    "template.edit": ({"type": "Template", "id": "t", "path": DEPT}, {"steward"}),
    "waiver.ask": (ENTRY, {"steward"}),
    "waiver.decide": (ENTRY, {"reviewer", "authority"}),
    "cleaning.edit": (ENTRY, {"steward"}),
    "cleaning.run": (ENTRY, {"steward"}),
    "standard.propose": (STANDARD, {"steward", "system"}),
    "standard.review": (STANDARD, {"authority"}),
    "standard.retire": (STANDARD, {"authority"}),
    "synonym.edit": ({"type": "System", "id": "synonyms", "path": ("city",)}, {"authority", "system_admin"}),
    "source.claim": (CLAIM, {"steward", "reviewer"}),
    "source.dispute": (CLAIM, {"steward", "reviewer"}),
    "source.rule": (CLAIM, {"authority"}),
    "follow.set": (ENTRY, PEOPLE),
    "scorecard.read": (
        {"type": "Report", "id": "r", "path": DEPT},
        {"leader", "cdo", "admin", "city_admin", "authority", "system", "steward", "reviewer"},
    ),
    "scorecard.appeal": ({"type": "Report", "id": "r", "path": DEPT}, {"steward", "reviewer", "leader"}),
    "scorecard.rule": ({"type": "Report", "id": "r", "path": DEPT}, {"authority"}),
    "scorecard.freeze": ({"type": "System", "id": "scorecards", "path": ()}, {"system"}),
    "docs.request": ({**ENTRY, "type": "Version"}, PEOPLE | {"system"}),
    "indicator.compute": ({"type": "System", "id": "system", "path": ()}, {"system"}),
    "application.start": (ENTRY, PEOPLE),
    "application.edit": (APPLICATION, {"applicant"}),
    "application.submit": (APPLICATION, {"applicant"}),
    "application.withdraw": (APPLICATION, {"applicant"}),
    "application.read": (APPLICATION, {"applicant", "colleague", "reviewer", "authority"}),
    "application.review": (APPLICATION, {"reviewer", "authority"}),
    "agreement.accept": (APPLICATION, {"applicant"}),
    "grant.use": (GRANT, {"applicant", "colleague", "grant-1"}),
    "grant.read": (GRANT, {"applicant", "colleague", "reviewer", "authority"}),
    "grant.revoke": (GRANT, {"applicant", "reviewer", "authority", "system"}),
    "grant.suspend": (GRANT, {"reviewer", "authority", "system"}),
    "demand.raise": (DEMAND, {"stranger"}),
    "demand.confirm": (DEMAND, {"stranger"}),
    "demand.dispatch": (DEMAND, {"authority"}),
    "demand.answer": (DEMAND, {"steward", "reviewer"}),
    "demand.read": (DEMAND, {"stranger", "steward", "reviewer", "authority", "cdo"}),
    "issue.report": (ENTRY, {*PEOPLE, "anonymous"}),
    "hook.manage": (HOOK, {"applicant"}),
    "harvest.manage": (HARVEST, {"authority", "system_admin", "system"}),
    "harvest.run": (HARVEST, {"authority", "system_admin", "system"}),
    "issue.read": (
        ISSUE,
        {
            *("newcomer", "applicant", "colleague", "stranger"),
            *("steward", "reviewer", "leader", "authority", "cdo", "system"),
        },
    ),
    "issue.handle": (ISSUE, {"steward", "reviewer"}),
    "issue.review": (ISSUE, {"authority"}),
    "issue.follow": (ISSUE, {"newcomer", "applicant", "colleague", "system"}),
    "issue.detect": (ENTRY, {"system"}),
    "tenant.manage": (TENANT, {"city_admin", "system_admin", "system"}),
    "face.manage": (TENANT, {"admin", "city_admin", "system"}),
    "person.manage": (NEWCOMER, {"admin", "city_admin", "system_admin", "system"}),
    "role.grant": ({**NEWCOMER, "role": "steward"}, {"admin", "city_admin", "system"}),
    "audit.read": ({"type": "Audit", "id": "audit", "path": ()}, {"auditor"}),
    "audit.verify": ({"type": "Audit", "id": "audit", "path": ()}, {"auditor", "system"}),
    "rule.propose": ({"type": "Rules", "id": "r", "path": ("city",)}, {"system_admin", "city_admin"}),
    "rule.enact": ({"type": "Rules", "id": "r", "path": ()}, {"security_admin"}),
    "outbound.allow": ({"type": "Outbound", "id": "o", "path": ()}, {"security_admin"}),
    "job.read": ({"type": "Job", "id": "j", "path": ()}, {"system_admin"}),
    "token.create": ({"type": "Token", "id": "t", "path": (), "owner_id": "newcomer"}, {"newcomer"}),
    "token.approve": (
        {"type": "Token", "id": "t", "path": (), "owner_id": "system_admin", "kind": "exchange"},
        {"security_admin"},
    ),
    "peer.propose": (PARTNERSHIP, {"system_admin"}),
    "peer.enact": (PARTNERSHIP, {"security_admin"}),
    "catalogue.restore": ({"type": "System", "id": "catalogue", "path": (), "state": "empty"}, {"system_admin"}),
    "session.end": ({"type": "Person", "id": "newcomer", "path": ()}, {"newcomer"}),
}


# (who, action, facts, deciding policy): what only particular facts bring about.
PARTICULAR = [
    ("steward", "hook.manage", {"type": "Hook", "id": "h", "path": DEPT}, "stewards-keep-hooks-of-their-unit"),
    ("stranger", "hook.manage", {"type": "Hook", "id": "h", "path": DEPT}, DEFAULT_DENY),
    ("steward", "entry.edit", {**ENTRY, "path": OTHER}, DEFAULT_DENY),
    ("authority", "entry.review", {**ENTRY, "author_id": "authority"}, "author-never-reviews"),
    ("authority", "release.review", {**ENTRY, "submitter_id": "authority"}, "author-never-reviews"),
    ("authority", "entry.review", {**ENTRY, "path": COUNTY}, "authority-reviews-entries"),
    ("authority", "application.review", {**APPLICATION, "applicant_id": "authority"}, "author-never-reviews"),
    (
        "authority",
        "application.review",
        {**APPLICATION, "applicant_tenant_id": "city"},
        "applicant-tenant-never-reviews",
    ),
    (
        "reviewer",
        "application.review",
        {**APPLICATION, "applicant_tenant_id": "dept"},
        "applicant-tenant-never-reviews",
    ),
    ("reviewer", "application.review", {**APPLICATION, "provider_path": OTHER}, DEFAULT_DENY),
    (
        "stranger",
        "application.review",
        {**APPLICATION, "provider_path": OTHER},
        "provider-and-authority-review",
    ),
    ("stranger", "demand.answer", DEMAND, "demander-never-answers"),
    ("steward", "demand.answer", {**DEMAND, "provider_path": ()}, DEFAULT_DENY),
    (
        "steward",
        "demand.answer",
        {**DEMAND, "provider_path": (), "provider_ids": ["dept"]},
        "provider-answers-demand",
    ),
    ("applicant", "grant.use", {**GRANT, "state": "SUSPENDED"}, "grant-in-force-only"),
    ("grant-1", "grant.use", {key: GRANT[key] for key in GRANT if key != "state"}, "grant-in-force-only"),
    (
        "newcomer",
        "application.submit",
        {**APPLICATION, "applicant_id": "newcomer"},
        "unverified-never-submits",
    ),
    (
        "newcomer",
        "application.edit",
        {**APPLICATION, "applicant_id": "newcomer"},
        "applicant-keeps-application",
    ),
    ("admin", "tenant.manage", TENANT, DEFAULT_DENY),
    (
        "admin",
        "tenant.manage",
        {**TENANT, "id": "new", "path": ("new", *DEPT)},
        "admin-manages-tenants-below",
    ),
    (
        "city_admin",
        "tenant.manage",
        {**TENANT, "id": "city", "path": ("city",)},
        "admin-manages-tenants-below",
    ),
    ("city_admin", "tenant.manage", {**TENANT, "id": "root", "path": ()}, DEFAULT_DENY),
    (
        "system_admin",
        "person.manage",
        {"type": "Person", "id": "x", "path": ("acme",)},
        "system-admin-manages",
    ),
    (
        "city_admin",
        "role.grant",
        {**NEWCOMER, "id": "city_admin", "role": "leader"},
        "nobody-grants-to-himself",
    ),
    (
        "city_admin",
        "role.grant",
        {**TENANT, "person_id": "city_admin", "role": "leader"},
        "nobody-grants-to-himself",
    ),
    (
        "city_admin",
        "role.grant",
        {**NEWCOMER, "role": "authority_reviewer"},
        "authority-sits-with-a-government",
    ),
    (
        "city_admin",
        "role.grant",
        {**NEWCOMER, "path": ("city",), "role": "authority_reviewer", "tenant_kind": TenantKind.CITY},
        "tenant-admin-grants-roles",
    ),
    (
        "admin",
        "role.grant",
        {**NEWCOMER, "role": "authority_reviewer", "tenant_kind": TenantKind.DEPARTMENT},
        "authority-sits-with-a-government",
    ),
    ("system", "role.grant", {**NEWCOMER, "role": "authority_reviewer"}, "system-sets-up"),
    (
        "security_admin",
        "rule.enact",
        {"type": "Rules", "id": "r", "path": (), "proposer_id": "security_admin"},
        "proposer-never-enacts",
    ),
    (
        "security_admin",
        "rule.enact",
        {"type": "Rules", "id": "r", "path": (), "author_id": "security_admin"},
        "proposer-never-enacts",
    ),
    ("system", "entry.register", {**ENTRY, "origin": "HARVESTED"}, "system-harvests"),
    ("authority", "standard.review", {**STANDARD, "author_id": "authority"}, "proposer-never-reviews-standards"),
    ("authority", "source.rule", {**CLAIM, "author_id": "authority"}, "proposer-never-reviews-standards"),
    ("authority", "source.rule", {**CLAIM, "applicant_tenant_id": "city"}, "claimant-never-rules"),
    ("authority", "standard.propose", {**STANDARD, "path": ("city",)}, "unit-proposes-standards"),
    ("system", "entry.edit", {**ENTRY, "origin": "OWN"}, DEFAULT_DENY),
    ("province", "entry.edit", {**ENTRY, "origin": "HARVESTED", "peer": "province"}, "peer-keeps-its-own-entries"),
    ("province", "entry.delete", {**ENTRY, "origin": "HARVESTED", "peer": "county"}, DEFAULT_DENY),
    ("province", "entry.register", {**ENTRY, "origin": "OWN", "peer": "province"}, DEFAULT_DENY),
    ("province", "version.upload", {**ENTRY, "origin": "HARVESTED", "peer": "province"}, DEFAULT_DENY),
    ("security_admin", "peer.enact", {**PARTNERSHIP, "proposer_id": "security_admin"}, "proposer-never-connects"),
    (
        "security_admin",
        "token.approve",
        {"type": "Token", "id": "t", "path": (), "owner_id": "security_admin", "kind": "restore"},
        "proposer-never-connects",
    ),
    (
        "newcomer",
        "token.create",
        {"type": "Token", "id": "t", "path": (), "owner_id": "newcomer", "kind": "restore"},
        "wide-tokens-are-the-system-admins",
    ),
    (
        "system_admin",
        "catalogue.restore",
        {"type": "System", "id": "catalogue", "path": (), "state": "filled"},
        DEFAULT_DENY,
    ),
    ("steward", "issue.read", {**ISSUE, "state": "REVIEW"}, "unexamined-report-stays-with-authority"),
    ("cdo", "issue.read", {**ISSUE, "state": "REFUSED"}, "unexamined-report-stays-with-authority"),
    ("authority", "issue.read", {**ISSUE, "state": "REVIEW"}, "authority-reads-issue"),
    ("newcomer", "issue.read", {**ISSUE, "state": "REVIEW"}, "reporter-follows-issue"),
    ("anonymous", "issue.read", ISSUE, DEFAULT_DENY),
    ("anonymous", "issue.follow", {**ISSUE, "applicant_id": "anonymous"}, "reporter-follows-issue"),
    ("stranger", "token.create", {"type": "Person", "id": "newcomer", "path": ()}, DEFAULT_DENY),
]

"""A thin walk through the floors."""
from datetime import timedelta, date
from catalog import datasets, versions, reading
from catalog.blobs import Blob
from policies import vocabulary as v
from sharing import release
from sharing.access import applications, grants, agreements
from sharing.demand import demands
from sharing.rates import readings
from tenancy import work, audit

def test_walk(db, cast, now):
    with work.begin(db, cast.steward, now) as w:
        e = datasets.register(w, w.session.merge(cast.department), datasets.Description(title="公交线路", abstract="x", themes=("6",), object_flags=2, contact_office="办", contact_phone="12345",
            open_type=v.OpenType.OPEN_RESTRICTED, open_tier=v.OpenTier.T2, open_condition="c", open_reason=v.ReasonKind.LAW, open_basis="法", licence=v.Licence.AGREEMENT))
        datasets.set_items(w, e, [datasets.ItemDescription(name="a", open_type=v.OpenType.OPEN_RESTRICTED), datasets.ItemDescription(name="b", open_type=v.OpenType.OPEN_RESTRICTED)])
        eid = e.id
        print(e.code, [str(x) for x in datasets.violations(e)])
        ver = versions.receive(w, e, Blob("0"*64, 5), "a.csv")
        vid = ver.id
    from tenancy.actors import SYSTEM
    with work.begin(db, SYSTEM, now) as w:
        ver = w.session.get_one(versions.Version, vid)
        versions.settle(w, ver, versions.Loaded(Blob("1"*64, 9), None, 3, 3, 0, [], "utf-8", {}), versions.Judged(v.Verdict.PASS, [], 97.0, v.Grade.A, {}, 3, 0))
    with work.begin(db, cast.steward, now) as w:
        e = w.session.get_one(datasets.Entry, eid)
        datasets.submit(w, e); release.request(w, e)
    with work.begin(db, cast.officer, now) as w:
        e = w.session.get_one(datasets.Entry, eid)
        datasets.review(w, e, "approve"); release.decide(w, e, "approve")
        assert e.open_state is v.OpenState.OPEN and e.live_version_id
    with work.begin(db, cast.requester, now) as w:
        e = reading.find(w.session, eid, cast.requester, now)
        a = applications.start(w, e, "tok", tenant=w.session.merge(cast.company), kind=v.ApplicantKind.LEGAL)
        applications.answer(w, a, answers={k: "x" for k in applications.REQUIRED}, items=["a"], valid_from=date(2026,11,23), valid_to=date(2027,3,1))
        applications.submit(w, a); n = a.number
    for who, mv in ((cast.officer,"approve"),(cast.reviewer,"approve"),(cast.second_officer,"approve")):
        with work.begin(db, who, now) as w:
            a = applications.find(w.session, n, who); applications.decide(w, a, mv)
    with work.begin(db, cast.requester, now) as w:
        a = applications.find(w.session, n, cast.requester)
        t = agreements.text_of(a, "zh")
        key = applications.accept(w, a, signatory="某", text_hash=agreements.hash_of(t), language="zh")
    with db.read() as s:
        actor, g = grants.actor_of(s, key, now)
        e = s.get_one(datasets.Entry, eid)
        assert reading.access(s, e, actor, now).items == ("a",)
    with work.begin(db, actor, now) as w:
        grants.spend(w, w.session.merge(g), 10)
    with work.begin(db, cast.officer, now) as w:
        g = w.session.get_one(grants.Grant, g.id); grants.revoke(w, g, comment="c", basis="b")
    with db.read() as s:
        assert grants.actor_of(s, key, now)[1] is None
        for r in readings.headline(s, now, scope=None): print(r.definition.code, r.reading.numerator, r.reading.denominator, r.reading.value)
    with work.begin(db, SYSTEM, now) as w: print(audit.seal(w.session, now))
    with db.read() as s: assert audit.verify(s).bad_line is None

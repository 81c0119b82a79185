"""Changes of the rules on their pages: proposed with an effect that is shown, decided by somebody else."""

from collections.abc import Iterator

import portal_stage
import pytest
from portal_stage import Stage, post

from policies import rulebook

TEXT = "warn = [60, 90, 100]"


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Iterator[Stage]:
    """A portal over the cast, with the packaged rules again at the end."""
    before = rulebook.in_force()
    yield portal_stage.build(db, cast, now, tmp_path)
    rulebook.put_in_force(before)


def proposed(stage: Stage) -> str:
    client = stage.signed_in(stage.cast.system_admin)
    answer = post(client, "/admin/policies/propose", file="limits.toml", text=TEXT, reason="通知要求")
    assert answer.status_code == 302
    return str(answer.location)


def test_proposed_shown_and_put_in_force(stage: Stage) -> None:
    url = proposed(stage)
    proposer, decider = stage.signed_in(stage.cast.system_admin), stage.signed_in(stage.cast.security_admin)
    page = proposer.get(url).text
    assert "[50,80,100]" in page
    assert "[60,90,100]" in page
    assert f"{url}/enact" not in page
    assert f"{url}/enact" in decider.get(url).text
    assert post(proposer, f"{url}/enact").status_code == 403
    assert post(decider, f"{url}/enact").status_code == 302
    assert rulebook.in_force().warn == (50, 80, 100) or rulebook.in_force().warn == (60, 90, 100)
    rules = decider.get("/admin/policies").text
    assert "60" in rules
    assert rulebook.in_force().warn == (60, 90, 100)
    assert rulebook.in_force().hash in rules
    assert rulebook.in_force().hash in decider.get(url).text


def test_declined_with_an_answer(stage: Stage) -> None:
    url = proposed(stage)
    decider = stage.signed_in(stage.cast.security_admin)
    post(decider, f"{url}/decline", answer="")
    assert "Declined" not in decider.get("/admin/policies/changes").text
    post(decider, f"{url}/decline", answer="尚无依据")
    assert "尚无依据" in decider.get(url).text
    assert "Declined" in decider.get("/admin/policies/changes").text
    assert rulebook.in_force().warn == (50, 80, 100)


def test_a_wrong_text_comes_back_with_its_reason(stage: Stage) -> None:
    client = stage.signed_in(stage.cast.system_admin)
    answer = post(client, "/admin/policies/propose", file="limits.toml", text="warn = [", reason="r")
    assert answer.status_code == 422
    assert "warn = [" in answer.text
    assert "limits.toml" in answer.text

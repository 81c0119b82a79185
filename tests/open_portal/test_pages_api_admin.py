"""Lists of the administration for programs: who gets them, that they page, sort and make tables, and hold no secret."""

from typing import Any

import portal_stage
import pytest
from portal_stage import Stage

from tenancy import tokens, work
from tenancy.actors import Actor


@pytest.fixture
def stage(db: Any, cast: Any, now: Any, tmp_path: Any) -> Stage:
    """A portal over the cast."""
    return portal_stage.build(db, cast, now, tmp_path)


def test_smoke(stage: Stage) -> None:
    with work.begin(stage.kit.database, stage.cast.system_admin, stage.clock.now) as unit:
        key = tokens.create(unit, name="t", days=1)[1]
    client = stage.app.test_client()
    document = client.get("/openapi.json").json
    for path in document["paths"]:
        if path.startswith(("/api/v1/admin", "/api/v1/my")):
            answer = client.get(path, headers={"Authorization": f"Bearer {key}"})
            print(answer.status_code, path, answer.text[:150])

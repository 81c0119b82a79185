"""What the tests of the desk read from its pages and send by its forms."""

import re
from typing import Any

from desk_stage import WHOLE


def text_of(response: Any) -> str:
    body: str = response.get_data(as_text=True)
    return body


def stamp_of(response: Any) -> str:
    return re.search(r'name="version" value="([^"]*)"', text_of(response))[1]  # type: ignore[index]


def basics(**changed: Any) -> dict[str, Any]:
    fields = {
        "title": "公交线路",
        "abstract": "",
        "themes": ["6"],
        "object_flags": ["THING"],
        "catalogue_class": "3",
        "region_code": "330500",
        "data_range": "01",
    }
    return {**fields, **changed}


def whole_form(**changed: Any) -> dict[str, Any]:
    form = {
        **basics(abstract=WHOLE.abstract, tags="公交、线路"),
        "collection_kind": "FILE",
        "source_system": WHOLE.source_system,
        "update_cycle": "IRREGULAR",
        "share_type": "SHARE_UNCOND",
        "share_mode": "PLATFORM",
        "open_type": "OPEN_UNCOND",
        "open_tier": "T0",
        "licence": "PLATFORM-TERMS",
        "contact_office": "数据科",
        "contact_phone": "0572-2000000",
    }
    return {**form, **changed}

"""Licences of other platforms in our terms: by identifier, by the address of the text, or by its title."""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from policies.vocabulary import Licence

_ALIASES: Mapping[Licence, str] = MappingProxyType(
    {
        Licence.CC0: "cc0 cc-zero cc0-1.0 creativecommons.org/publicdomain/zero/1.0"
        " opendefinition.org/licenses/cc-zero publications.europa.eu/resource/authority/licence/CC0",
        Licence.CC_BY: "cc-by-4.0 creativecommons.org/licenses/by/4.0"
        " publications.europa.eu/resource/authority/licence/CC_BY_4_0",
        Licence.CC_BY_SA: "cc-by-sa-4.0 creativecommons.org/licenses/by-sa/4.0"
        " publications.europa.eu/resource/authority/licence/CC_BYSA_4_0",
        Licence.ODC_BY: "odc-by odc-by-1.0 opendatacommons.org/licenses/by/1-0 opendatacommons.org/licenses/by/1.0"
        " opendatacommons.org/licenses/by opendefinition.org/licenses/odc-by"
        " publications.europa.eu/resource/authority/licence/ODC_BY",
        Licence.ODBL: "odbl odc-odbl odbl-1.0 opendatacommons.org/licenses/odbl/1-0"
        " opendatacommons.org/licenses/odbl/1.0 opendatacommons.org/licenses/odbl"
        " opendefinition.org/licenses/odc-odbl publications.europa.eu/resource/authority/licence/ODC_BL",
        Licence.PDDL: "pddl odc-pddl pddl-1.0 opendatacommons.org/licenses/pddl/1-0"
        " opendatacommons.org/licenses/pddl/1.0 opendatacommons.org/licenses/pddl"
        " opendefinition.org/licenses/odc-pddl publications.europa.eu/resource/authority/licence/ODC_PDDL",
    }
)
"""Only what names the very licence: an identifier such as cc-by, which may mean any version, is not here."""
UNSTATED = frozenset(("", "notspecified", "not-stated", "other-license-specified", "unknown"))
LONGEST = 300
_TAIL = re.compile(r"(?:/(?:deed|legalcode|summary)(?:\.[\w-]+)?|/index\.html?|\.html?)?/*$", re.IGNORECASE)


def read(words: str) -> Licence | None:
    """The licence that some words or an address name; None where no licence of ours is meant."""
    return _known().get(_form(words))


def _form(words: str) -> str:
    return _TAIL.sub("", re.sub(r"^https?://(?:www\.)?", "", words[:LONGEST].strip().casefold()))


@cache
def _known() -> Mapping[str, Licence]:
    """Every name of every licence in the form of comparison; the platform's own terms are no other platform's."""
    found = {_form(alias): licence for licence, aliases in _ALIASES.items() for alias in aliases.split()}
    for licence in _ALIASES:
        found |= {_form(name): licence for name in (licence.zh, licence.en, licence.uri or "")}
    return MappingProxyType({form: licence for form, licence in found.items() if form})

"""Entries as DCAT 3 with the code lists of DCAT-AP 3: a head, then datasets page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from catalog.mapping import ckan, linked_quality
from catalog.mapping.codes import (
    ACCESS_RIGHTS,
    AUTHORITY,
    EUROPEAN_THEMES,
    FILE_TYPES,
    FREQUENCIES,
    LANGUAGES,
    MEDIA_TYPES,
    NAMES_OF_EUROPEAN_THEMES,
    SCHEME_OF_THEMES,
)
from catalog.mapping.linked import Fact, Link, Thing, address, text, value
from catalog.mapping.offers import Listed, Offer, origin_of
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.models import Tenant

NO_DESCRIPTION = "（来源没有提供说明）", "(The source gives no description.)"


@dataclass(frozen=True)
class Site:
    """Whose catalogue it is, where it lies, and the weights by which quality scores are made up."""

    owner: Tenant
    base: str
    weights: Mapping[v.Dimension, object]

    @property
    def catalogue(self) -> str:
        """The name of the catalogue."""
        return address(f"{self.base}/catalog")


@dataclass(frozen=True)
class Part:
    """One page of the catalogue: its address, those of its neighbours, and how many entries there are in all."""

    here: str
    first: str
    last: str
    previous: str | None
    following: str | None
    total: int
    size: int


def part(site: Site, listed: Sequence[Listed], paging: Part) -> list[Thing]:
    """One page of the catalogue that stands for itself, with the way to the next one (Hydra)."""
    page = Thing(address(paging.here), ("hydra:PartialCollectionView", "hydra:PagedCollection"))
    page.say("hydra:totalItems", value(paging.total, "xsd:integer"))
    page.say("hydra:itemsPerPage", value(paging.size, "xsd:integer"))
    for name, where in (
        ("first", paging.first),
        ("previous", paging.previous),
        ("next", paging.following),
        ("last", paging.last),
    ):
        if where:
            page.say(f"hydra:{name}", Link(address(where)))
    view = Thing(site.catalogue, ("hydra:Collection",))
    view.say("hydra:totalItems", value(paging.total, "xsd:integer"))
    view.say("hydra:view", Link(page.address))
    return [*head(site), view, page, *datasets(site, listed)]


def record(site: Site, listed: Listed) -> list[Thing]:
    """One entry with the terms of ours that it uses."""
    themes = [_theme(site, one) for one in v.Theme if one.value in listed.entry.themes]
    measured = linked_quality.metrics(site.catalogue, site.weights) if _measured(listed) else []
    return [_dataset(site, listed), *themes, *measured]


def head(site: Site) -> list[Thing]:
    """The catalogue itself with its publisher and themes, and the metrics of quality; without any entry."""
    name = site.owner.name
    here = Thing(site.catalogue, ("dcat:Catalog",))
    here.say_both("dct:title", f"{name.zh}公共数据目录", f"Catalogue of public data, {name.en}" if name.en else "")
    here.say_both(
        "dct:description",
        f"{name.zh}公共数据平台向社会公布的数据集目录，含转载自其他平台的数据集。",
        "What the public-data platform makes known to everyone, with datasets taken over from other platforms.",
    )
    here.say("dct:publisher", _agent(site.base, site.owner.key, name.zh, name.en))
    here.say("dct:spatial", _place(site.owner.region_code))
    here.say("foaf:homepage", Thing(address(f"{site.base}/"), ("foaf:Document",)))
    here.say("dct:language", *(Link(one, "dct:LinguisticSystem") for one in LANGUAGES.values()))
    here.say("dcat:themeTaxonomy", Link(_scheme(site)), Link(SCHEME_OF_THEMES))
    here.say("dcat:service", _service(site))
    scheme = Thing(_scheme(site), ("skos:ConceptScheme",))
    scheme.say_both("dct:title", "数据领域", "Themes")
    themes = [_theme(site, one) for one in v.Theme]
    return [here, scheme, *themes, *_european_list(), *linked_quality.metrics(site.catalogue, site.weights)]


def datasets(site: Site, listed: Sequence[Listed]) -> list[Thing]:
    """Some entries as datasets of the catalogue."""
    found = [_dataset(site, one) for one in listed]
    here = Thing(site.catalogue, ())
    here.say("dcat:dataset", *(Link(one.address) for one in found))
    return [here, *found] if found else []


def name_of(base: str, code: str) -> str:
    """The name of a dataset: the address of its page."""
    return address(f"{base}/datasets/{code.replace('/', '-').lower()}")


def _dataset(site: Site, listed: Listed) -> Thing:
    entry = listed.entry
    own = entry.origin is v.Origin.OWN
    here = Thing(name_of(site.base, entry.code), ("dcat:Dataset",))
    here.say("dct:identifier", text(entry.code))
    here.say_both("dct:title", entry.title, entry.title_en)
    here.say_both(
        "dct:description", *((entry.abstract, entry.abstract_en) if entry.abstract.strip() else NO_DESCRIPTION)
    )
    here.say("dcat:keyword", *(text(tag, "zh") for tag in entry.tags))
    here.say("dcat:theme", *(Link(_theme_name(site, one)) for one in entry.themes))
    here.say("dcat:theme", *(Link(one) for one in _european(entry)))
    here.say(
        "dct:accessRights", Link(f"{AUTHORITY}access-right/{ACCESS_RIGHTS[entry.open_type]}", "dct:RightsStatement")
    )
    here.say("dct:accrualPeriodicity", Link(f"{AUTHORITY}frequency/{FREQUENCIES[entry.update_cycle]}", "dct:Frequency"))
    here.say("dct:publisher", _publisher(site, entry))
    if own and entry.source_tenant_id != entry.tenant_id:
        source = entry.source_tenant
        here.say("dct:creator", _agent(site.base, source.key, source.name.zh, source.name.en))
    here.say("dcat:landingPage", Thing(address(origin_of(entry) or here.address), ("foaf:Document",)))
    here.say("dct:issued", _instant(entry.published_at))
    here.say("dct:modified", _instant(entry.data_updated_at or entry.changed_at))
    if own:
        here.say("dct:language", Link(LANGUAGES["zh"], "dct:LinguisticSystem"))
    here.say("dct:spatial", _place(entry.region_code))
    here.say("dct:temporal", _time(entry))
    here.say("dcat:contactPoint", _contact(entry))
    here.say("dct:relation", *(Link(name_of(site.base, code)) for code in listed.related))
    if listed.version is not None:
        here.say("dcat:version", text(str(listed.version.number)))
        here.say(
            "dqv:hasQualityMeasurement", *linked_quality.measurements(site.catalogue, here.address, listed.version)
        )
    _say_origin(here, entry)
    here.say("dcat:distribution", *(_distribution(site, entry, offer, here.address) for offer in listed.offers))
    return here


def _say_origin(here: Thing, entry: Entry) -> None:
    """For an entry of another platform: which one it was taken over from, and its record there."""
    if entry.origin is v.Origin.OWN:
        return
    where = origin_of(entry)
    if where:
        here.say("dct:source", Link(address(where)))
    if entry.origin_portal:
        source = entry.harvest_source
        zh, en = (source.label("zh"), source.label("en")) if source else (entry.origin_portal, entry.origin_portal)
        statement = Thing("", ("dct:ProvenanceStatement",))
        statement.say_both("rdfs:label", f"转载自{zh}", f"Taken over from {en}")
        here.say("dct:provenance", statement)


def _distribution(site: Site, entry: Entry, offer: Offer, dataset: str) -> Thing:
    here = Thing(f"{dataset}#{quote(offer.id)}", ("dcat:Distribution",))
    where = address(offer.url)
    here.say("dcat:accessURL", Link(where))
    if offer.name:
        here.say("dct:title", text(offer.name))
    else:
        here.say_both("dct:title", offer.format.zh, offer.format.en)
    here.say("dct:description", text(offer.description))
    here.say("dct:issued", _instant(offer.created))
    here.say("dct:modified", _instant(offer.modified))
    if offer.format is not v.Format.OTHER or offer.media_type:
        here.say("dcat:mediaType", Link(MEDIA_TYPES + offer.media, "dct:MediaType"))
    if offer.format in FILE_TYPES:
        here.say("dct:format", Link(f"{AUTHORITY}file-type/{FILE_TYPES[offer.format]}", "dct:MediaTypeOrExtent"))
    _say_terms(here, site, entry)
    if offer.restricted:
        return here
    if offer.is_file and not (offer.elsewhere and offer.format is v.Format.OTHER):
        here.say("dcat:downloadURL", Link(where))
    here.say("dcat:byteSize", value(offer.size, "xsd:nonNegativeInteger"))
    if offer.sha256:
        checksum = Thing("", ("spdx:Checksum",))
        algorithm = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
        checksum.say("spdx:algorithm", Link(algorithm, "spdx:ChecksumAlgorithm"))
        checksum.say("spdx:checksumValue", value(offer.sha256, "xsd:hexBinary"))
        here.say("spdx:checksum", checksum)
    return here


def _say_terms(here: Thing, site: Site, entry: Entry) -> None:
    """The licence by the address of its text, and the conditions in words."""
    where = licence_address(entry, site.base)
    if where:
        here.say("dct:license", Link(where, "dct:LicenseDocument"))
    if entry.open_condition:
        rights = Thing("", ("dct:RightsStatement",))
        rights.say("rdfs:label", text(entry.open_condition, "zh"))
        here.say("dct:rights", rights)


def licence_address(entry: Entry, base: str) -> str | None:
    """Where the text of the licence stands; none where there is no licence or no text."""
    if entry.licence is v.Licence.PLATFORM:
        return address(f"{base}/terms")
    return entry.licence.uri if entry.licence else None


def _service(site: Site) -> Thing:
    """The data interface by which open tables can be asked for rows."""
    here = Thing(f"{site.catalogue}#api", ("dcat:DataService",))
    here.say_both("dct:title", "数据接口", "Data interface")
    here.say("dcat:endpointURL", Link(address(f"{site.base}/api/v1")))
    here.say("dcat:endpointDescription", Link(address(f"{site.base}/openapi.json")))
    return here


def _publisher(site: Site, entry: Entry) -> Thing:
    if entry.publisher_name:
        return _agent(site.base, None, entry.publisher_name, "")
    return _agent(site.base, entry.tenant.key, entry.tenant.name.zh, entry.tenant.name.en)


def _agent(base: str, key: str | None, zh: str, en: str) -> Thing:
    """A body with its names; one that is no tenant of ours has no address of its own."""
    here = Thing(address(f"{base}/orgs/{key}") if key else "", ("foaf:Organization", "foaf:Agent"))
    here.say_both("foaf:name", zh, en)
    return here


def _place(code: str) -> Thing:
    place = Thing("", ("dct:Location",))
    place.say("dct:identifier", text(code))
    zh, en = (ckan.region(code, language) for language in ("zh", "en"))
    if zh != code:
        place.say_both("skos:prefLabel", zh, en)
    return place


def _time(entry: Entry) -> Thing | None:
    if not (entry.time_from or entry.time_to):
        return None
    period = Thing("", ("dct:PeriodOfTime",))
    period.say("dcat:startDate", _day(entry.time_from))
    period.say("dcat:endDate", _day(entry.time_to))
    return period


def _contact(entry: Entry) -> Thing | None:
    if not (entry.contact_office or entry.contact_phone or entry.contact_email):
        return None
    contact = Thing("", ("vcard:Organization", "vcard:Kind"))
    contact.say("vcard:fn", text(entry.contact_office or ckan.publisher(entry, "zh"), "zh"))
    if entry.contact_phone:
        contact.say("vcard:hasTelephone", Link("tel:" + quote(entry.contact_phone.replace(" ", ""))))
    if entry.contact_email:
        contact.say("vcard:hasEmail", Link("mailto:" + quote(entry.contact_email, safe="@")))
    return contact


def _theme(site: Site, theme: v.Theme) -> Thing:
    concept = Thing(_theme_name(site, theme.value), ("skos:Concept",))
    concept.say("skos:inScheme", Link(_scheme(site)))
    concept.say("skos:notation", text(theme.value))
    concept.say_both("skos:prefLabel", theme.zh, theme.en)
    if theme in EUROPEAN_THEMES:
        concept.say("skos:broadMatch", Link(f"{SCHEME_OF_THEMES}/{EUROPEAN_THEMES[theme]}"))
    return concept


def _european(entry: Entry) -> list[str]:
    """The themes of the European list that an entry's own ones belong to, each once."""
    found = (EUROPEAN_THEMES.get(v.Theme(one)) for one in entry.themes if one in set(v.Theme))
    return [f"{SCHEME_OF_THEMES}/{one}" for one in dict.fromkeys(found) if one]


def _european_list() -> list[Thing]:
    """Those terms of the European list that ours belong to, with their names."""
    scheme = Thing(SCHEME_OF_THEMES, ("skos:ConceptScheme",))
    scheme.say_both("dct:title", "数据主题（欧盟出版局）", "Data theme (Publications Office of the European Union)")
    found = [scheme]
    for code, names in NAMES_OF_EUROPEAN_THEMES.items():
        concept = Thing(f"{SCHEME_OF_THEMES}/{code}", ("skos:Concept",))
        concept.say("skos:inScheme", Link(SCHEME_OF_THEMES))
        concept.say_both("skos:prefLabel", *names)
        found.append(concept)
    return found


def _theme_name(site: Site, code: str) -> str:
    return address(f"{site.base}/themes/{code}")


def _scheme(site: Site) -> str:
    return f"{site.catalogue}#themes"


def _measured(listed: Listed) -> bool:
    return bool(listed.version and (listed.version.score is not None or listed.version.dimensions))


def _instant(instant: datetime | None) -> Fact | None:
    return value(instant.isoformat() if instant else None, "xsd:dateTime")


def _day(day: date | None) -> Fact | None:
    return value(day.isoformat() if day else None, "xsd:date")

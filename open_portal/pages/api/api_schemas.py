"""Shapes of the data interface: what may be asked and what is answered, with words in both languages."""

from typing import Any

from apiflask import Schema, fields
from apiflask.validators import Length, OneOf, Range, Regexp
from flask_babel import lazy_gettext

from catalog.search import FACETS, Sort

N_ = lazy_gettext
MOST_ROWS = 10_000
MOST_PER_PAGE = 100
MOST_OFFSET = 100_000_000
NOT_A_NUMBER = {"invalid": N_("must be a whole number")}


def told(text: Any) -> dict[str, Any]:
    """The description of a field."""
    return {"description": text}


def whole(default: int, low: int, high: int, text: Any) -> Any:
    """A whole number between two bounds."""
    bounds = Range(low, high, error=N_("must lie between %(low)s and %(high)s", low=low, high=high))
    return fields.Integer(load_default=default, validate=bounds, error_messages=NOT_A_NUMBER, metadata=told(text))


class Parameters(Schema):
    """Parameters of an address; one that does not exist is refused, so that no typing error goes unnoticed."""

    error_messages = {"unknown": N_("there is no such parameter")}  # noqa: RUF012 - read by the library


class SearchParameters(Parameters):
    """A search."""

    q = fields.String(
        load_default="",
        validate=Length(max=200, error=N_("is too long")),
        metadata=told(N_("Words to search for: Chinese, pinyin or initials")),
    )
    page = whole(1, 1, 10_000, N_("Page, counted from 1"))
    per_page = whole(20, 1, MOST_PER_PAGE, N_("Datasets on a page"))
    sort = fields.String(
        load_default=Sort.RELEVANCE.value,
        validate=OneOf([one.value for one in Sort], error=N_("is not one of the orders")),
        metadata=told(N_("Order of the answer")),
    )


FORMAT: Any = fields.String(
    load_default="",
    validate=OneOf(["", "json", "csv"], error=N_("must be json or csv")),
    metadata=told(N_("json or csv; if left out, what the Accept header prefers. A table holds the same page")),
)
NOT_A_DAY = {"invalid": N_("is not a date; write it like 2026-01-31")}
FacetedParameters: Any = SearchParameters.from_dict(
    {
        "place": fields.String(
            load_default="",
            validate=Regexp(r"^([0-9]{2,12})?$", error=N_("is no division code")),
            metadata=told(N_("Division code: that division and everything inside it")),
        ),
        "time_from": fields.Date(
            load_default=None, error_messages=NOT_A_DAY, metadata=told(N_("Data about a time that does not end before"))
        ),
        "time_to": fields.Date(
            load_default=None,
            error_messages=NOT_A_DAY,
            metadata=told(N_("Data about a time that does not begin after")),
        ),
        # Format is the facet of that name already: that of the data, not of the answer.
        "output": FORMAT,
    }
    | {
        name: fields.List(fields.String(), metadata=told(N_("Keep datasets with one of these values only")))
        for name in FACETS
    },
    name="SearchQuery",
)


class RowParameters(Parameters):
    """A question to the rows of a dataset."""

    filter = fields.List(
        fields.String(),
        load_default=list,
        metadata=told(
            N_(
                "Condition on a column, written column:operator:value, with the operators eq ne lt le gt ge in contains"
                " starts null notnull. Conditions hold together."
            )
        ),
    )
    columns = fields.String(
        load_default="", metadata=told(N_("Columns wanted, separated by commas; all that may be read if left out"))
    )
    order = fields.List(
        fields.String(), load_default=list, metadata=told(N_("Column to sort by, as column or column:desc"))
    )
    limit = whole(100, 1, MOST_ROWS, N_("Rows at most"))
    offset = whole(0, 0, MOST_OFFSET, N_("Rows to leave out at the beginning"))


AS_OF: Any = fields.Date(
    load_default=None,
    error_messages=NOT_A_DAY,
    metadata=told(N_("Day whose end the reading shows; now if left out")),
)


class IndicatorParameters(Parameters):
    """The day of a reading."""

    as_of = AS_OF


class Failure(Schema):
    """A failure."""

    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata=told(N_("Name of the reason, the same in every language")))
    message = fields.String(required=True, metadata=told(N_("The reason in Chinese or English, by Accept-Language")))
    request = fields.String(required=True, metadata=told(N_("Number by which the request is found in our log")))


class Named(Schema):
    """A code with its label."""

    code = fields.String(required=True)
    label = fields.String(required=True)


class Publisher(Schema):
    """Who publishes."""

    key = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)


class Dataset(Schema):
    """A dataset as a search finds it."""

    code = fields.String(required=True)
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    abstract = fields.String(required=True)
    publisher = fields.Nested(Publisher, required=True)
    openness = fields.Nested(Named, required=True)
    tier = fields.Nested(Named, required=True)
    themes = fields.List(fields.Nested(Named), required=True)
    tags = fields.List(fields.String(), required=True)
    region = fields.String(required=True)
    update_cycle = fields.Nested(Named, required=True)
    rows = fields.Integer(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True)
    updated_at = fields.DateTime(required=True, allow_none=True)
    page = fields.String(required=True, metadata=told(N_("Address of the page for people")))
    url = fields.String(required=True, metadata=told(N_("Address of the full description")))


class Item(Schema):
    """A data item."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    meaning = fields.String(required=True)
    type = fields.Nested(Named, required=True)
    unit = fields.String(required=True)
    openness = fields.Nested(Named, required=True)


class Version(Schema):
    """A delivery of the data."""

    number = fields.Integer(required=True)
    state = fields.Nested(Named, required=True)
    delivered_at = fields.DateTime(required=True)
    rows = fields.Integer(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    sha256 = fields.String(required=True)


class Quality(Schema):
    """What the last check of the live version found."""

    score = fields.Float(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    dimensions = fields.Dict(keys=fields.String(), values=fields.Float(allow_none=True), required=True)
    rules_total = fields.Integer(required=True, allow_none=True)
    rules_failed = fields.Integer(required=True, allow_none=True)
    checked_at = fields.DateTime(required=True, allow_none=True)


class RowAccess(Schema):
    """Whether the asker may read rows, and by which rule."""

    rule = fields.String(required=True)
    items = fields.List(fields.String(), required=True)
    url = fields.String(required=True, allow_none=True, metadata=told(N_("Address of the rows, if they may be read")))


class FullDataset(Dataset):
    """A dataset in full."""

    condition = fields.String(required=True)
    licence = fields.Nested(Named, required=True, allow_none=True)
    time_from = fields.Date(required=True, allow_none=True)
    time_to = fields.Date(required=True, allow_none=True)
    published_at = fields.DateTime(required=True, allow_none=True)
    contact_office = fields.String(required=True)
    contact_phone = fields.String(required=True)
    items = fields.List(fields.Nested(Item), required=True)
    quality = fields.Nested(Quality, required=True, allow_none=True)
    versions = fields.List(fields.Nested(Version), required=True)
    access = fields.Nested(RowAccess, required=True)


class FacetValue(Schema):
    """A value of a facet with the number of datasets."""

    value = fields.String(required=True)
    count = fields.Integer(required=True)


class SearchAnswer(Schema):
    """One page of a search."""

    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    per_page = fields.Integer(required=True)
    datasets = fields.List(fields.Nested(Dataset), required=True)
    facets = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(FacetValue)), required=True)
    corrected = fields.String(required=True, allow_none=True)
    next = fields.String(required=True, allow_none=True)


class RowAnswer(Schema):
    """Some rows of a dataset."""

    dataset = fields.String(required=True)
    version = fields.Integer(required=True)
    columns = fields.List(fields.String(), required=True)
    rows = fields.List(
        fields.List(fields.Raw(allow_none=True)), required=True, metadata=told(N_("Values in the order of the columns"))
    )
    total = fields.Integer(required=True, metadata=told(N_("Rows that pass the filter")))
    limit = fields.Integer(required=True)
    offset = fields.Integer(required=True)
    next = fields.String(required=True, allow_none=True)


class Indicator(Schema):
    """A rate."""

    code = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    formula = fields.String(required=True)
    numerator = fields.Integer(required=True)
    denominator = fields.Integer(required=True)
    value = fields.String(
        required=True,
        allow_none=True,
        metadata=told(N_("Per cent as a decimal number; null where the denominator is empty")),
    )
    unit = fields.String(required=True, metadata=told(N_("What is counted")))
    target = fields.String(required=True, allow_none=True)
    target_year = fields.Integer(required=True, allow_none=True)
    as_of = fields.DateTime(required=True)
    rules_hash = fields.String(required=True, metadata=told(N_("Hash of the rules that it was computed by")))
    url = fields.String(required=True)


class Ids(Schema):
    """The rows behind a figure: codes of those that the asker may know of, and how many others there are."""

    codes = fields.List(fields.String(), required=True)
    withheld = fields.Integer(required=True)


class FullIndicator(Indicator):
    """A rate with its evidence."""

    exclusions = fields.String(required=True)
    basis = fields.String(required=True)
    numerator_ids = fields.Nested(Ids, required=True)
    denominator_ids = fields.Nested(Ids, required=True)


TITLE = N_("Public data interface")
ABOUT = N_(
    "Datasets, their rows and the indicators. Open data need no key. Restricted data need the key of a grant, sent as"
    " “Authorization: Bearer txk_…” or “X-API-Key”; a person's token “tx_…” gives that person's view of the catalogue."
)
SCHEMES: dict[str, Any] = {
    "grantKey": {"type": "http", "scheme": "bearer", "description": "txk_…"},
    "grantKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "txk_…"},
    "personToken": {"type": "http", "scheme": "bearer", "description": "tx_…"},
}
PERSON_KEYS: list[Any] = [{}, {"personToken": []}]
OWN_KEY: list[Any] = [{"personToken": []}]
EVERY_KEY: list[Any] = [{}, {"grantKey": []}, {"grantKeyHeader": []}, {"personToken": []}]


def failures(codes: dict[int, Any]) -> dict[int, Any]:
    """How failures stand in the document of a route."""
    content = {"application/json": {"schema": Failure}}
    return {status: {"description": text, "content": content} for status, text in codes.items()}


FAILURES = failures(
    {
        400: N_("A key stands in the address"),
        404: N_("There is no such thing, or none that you may know of"),
        422: N_("A parameter is unknown or has no fitting value"),
    }
)
KEYED = FAILURES | failures(
    {401: N_("The token of a person is needed"), 403: N_("Whoever holds this key may not read it")}
)

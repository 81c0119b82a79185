"""The page that tells other platforms how our terms stand in CKAN's, written out of the mapping itself.

`python -m catalog.mapping.ckan_docs > docs/ckan.md`
"""

from catalog.mapping import ckan
from policies import vocabulary as v

HEAD = f"""# The catalogue as CKAN tells it

<!-- Written by `python -m catalog.mapping.ckan_docs`; a test keeps it true. -->

The portal answers the reading actions of CKAN's Action API, version 3, at `/api/3/action/<name>` and
`/api/action/<name>`, by GET and POST; `help_show?name=…` tells what each does. The contract kept is that of CKAN
{ckan.VERSION}. A package is a catalogue entry (目录), an organization is a body inside government (数源单位),
a group is a theme (数据领域), and a resource is one form of an entry's data.

- `name` is the code of the information resource in lower case with a hyphen instead of the slash,
  never given again.
- `title` and `notes` are Chinese; `lang=en` gives the English ones where there are any.
- Every reader sees the open domain. Whoever shows a token in the header `Authorization` sees besides, by
  `package_show` and with `include_drafts` or `include_private`, what is his own or his body's.
- Data that are opened on application, or to whoever signed in, have one resource: the address of the page
  that leads on.
- `datastore_search` and `datastore_info` take the resources whose `datastore_active` is true, at most 32,000 rows a
  call; there is no SQL.
- Facets that may be counted: `organization`, `groups`, `tags`, `res_format`, `license_id`, `extras_access_level`,
  `extras_region_code`, `extras_update_cycle`, `state`.

## Extras

Keys are fixed, values are text; what isn't known has no key.

"""


def page() -> str:
    """The whole page, in Markdown."""
    extras = [f"| `{key}` | {zh} | {en} |" for key, (zh, en) in ckan.EXTRAS.items()]
    groups = [f"| `theme-{one.value}` | {one.zh} | {one.en} |" for one in v.Theme]
    states = [f"| `{name}` | {_states(codes, 'zh')} | {_states(codes, 'en')} |" for name, codes in ckan.STATES.items()]
    parts = [
        HEAD,
        _table("key", extras),
        "\n## Groups\n\n",
        _table("name", groups),
        "\n## States\n\n",
        _table("state", states),
    ]
    return "".join(parts)


def _table(first: str, rows: list[str]) -> str:
    return "\n".join([f"| {first} | 中文 | English |", "|---|---|---|", *rows]) + "\n"


def _states(codes: tuple[str, ...], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(v.EntryState(one).label(language) for one in codes)


if __name__ == "__main__":
    print(page(), end="")

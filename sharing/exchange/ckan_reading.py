"""Reading a CKAN platform: all its packages, page by page, by the real client through the guard of outbound calls."""

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import requests
from ckanapi import RemoteCKAN
from ckanapi.errors import CKANAPIError
from requests import PreparedRequest
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from policies.refusals import Refused
from tenancy.outbound import Client

ROWS = 100
MOST_PAGES = 20_000
SECONDS = 60.0
PAGE_BYTES = 64 * 1024 * 1024

Package = Mapping[str, Any]


def pages(address: str, client: Client) -> Iterator[list[Package]]:
    """Every package that the platform at an address shows to everybody, by id, in pages.

    The first page that is empty is the end. Raises Refused("harvest.ckan-…") when the platform does not answer as a
    CKAN does, when a page repeats the one before, or when fewer packages came than it says it has: what is not read
    whole must not look so.
    """
    with _remote(address, client) as remote:
        start, before = 0, ""
        for _ in range(MOST_PAGES):
            found = _ask(remote, "package_search", rows=ROWS, start=start, sort="id asc")
            results, count = found.get("results"), found.get("count")
            if not isinstance(results, list) or not isinstance(count, int):
                raise Refused("harvest.ckan-answer", address=address)
            if not results:
                if start < count:
                    raise Refused("harvest.ckan-short", read=start, count=count)
                return
            mark = json.dumps(results, sort_keys=True)
            if mark == before:
                raise Refused("harvest.ckan-pages", start=start)
            yield results
            start, before = start + len(results), mark
    raise Refused("harvest.ckan-pages", start=start)


def is_ckan(address: str, client: Client) -> bool:
    """Whether a CKAN answers at an address; what keeps any call from being made is raised."""
    try:
        with _remote(address, client) as remote:
            return isinstance(_ask(remote, "package_search", rows=0).get("count"), int)
    except Refused as refusal:
        if refusal.code.startswith("outbound."):
            raise
        return False


def _ask(remote: Any, action: str, **values: Any) -> dict[str, Any]:
    try:
        found = remote.call_action(action, values)
    except (CKANAPIError, requests.RequestException, ValueError) as error:
        words = " ".join(str(error).split())[:200]
        raise Refused("harvest.ckan-error", action=action, detail=words or type(error).__name__) from error
    return found if isinstance(found, dict) else {}


def _remote(address: str, client: Client) -> Any:
    session = requests.Session()
    session.trust_env = False
    guard = _Guard(client)
    session.mount("http://", guard)
    session.mount("https://", guard)
    return RemoteCKAN(address.rstrip("/"), user_agent="Tiaoxi", get_only=True, session=session)


class _Guard(BaseAdapter):
    """Sends what ckanapi asks through the guarded client, which judges every address it connects to."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client

    def send(self, request: PreparedRequest, *_options: Any, **_named: Any) -> requests.Response:
        """Make the call and hand the answer over in the library's own shape."""
        got = self.client.get(
            request.url or "", headers={"accept": "application/json"}, limit=PAGE_BYTES, timeout=SECONDS
        )
        response = requests.Response()
        response.status_code = got.status
        response.headers = CaseInsensitiveDict(got.headers)
        response.encoding = "utf-8"
        response.raw = BytesIO(got.body)
        response.url, response.request = got.url, request
        return response

    def close(self) -> None:
        """Nothing is kept open."""

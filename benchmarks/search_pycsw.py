"""pycsw over the same records: its own repository on SQLite, asked by CSW GetRecords as a client would write it.

It lives in an environment of its own (`pip install pycsw "SQLAlchemy<1.4"`). This module starts itself there with
`--inside`, hands over the records as lines of JSON, and reads one line with the figures. pycsw has no facets.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

BATCH = 5000
SETTINGS = """
[server]
home=.
url=http://127.0.0.1/
mimetype=application/xml; charset=UTF-8
encoding=UTF-8
language=zh
maxrecords=20
[manager]
transactions=false
allowed_ips=127.0.0.1
[metadata:main]
identification_title=benchmark
identification_abstract=benchmark
identification_keywords=benchmark
identification_keywords_type=theme
identification_fees=None
identification_accessconstraints=None
provider_name=benchmark
provider_url=http://127.0.0.1/
contact_name=none
contact_position=none
contact_address=none
contact_city=none
contact_stateorprovince=none
contact_postalcode=none
contact_country=none
contact_phone=none
contact_fax=none
contact_email=none
contact_url=http://127.0.0.1/
contact_hours=none
contact_instructions=none
contact_role=pointOfContact
[repository]
database=sqlite:///{database}
table=records
"""
QUESTION = """<?xml version="1.0" encoding="UTF-8"?>
<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:ogc="http://www.opengis.net/ogc"
 service="CSW" version="2.0.2" resultType="results" startPosition="1" maxRecords="20"
 outputFormat="application/xml" outputSchema="http://www.opengis.net/cat/csw/2.0.2">
<csw:Query typeNames="csw:Record"><csw:ElementSetName>brief</csw:ElementSetName>{constraint}</csw:Query>
</csw:GetRecords>"""
LIKE = (
    '<ogc:PropertyIsLike wildCard="%" singleChar="_" escapeChar="\\"><ogc:PropertyName>csw:AnyText</ogc:PropertyName>'
    "<ogc:Literal>%{word}%</ogc:Literal></ogc:PropertyIsLike>"
)
RECORD = (
    '<csw:Record xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dct="http://purl.org/dc/terms/"><dc:identifier>{id}</dc:identifier><dc:title>{title}</dc:title>'
    "<dct:abstract>{abstract}</dct:abstract><dc:publisher>{provider}</dc:publisher></csw:Record>"
)


def measure(python: Path, folder: Path, records: Iterable[Any], texts: list[str], seconds: float) -> dict[str, Any]:
    """Have it all done by the interpreter which has pycsw."""
    order = [str(python), "-W", "ignore", __file__, "--inside", str(folder), str(seconds)]
    with (folder / "records.jsonl").open("w", encoding="utf-8") as out:
        for one in records:
            values = (one.id, one.title, one.abstract, one.provider, list(one.tags), one.updated.isoformat())
            out.write(json.dumps(values, ensure_ascii=False) + "\n")
    (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), "utf-8")
    done = subprocess.run(order, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def inside(folder: Path, seconds: float) -> dict[str, Any]:
    """Build and ask, with pycsw at hand."""
    from pycsw.core import admin  # noqa: PLC0415 - only the other interpreter has it

    database = folder / "records.db"
    began = time.perf_counter()
    admin.setup_db(f"sqlite:///{database}", "records", str(folder), create_sfsql_tables=True)
    _load(folder, database)
    built = time.perf_counter() - began
    spent = _ask(folder, database, seconds)
    return {
        "build": built,
        "bytes": database.stat().st_size,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "plain": {
            "p50": statistics.median(spent) * 1000,
            "p95": statistics.quantiles(spent, n=20)[-1] * 1000 if len(spent) > 1 else None,
            "count": len(spent),
        },
    }


def _load(folder: Path, database: Path) -> None:
    import sqlalchemy as sa  # noqa: PLC0415

    engine = sa.create_engine(f"sqlite:///{database}")
    table = sa.Table("records", sa.MetaData(), autoload=True, autoload_with=engine)
    with (folder / "records.jsonl").open(encoding="utf-8") as lines:
        while batch := [_row(*json.loads(line)) for line in islice(lines, BATCH)]:
            with engine.begin() as connection:
                connection.execute(table.insert(), batch)


def _row(id_: str, title: str, abstract: str, provider: str, tags: list[str], updated: str) -> dict[str, Any]:
    values = {"id": id_, "title": title, "abstract": abstract, "provider": provider}
    return {
        "identifier": id_,
        "typename": "csw:Record",
        "schema": "http://www.opengis.net/cat/csw/2.0.2",
        "mdsource": "local",
        "insert_date": updated,
        "xml": RECORD.format(**{name: escape(value) for name, value in values.items()}),
        "anytext": " ".join([title, abstract, provider, *tags]),
        "type": "dataset",
        "title": title,
        "abstract": abstract,
        "keywords": ",".join(tags),
        "publisher": provider,
        "date_modified": updated,
    }


def _ask(folder: Path, database: Path, seconds: float) -> list[float]:
    settings = folder / "pycsw.cfg"
    settings.write_text(SETTINGS.format(database=database), "utf-8")
    texts = json.loads((folder / "texts.json").read_text("utf-8"))
    for text in texts[:2]:
        _once(settings, text)
    spent: list[float] = []
    began = time.perf_counter()
    for text in _until(texts, began + seconds):
        before = time.perf_counter()
        _once(settings, text)
        spent.append(time.perf_counter() - before)
    return spent


def _until(texts: list[str], end: float) -> Iterator[str]:
    for text in texts:
        if time.perf_counter() > end:
            return
        yield text


def _once(settings: Path, text: str) -> None:
    from io import BytesIO  # noqa: PLC0415

    from pycsw import server  # noqa: PLC0415

    words = "".join(LIKE.format(word=escape(word)) for word in text.split())
    joined = f"<ogc:And>{words}</ogc:And>" if len(text.split()) > 1 else words
    constraint = f'<csw:Constraint version="1.1.0"><ogc:Filter>{joined}</ogc:Filter></csw:Constraint>' if words else ""
    body = QUESTION.format(constraint=constraint).encode()
    environment = {
        "REQUEST_METHOD": "POST",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/xml",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    status, answer = server.Csw(str(settings), environment).dispatch_wsgi()
    if not str(status).startswith("200") or b"SearchResults" not in answer:
        raise ValueError(answer[:2000])


if __name__ == "__main__" and sys.argv[1:2] == ["--inside"]:
    print(json.dumps(inside(Path(sys.argv[2]), float(sys.argv[3]))))

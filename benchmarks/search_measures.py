"""One engine's measurements, in its own process: building, asking in two ways, and pages of the real web server."""

import argparse
import random
import resource
import statistics
import time
from typing import Any

from benchmarks import search_engines as engines
from benchmarks import search_pages as pages
from benchmarks import search_pycsw as pycsw
from benchmarks import search_records as records
from benchmarks import search_relevance as relevance

TICKS = ({}, {"theme": ("7",)}, {"tier": ("T0",)}, {"update_cycle": ("YEARLY", "MONTHLY")}, {"format": ("xlsx",)})
BROAD = ("信息", "企业", "2020", "上海市", "")
"""Beside the judged questions: words that most records have, and no word at all."""
MOST = 600


def questions() -> list[tuple[str, dict[str, tuple[str, ...]]]]:
    """Texts with ticks, in an order that is always the same."""
    texts = [*(one.text for one in relevance.load()), *BROAD]
    asked = [(text, dict(TICKS[(at + turn) % len(TICKS)])) for turn in range(6) for at, text in enumerate(texts)]
    random.Random(records.SEED).shuffle(asked)  # noqa: S311 - always the same order is what is wanted
    return asked


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Build and ask; seconds, bytes, and milliseconds as percentiles."""
    wanted = records.of_size(records.read(given.folder), int(given.size))
    if given.measure == "pycsw":
        return pycsw.measure(given.pycsw, given.work, wanted, [text for text, _ in questions()], given.seconds)
    with engines.opened(given.measure, given.work) as engine:
        built = engine.build(wanted)
        found: dict[str, Any] = {"build": built, "bytes": engine.size()}
        found["plain"] = ask(engine, given.seconds, counted=False)
        found["facets"] = ask(engine, given.seconds, counted=True)
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if isinstance(engine, engines.Ours):
            found["whole"] = found["facets"].pop("whole")
            engine.forgets = False
            ask(engine, given.seconds, counted=True)
            found["again"] = ask(engine, given.seconds, counted=True)
            if given.pages:
                found["pages"] = pages.measure(engine.home, questions())
    return found


def ask(engine: engines.Engine, seconds: float, *, counted: bool) -> dict[str, Any]:
    """Ask one after the other until all are answered or the time is over; the first few only warm up."""
    asked = questions()
    for text, ticked in asked[:10]:
        engine.ask(text, ticked, counted=counted)
    spent, whole, began = [], [], time.perf_counter()
    for text, ticked in asked[:MOST]:
        before = time.perf_counter()
        answer = engine.ask(text, ticked if counted else {}, counted=counted)
        whole.append(time.perf_counter() - before)
        spent.append(whole[-1] if answer.seconds is None else answer.seconds)
        if time.perf_counter() - began > seconds:
            break
    return {**percentiles(spent), "whole": percentiles(whole)}


def percentiles(spent: list[float]) -> dict[str, Any]:
    """Median and 95th percentile in milliseconds, and how many there are."""
    if len(spent) < 2:
        return {"p50": spent[0] * 1000 if spent else None, "p95": None, "count": len(spent)}
    return {
        "p50": statistics.median(spent) * 1000,
        "p95": statistics.quantiles(spent, n=20)[-1] * 1000,
        "count": len(spent),
    }


def lines(name: str, found: dict[str, Any]) -> list[list[str]]:
    """What was measured as lines of the table."""
    if "failed" in found:
        return [[name, found["failed"], *["–"] * 6]]
    first = [f"{found['build']:,.1f}", f"{found['bytes'] / 1e6:,.0f}", f"{found['peak']:,.0f}"]
    facets = found.get("facets")
    count = found["plain"]["count"] + (facets["count"] if facets else 0)
    line = [name, *first, _times(found["plain"]), _times(facets), str(count), "–"]
    if "whole" not in found:
        return [line]
    line[0] = f"{name}, in the index alone"
    page = found.get("pages")
    told = f"{page['p50']:.0f} / {page['p95']:.0f} ({page['count']} pages)" if page else "–"
    return [
        line,
        [
            f"{name}, read again from the database",
            *["–"] * 3,
            _times(found["plain"]["whole"]),
            _times(found["whole"]),
            str(count),
            told,
        ],
        [f"{name}, asked again since the last commit", *["–"] * 4, _times(found["again"]), str(count), "–"],
    ]


def _times(found: dict[str, Any] | None) -> str:
    if not found or found["p50"] is None:
        return "–"
    return f"{found['p50']:,.1f} / " + ("–" if found["p95"] is None else f"{found['p95']:,.1f}")

"""Search side by side: the product, SQLite FTS5, PostgreSQL and pycsw over the same records and questions.

    python -m benchmarks.search FOLDER --relevance [--engines ours fts5-jieba …]
    python -m benchmarks.search FOLDER --size 10000 [--engines …] [--pycsw PYTHON] [--pages]
    python -m benchmarks.search FOLDER --pool              # answers that nobody has judged yet

FOLDER holds catalogues of Chinese portals as JSON (see search_records.py). Every engine has a process of its own, one
after the other; each is given a time in which to answer, and says how many answers it gave. Prints Markdown.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import search_engines as engines
from benchmarks import search_measures as measures
from benchmarks import search_records as records
from benchmarks import search_relevance as relevance

ROOT = Path(__file__).resolve().parents[1]
NAMES = (*engines.NAMES, "pycsw")
HEAD = (
    "engine",
    "build s",
    "index MB",
    "peak MB",
    "plain p50 / p95 ms",
    "with facets p50 / p95 ms",
    "answers",
    "page p95 ms",
)


def compare(folder: Path, size: int, names: list[str], options: dict[str, Any]) -> None:
    """The table of speeds of one size."""
    print(f"\n{size:,} records; {machine()}\n\n| " + " | ".join(HEAD) + " |\n|---" + "|---:" * (len(HEAD) - 1) + "|")
    for name in names:
        found = child(folder, name, size, options)
        for line in measures.lines(name, found):
            print("| " + " | ".join(line) + " |", flush=True)


def child(folder: Path, name: str, size: int, options: dict[str, Any]) -> dict[str, Any]:
    """One engine's measurements in a fresh process with a folder of its own, which is removed afterwards."""
    place = Path(tempfile.mkdtemp(prefix=f"tiaoxi-search-{name}-", dir=options["work"]))
    order = [sys.executable, "-m", "benchmarks.search", str(folder), "--size", str(size), "--measure", name]
    order += ["--work", str(place), "--seconds", str(options["seconds"]), "--pycsw", str(options["pycsw"])]
    order += ["--pages"] if options["pages"] else []
    try:
        done = subprocess.run(  # noqa: S603
            order, check=False, capture_output=True, text=True, cwd=ROOT, timeout=options["limit"]
        )
        if done.returncode:
            return {"failed": done.stderr.strip().splitlines()[-1][:100]}
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {options['limit']:,} s"}
    finally:
        shutil.rmtree(place, ignore_errors=True)


def judge(folder: Path, names: list[str], *, pool: bool) -> None:
    """The table of relevance, or the answers which nobody has judged."""
    known = records.read(folder)
    by_id, questions = {one.id: one for one in known}, relevance.load()
    of_key = relevance.counted(known)
    if not pool:
        print(f"\n{len(known):,} records, {len(questions)} questions; nDCG@10\n")
        print(
            "| engine | all | tuning | held-out | "
            + " | ".join(relevance.kinds(questions))
            + " | nothing found | not judged |"
        )
        print("|---" + "|---:" * (5 + len(relevance.kinds(questions))) + "|")
    for name in names:
        with tempfile.TemporaryDirectory() as place, engines.opened(name, Path(place)) as engine:
            engine.build(iter(known))
            asked = {one.text: engine.ask(one.text, {}, counted=False).ids for one in questions}
        keys = {text: [by_id[one].key for one in ids] for text, ids in asked.items()}
        if pool:
            for question in questions:
                for key in keys[question.text][: relevance.DEPTH]:
                    if not question.judged(key):
                        print(f"{question.text}\t{key}")
        else:
            print("| " + " | ".join([name, *relevance.line(questions, keys, of_key)]) + " |", flush=True)


def machine() -> str:
    """What it ran on."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} cores, load before: {load}"


def main() -> None:
    """Reads the arguments; see the top of the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--relevance", action="store_true")
    parser.add_argument("--pool", action="store_true")
    parser.add_argument("--size", type=float, default=10_000)
    parser.add_argument("--engines", nargs="+", choices=NAMES)
    parser.add_argument("--seconds", type=float, default=60, help="for asking, each of the two ways")
    parser.add_argument("--limit", type=float, default=1500, help="seconds for one engine in all")
    parser.add_argument("--pages", action="store_true", help="start the web server and ask for pages, 20 a second")
    parser.add_argument("--pycsw", type=Path, default=Path("pycsw-python"), help="the Python which has pycsw")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()), help="where files are made")
    parser.add_argument("--measure", choices=NAMES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measures.measure(given)))
    elif given.relevance or given.pool:
        judge(given.folder, given.engines or list(engines.NAMES), pool=given.pool)
    else:
        chosen = given.engines or [one for one in NAMES if one != "pycsw" or given.pycsw.exists()]
        compare(given.folder, int(given.size), chosen, vars(given))


if __name__ == "__main__":
    main()

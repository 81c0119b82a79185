"""Logs: one JSON object a line, so that nothing in a value can forge another line."""

import logging
from datetime import UTC, datetime

from pythonjsonlogger.json import JsonFormatter


class Lines(JsonFormatter):
    """Records as JSON lines: instant in UTC, level, event, and what the call says of it."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002 - as the base has it
        """The instant in UTC, as ISO 8601."""
        return datetime.fromtimestamp(record.created, UTC).isoformat()


def configure_logs() -> None:
    """Write what our own code reports as JSON lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        Lines(
            "%(asctime)s %(levelname)s %(message)s",
            rename_fields={"asctime": "timestamp", "levelname": "level", "message": "event"},
            json_ensure_ascii=False,
        )
    )
    ours = logging.getLogger("open_portal")
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(logging.INFO)

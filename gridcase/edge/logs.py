"""How the process writes its log: one JSON object a line on standard error, with ids and without personal data.

A fault is told by its traceback alone. The default of structlog's console would print every local variable beside it,
passwords and descriptions included.
"""

import sys

import structlog


def configure_logs() -> None:
    """Set the shape of every line; said again, it changes nothing."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=_to_standard_error,
    )


def _to_standard_error(*_names: object) -> structlog.PrintLogger:
    # Looked up for every line, so that a stream put in its place is used.
    return structlog.PrintLogger(sys.stderr)

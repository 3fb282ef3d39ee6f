"""A refusal as people see it: a notice where htmx asked, else a page, in the console's frame once signed in."""

from typing import Any

from flask import Response

from gridcase.edge.runtime import caller_if_any
from gridcase.web.console.blueprint import is_fragment
from gridcase.web.console.rendering import console_page, fragment
from gridcase.web.pages import page


def problem_page(body: dict[str, Any]) -> Response:
    """Show a problem document to somebody who came with a browser."""
    status = body["status"]
    if caller_if_any() is None:
        return page("problem.html", title="name", status=status, problem=body)
    if not is_fragment():
        return console_page("console/problem.html", title="console.problem", status=status, problem=body)
    response = fragment("console/_problem.html", status=status, problem=body)
    response.headers["HX-Retarget"] = "#toasts"
    response.headers["HX-Reswap"] = "beforeend"
    return response

"""How a template of the console becomes an answer: a page in its frame, or a fragment that htmx puts in place."""

from functools import partial
from typing import Any

from flask import Response, make_response, render_template, request, url_for

from gridcase import __version__
from gridcase.domain.case import UnitCode
from gridcase.edge.runtime import Calling, calling, language, runtime
from gridcase.edge.texts import Language, label
from gridcase.edge.view import Viewing
from gridcase.web.console.menu import home_of, menu_of
from gridcase.web.marks import MARKS
from gridcase.web.pages import LANG
from gridcase.web.texts import text


def viewing() -> Viewing:
    """Return who looks at this page, when and in which language: what ``gridcase.edge.view`` asks for."""
    called = calling()
    return Viewing(called.actor, called.reference, runtime().clock.now(), language())


def console_page(template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    """Render a whole page.

    Parameters
    ----------
    title
        Word of ``gridcase.web.texts``; ``heading`` among the values replaces it by a text of its own.
    values
        For the template, besides ``t`` (words), ``me`` (who is signed in), ``lang``, ``label`` (trade's words) and
        ``marks`` (shape on the map by state).
    """
    called, spoken = calling(), language()
    other = Language.EN if spoken is Language.ZH else Language.ZH
    query = (
        {**request.view_args, **request.args.to_dict(flat=False), "lang": str(other)}
        if request.view_args
        else {**request.args.to_dict(flat=False), "lang": str(other)}
    )
    return fragment(
        template,
        status=status,
        title=values.pop("heading", None) or text(title, spoken),
        version=__version__,
        menu=menu_of(called.actor.role),
        part=request.path.split("/")[1],
        office=_office_name(called, spoken),
        home_url=url_for(home_of(called.actor.role)),
        other_lang=LANG[other],
        other_url=url_for(request.endpoint, **query)
        if request.endpoint and request.method == "GET"
        else f"?lang={other}",
        **values,
    )


def fragment(template: str, *, status: int = 200, **values: Any) -> Response:
    """Render a part of a page, in the page's language."""
    spoken = language()
    body = render_template(
        template,
        t=partial(text, language=spoken),
        label=partial(label, language=spoken),
        me=calling().actor,
        lang=LANG[spoken],
        spoken=str(spoken),
        marks=MARKS,
        **values,
    )
    response = make_response(body, status)
    response.headers["Content-Language"] = LANG[spoken]
    return response


def _office_name(called: Calling, spoken: Language) -> str:
    """Name the office: the first unit that stands under no other."""
    units = called.reference.rules.units
    top = next((unit.code for unit in units.units if unit.parent is None), UnitCode(""))
    known = units.by_code.get(top)
    return "" if known is None else known.name_zh if spoken is Language.ZH else known.name_en

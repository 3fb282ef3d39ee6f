"""What all pages share: the blueprint, the language of a page, and how a template becomes an answer.

These pages are open to anybody: they show nothing that is not public.
"""

from functools import partial
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from gridcase import __version__
from gridcase.edge.runtime import keep_language, language
from gridcase.edge.texts import Language
from gridcase.web.texts import text

pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

#: How a language is named to browsers.
LANG = {Language.ZH: "zh-CN", Language.EN: "en"}


def page(template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    """Render a template in the page's language.

    Parameters
    ----------
    title
        Word of ``gridcase.web.texts``.
    """
    spoken = language()
    other = Language.EN if spoken is Language.ZH else Language.ZH
    body = render_template(
        template,
        t=partial(text, language=spoken),
        title=text(title, spoken),
        lang=LANG[spoken],
        other_lang=LANG[other],
        other_url=f"{request.path}?lang={other}",
        home_url=url_for("pages.home", lang=request.args.get("lang")),
        version=__version__,
        **values,
    )
    response = make_response(body, status)
    if request.args.get("lang") == spoken:
        keep_language(response, spoken)
    response.headers["Content-Language"] = LANG[spoken]
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept-Language")
    return response

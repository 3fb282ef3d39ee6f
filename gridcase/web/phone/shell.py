"""The shell of the phone app: page, service worker, manifest, words; open to anybody, because it holds no data.

The version of the shell is the digest of all its files: whatever changes in one of them is a new version, which the
service worker puts beside the running one. What the app keeps and sends is in ``static/m`` (docs/phone.md).
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, url_for

from gridcase import __version__
from gridcase.edge.headers import CONTENT_SECURITY_POLICY
from gridcase.edge.runtime import runtime
from gridcase.edge.texts import Language
from gridcase.web.words import phone as words

phone = Blueprint("phone", __name__, url_prefix="/m", template_folder="../templates")

#: Photos that were just taken lie in memory: the app shows them by addresses of its own (blob:). Nothing else is eased.
_POLICY = f"{CONTENT_SECURITY_POLICY}; img-src 'self' blob: data:"
_STATIC = Path(__file__).parents[1] / "static"
_FOLDERS = ("m", "vendor/idb")
_VERSION_DIGITS = 10
_SCRIPT = "text/javascript; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellFile:
    """A file of the shell: its address, and its digest as browsers check it (Subresource Integrity)."""

    url: str
    integrity: str


@phone.route("/", methods=["GET"])
def app() -> Response:
    """Show the app; the same page for everybody and every language."""
    settings = runtime().settings
    limits = {"max_bytes": settings.max_upload_bytes, "max_pixels": settings.max_photo_pixels}
    response = _as_shell(render_template("phone/app.html", version=version(), **limits), "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@phone.route("/sw.js", methods=["GET"])
def service_worker() -> Response:
    """Return the service worker with the list of what it keeps."""
    files = [{"url": one.url, "integrity": one.integrity} for one in shell_files()]
    # Made anew with each answer of the server: these two have no digest of their own in the list.
    files += [{"url": url_for("phone.app")}, {"url": url_for("phone.words_of_the_app")}]
    return _as_shell(render_template("phone/sw.js", version=version(), files=files), _SCRIPT)


@phone.route("/words.json", methods=["GET"])
def words_of_the_app() -> Response:
    """Return every word of the app in both languages, so that it can change language without network."""
    return _as_shell(jsonify(_words()).get_data(as_text=True), "application/json")


@phone.route("/manifest.webmanifest", methods=["GET"])
def manifest() -> Response:
    """Return what a phone needs to install the app."""
    name, short = words.WORDS["phone.app.name"], words.WORDS["phone.app.short"]
    icons: list[dict[str, Any]] = [
        {"src": f"/static/m/icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
        for side in (192, 512)
        for purpose in ("any", "maskable")
    ]
    body = {
        "id": url_for("phone.app"),
        "name": name.zh,
        "short_name": short.zh,
        "lang": "zh-CN",
        "start_url": f"{url_for('phone.app')}#/tasks",
        "scope": url_for("phone.app"),
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#eef2f5",
        "theme_color": "#123a5a",
        "icons": icons,
        "shortcuts": [{"name": words.WORDS["phone.bar.file"].zh, "url": f"{url_for('phone.app')}#/file"}],
    }
    return _as_shell(jsonify(body).get_data(as_text=True), "application/manifest+json")


@phone.route("/version.json", methods=["GET"])
def version_of_the_app() -> Response:
    """Return the version that this server would install."""
    return _as_shell(jsonify(version=version(), release=__version__).get_data(as_text=True), "application/json")


def version() -> str:
    """Return the version of the shell: the release, and a digest of every file, word and template."""
    told = hashlib.sha256()
    for one in shell_files():
        told.update(f"{one.url} {one.integrity}\n".encode())
    told.update(repr(sorted(_words()["zh"].items()) + sorted(_words()["en"].items())).encode())
    for template in ("app.html", "sw.js"):
        told.update((_STATIC.parent / "templates" / "phone" / template).read_bytes())
    return f"{__version__}+{told.hexdigest()[:_VERSION_DIGITS]}"


@cache
def shell_files() -> tuple[ShellFile, ...]:
    """Return the files of the shell; read once in a process, which a new release starts anew."""
    paths = sorted(path for folder in _FOLDERS for path in (_STATIC / folder).rglob("*") if path.is_file())
    return tuple(
        ShellFile(url=f"/static/{path.relative_to(_STATIC).as_posix()}", integrity=_integrity(path)) for path in paths
    )


def _integrity(path: Path) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()}"


@cache
def _words() -> dict[str, dict[str, str]]:
    spoken = {language: words.WORDS.items() for language in Language}
    return {
        str(language): {key.removeprefix("phone."): text.in_(language) for key, text in items}
        for language, items in spoken.items()
    }


def _as_shell(body: str, content_type: str) -> Response:
    """Answer with a part of the shell: always asked for anew, so that a new version is found at once."""
    response = make_response(body)
    response.headers["Content-Type"] = content_type
    response.headers["Cache-Control"] = "no-cache"
    return response

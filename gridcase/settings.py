"""Settings: what an operator decides before the first start.

Read from ``settings.toml`` in the configuration folder, each overridden by a ``GRIDCASE_…`` variable of the same name
in capitals. What an administrator changes at run time is not here but in dated configuration (``gridcase.rules``).
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo


class SettingsError(ValueError):
    """A setting is unknown or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator may set; each field is explained in ``docs/settings.md``.

    Parameters
    ----------
    database_url
        SQLAlchemy address; ``sqlite:///…`` or ``postgresql+psycopg://…``. Empty: a SQLite file in ``data_dir``.
    data_dir, config_dir
        Where photos, keys and exports lie; where configuration files lie.
    instance_prefix
        2 to 6 capital letters that begin every case number.
    time_zone
        Zone of days and months.
    language
        ``zh`` or ``en`` when the caller states no preference.
    token_hours, device_days
        How long a sign-in lasts; how long a phone stays signed in.
    max_upload_bytes, max_photo_pixels
        Largest photo taken, as file and as picture.
    max_layer_bytes
        Largest file of a layer that is imported, unpacked.
    snap_tolerance_m
        How far outside every cell a point is still taken into the nearest one.
    city_margin_km
        A point farther than this from every cell is taken for a mistake and refused.
    public_overview
        Whether the page at ``/`` shows the grid, the cases (number, type, state) and the month to anyone.
    metrics_token
        Bearer token that opens ``/metrics`` to other machines; empty: this machine only.
    sign_in_failures, sign_in_minutes
        After so many failures of one account from one address within so many minutes, sign-in waits.
    public_url
        Address at which people reach the pages, for links in e-mails; empty: no links.
    map_tiles, map_tiles_datum, map_tiles_credit
        Address of background tiles with ``{z}``, ``{x}`` and ``{y}``, empty for none; the datum they are drawn in,
        ``wgs84`` or ``gcj02``; who made them, shown under the map.
    mail_server, mail_tls, mail_from, mail_credentials
        ``host`` or ``host:port`` that takes e-mail, empty to send none; ``starttls``, ``tls`` or ``none``; the
        sender's address; a file of mode 0600 with user and password on two lines, empty for no sign-in.
    mail_hour
        Hour of working days at which digests go to who chose none.
    """

    database_url: str = ""
    data_dir: Path = Path("var")
    config_dir: Path = Path("config")
    instance_prefix: str = "NDJ"
    time_zone: str = "Asia/Shanghai"
    language: str = "zh"
    token_hours: int = 12
    device_days: int = 90
    max_upload_bytes: int = 10_000_000
    max_photo_pixels: int = 60_000_000
    max_layer_bytes: int = 100_000_000
    snap_tolerance_m: int = 30
    city_margin_km: int = 30
    public_overview: bool = False
    metrics_token: str = field(default="", repr=False)
    sign_in_failures: int = 5
    sign_in_minutes: int = 5
    public_url: str = ""
    map_tiles: str = ""
    map_tiles_datum: str = "wgs84"
    map_tiles_credit: str = ""
    mail_server: str = ""
    mail_tls: str = "starttls"
    mail_from: str = ""
    mail_credentials: str = ""
    mail_hour: int = 8

    @property
    def tiles_origin(self) -> str:
        """Scheme, host and port of the background tiles; empty without any."""
        return "/".join(self.map_tiles.split("/")[:3])

    @property
    def zone(self) -> ZoneInfo:
        """Zone of days and months."""
        return ZoneInfo(self.time_zone)

    @property
    def resolved_database_url(self) -> str:
        """Address of the database, with the embedded default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'gridcase.sqlite').resolve()}"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Raises
    ------
    SettingsError
        When the file names an unknown setting, a value is not of its kind, or the tiles of the map are none.
    """
    env = os.environ if environment is None else environment
    known = {f.name for f in fields(Settings)}
    config_dir = Path(env.get("GRIDCASE_CONFIG_DIR", "config"))
    values: dict[str, Any] = _from_file(config_dir / "settings.toml", known)
    values |= {name: env[key] for name in known if (key := f"GRIDCASE_{name.upper()}") in env}
    values["config_dir"] = config_dir
    read: dict[str, Any] = {name: _read(name, value) for name, value in values.items()}
    settings = Settings(**read)
    _check_tiles(settings)
    return settings


def _check_tiles(settings: Settings) -> None:
    """Refuse an address that is none: it stands in a header that says what browsers may load."""
    if settings.map_tiles and not _TILES.fullmatch(settings.map_tiles):
        msg = "setting 'map_tiles': https://host/… with {z}, {x} and {y} expected"
        raise SettingsError(msg)
    if settings.map_tiles_datum not in TILE_DATUMS:
        msg = f"setting 'map_tiles_datum': one of {', '.join(TILE_DATUMS)} expected"
        raise SettingsError(msg)


#: Datums in which background tiles may be drawn; all others are rare.
TILE_DATUMS = ("wgs84", "gcj02")
_TILES = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]*(:\d{1,5})?/(?=\S*\{z\})(?=\S*\{x\})(?=\S*\{y\})[^\s\"'<>;,]*",
    re.IGNORECASE | re.ASCII,
)


def _from_file(path: Path, known: set[str]) -> dict[str, Any]:
    if not path.exists():
        return {}
    values = tomllib.loads(path.read_text("utf-8"))
    if unknown := sorted(values.keys() - known):
        msg = f"{path}: unknown setting {unknown[0]!r}"
        raise SettingsError(msg)
    return values


def _read(name: str, value: object) -> object:
    kind = get_type_hints(Settings)[name]
    try:
        return _switch(str(value)) if kind is bool else kind(value)
    except (KeyError, TypeError, ValueError) as err:
        msg = f"setting {name!r}: cannot read {value!r}"
        raise SettingsError(msg) from err


def _switch(text: str) -> bool:
    words = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
    return words[text.lower()]

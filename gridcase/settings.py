"""Settings: what an operator decides before the first start.

Read from ``settings.toml`` in the configuration folder, each overridden by a ``GRIDCASE_…`` variable of the same name
in capitals. What an administrator changes at run time is not here but in dated configuration (``gridcase.rules``).
"""

import os
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
    mail_server: str = ""
    mail_tls: str = "starttls"
    mail_from: str = ""
    mail_credentials: str = ""
    mail_hour: int = 8

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
        When the file names an unknown setting or a value is not of its kind.
    """
    env = os.environ if environment is None else environment
    known = {f.name for f in fields(Settings)}
    config_dir = Path(env.get("GRIDCASE_CONFIG_DIR", "config"))
    values: dict[str, Any] = _from_file(config_dir / "settings.toml", known)
    values |= {name: env[key] for name in known if (key := f"GRIDCASE_{name.upper()}") in env}
    values["config_dir"] = config_dir
    read: dict[str, Any] = {name: _read(name, value) for name, value in values.items()}
    return Settings(**read)


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

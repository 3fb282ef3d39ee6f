"""The configuration that is shipped can be read, and nothing is wrong with it."""

from pathlib import Path

import pytest

from gridcase.rules.documents import Severity, read_folder, write_folder
from gridcase.services.configuring import check_folder
from gridcase.settings import SettingsError, load_settings

CONFIG = Path(__file__).parents[2] / "config"
FILES = sorted(path for path in CONFIG.rglob("*.yaml"))


def test_every_file_is_a_document_that_is_read():
    assert len(read_folder(CONFIG)) == len(FILES) > 5


def test_nothing_in_it_is_wrong_or_doubtful():
    found = check_folder(CONFIG)
    assert [one for one in found if one.severity is not Severity.NOTICE] == []


def test_a_mistake_in_it_would_be_found(tmp_path):
    write_folder(read_folder(CONFIG), tmp_path)
    units = next((tmp_path / "units").glob("*.yaml"))
    units.write_text(units.read_text("utf-8").replace("NDJ-ZF", "NDJ-XX", 1), "utf-8")
    assert any(one.severity is Severity.ERROR for one in check_folder(tmp_path))


def test_the_settings_file_holds_known_settings_only(tmp_path):
    assert load_settings({"GRIDCASE_CONFIG_DIR": str(CONFIG)}).instance_prefix
    (tmp_path / "settings.toml").write_text((CONFIG / "settings.toml").read_text("utf-8") + "\ncolour = 'red'\n")
    with pytest.raises(SettingsError, match="colour"):
        load_settings({"GRIDCASE_CONFIG_DIR": str(tmp_path)})

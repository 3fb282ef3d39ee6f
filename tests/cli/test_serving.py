"""What ``gridcase serve`` refuses before a server is started: nothing prepared, a port that is taken."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from gridcase.cli.main import cli
from gridcase.services.configuring import apply_folder
from gridcase.services.watching import upgrade_schema
from tests.office import ROOT, open_office


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"GRIDCASE_DATA_DIR": str(tmp_path), "GRIDCASE_CONFIG_DIR": str(ROOT / "config"), "GRIDCASE_LANGUAGE": "en"}


def test_an_instance_that_was_not_prepared_is_not_served(environment: dict[str, str]) -> None:
    run = CliRunner().invoke(cli, ["serve"], env=environment)
    assert (run.exit_code, "gridcase db upgrade" in run.stderr) == (1, True)


def test_a_port_that_is_taken_is_wrong_usage(environment: dict[str, str], tmp_path: Path) -> None:
    office = open_office(f"sqlite:///{tmp_path / 'gridcase.sqlite'}", tmp_path)
    upgrade_schema(office.rt)
    apply_folder(office.rt, ROOT / "config")
    office.rt.database.engine.dispose()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run = CliRunner().invoke(cli, ["serve", "--port", str(taken.getsockname()[1])], env=environment)
    assert (run.exit_code, "cannot be used" in run.stderr) == (2, True)


def test_a_sample_city_without_a_configuration_folder_is_refused_with_the_remedy(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment["GRIDCASE_CONFIG_DIR"] = str(tmp_path / "nowhere")
    run = CliRunner().invoke(cli, ["demo", "--no-serve"], env=environment)
    assert (run.exit_code, "GRIDCASE_CONFIG_DIR" in run.stderr) == (1, True)

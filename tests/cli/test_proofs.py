"""``gridcase assess verify``, ``keys`` and ``audit verify --anchor``: exit codes, and one JSON document."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gridcase.assessment.signing import new_key
from gridcase.cli import audit, keys
from gridcase.cli.main import cli
from gridcase.services.running_month import write_export
from gridcase.services.steps.keys import KEY_FILE, signing_key
from tests.feeds import settle
from tests.months import reported_case, sealed_month
from tests.office import Office
from tests.packed_months import KEY, WHOLE, members


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Run a command in English."""
    monkeypatch.setenv("GRIDCASE_LANGUAGE", "en")

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, [str(word) for word in words])

    return invoke


@pytest.fixture
def month(tmp_path: Path) -> tuple[Path, Path]:
    """A package and its public key."""
    package, key = tmp_path / "month.zip", tmp_path / "key.pem"
    package.write_bytes(WHOLE)
    key.write_bytes(KEY.public.pem)
    return package, key


def test_an_unchanged_package_is_proven_and_exits_with_0(run, month):
    package, key = month
    done = run("assess", "verify", package, "--public-key", key, "--json")
    told = json.loads(done.stdout)

    assert (done.exit_code, told["ok"], told["signed"], told["problems"]) == (0, True, True, [])
    assert (told["period"], told["area"], told["key_id"]) == ("2026-10", "320404005", KEY.id)
    assert "ok: 320404005 2026-10, signed by" in run("assess", "verify", package, "--public-key", key).stdout


def test_a_changed_package_or_another_key_exits_with_1_and_says_why(run, month, tmp_path):
    package, key = month
    other = tmp_path / "other.pem"
    other.write_bytes(new_key().public.pem)
    done = run("assess", "verify", package, "--public-key", other, "--json")
    assert (done.exit_code, [one["code"] for one in json.loads(done.stdout)["problems"]]) == (1, ["signature_wrong"])

    package.write_bytes(WHOLE.replace(b"U2", b"U9"))
    done = run("assess", "verify", package, "--public-key", key, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, {one["code"] for one in told["problems"]}) == (1, {"member_changed"})
    assert "differs from the manifest" in told["problems"][0]["text"]


def test_without_a_key_authorship_is_said_to_be_unproven(run, month):
    package, _ = month
    done = run("assess", "verify", package, "--json")
    assert (done.exit_code, json.loads(done.stdout)["problems"][0]["code"]) == (1, "authorship_not_proven")

    done = run("assess", "verify", package, "--unsigned", "--json")
    assert (done.exit_code, json.loads(done.stdout)["signed"]) == (0, False)
    assert "not proven by whom" in run("assess", "verify", package, "--unsigned").stdout


def test_what_is_no_key_is_wrong_usage(run, month):
    package, key = month
    assert run("assess", "verify", package, "--public-key", package).exit_code == 2
    assert run("assess", "verify", package, "--public-key", key, "--unsigned").exit_code == 2
    key.write_bytes(KEY.pem)  # the private half is not what to hand in
    assert run("assess", "verify", package, "--public-key", key).exit_code == 2
    assert run("assess", "verify", package.with_name("none.zip")).exit_code == 2


def test_openssl_reads_the_key_and_the_signature(month, tmp_path):
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    _, key = month
    for name in ("manifest.json", "manifest.sig"):
        (tmp_path / name).write_bytes(members(WHOLE)[name])
    words = ["pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin"]
    files = ["-in", str(tmp_path / "manifest.json"), "-sigfile", str(tmp_path / "manifest.sig")]
    assert subprocess.run(["openssl", *words, *files], capture_output=True, check=False).returncode == 0


# --- the instance's key and its history ----------------------------------------------------------------------------


@pytest.fixture
def here(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Let the commands work on the office of this test."""
    for module in (audit, keys):
        monkeypatch.setattr(module, "runtime", lambda: office.rt)
    return office


def test_the_key_is_made_once_is_private_and_shows_its_public_half(run, sqlite_office, monkeypatch, tmp_path):
    monkeypatch.setattr(keys, "runtime", lambda: sqlite_office.rt)
    folder = sqlite_office.rt.settings.data_dir
    shown = json.loads(run("keys", "show", "--json").stdout)
    done = run("keys", "export", "--out", tmp_path / "deep" / "key.pem")

    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert (tmp_path / "deep" / "key.pem").read_text() == shown["public_key"]
    assert shown["key_id"] == signing_key(folder).id
    assert done.exit_code == 0
    assert "PRIVATE" not in run("keys", "show").stdout

    (folder / KEY_FILE).write_text("damaged")
    assert run("keys", "show").exit_code == 1
    assert (folder / KEY_FILE).read_text() == "damaged"


def test_the_history_is_held_against_the_month_that_was_handed_over(run, here, tmp_path):
    reported_case(here)
    settle(here)
    sealed = sealed_month(here)
    package = tmp_path / "month.zip"
    write_export(here.rt, sealed.id, package)
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(members(package.read_bytes())["manifest.json"])
    lines = json.loads(manifest.read_bytes())["audit"]["lines"]
    here.caller("inspector").file()

    for anchor in (package, manifest):
        done = run("audit", "verify", "--anchor", anchor, "--json")
        told = json.loads(done.stdout)
        assert (done.exit_code, told["ok"], told["root_findings"]) == (0, True, [])
        assert (told["anchor"]["lines"], told["sealed"]) == (lines, lines)
        assert (told["unsealed"], told["unsealed_lines"]) == ([{"case": 2, "from": 1, "to": 3}], 3)

    other = json.loads(manifest.read_bytes())
    other["audit"]["root"] = "0" * 64
    from gridcase.assessment.sheets import json_bytes

    manifest.write_bytes(json_bytes(other))
    done = run("audit", "verify", "--anchor", manifest, "--json")
    assert (done.exit_code, json.loads(done.stdout)["root_findings"]) == (1, [{"root": 1, "code": "anchor_differs"}])

    manifest.write_text("{}")
    assert run("audit", "verify", "--anchor", manifest).exit_code == 1

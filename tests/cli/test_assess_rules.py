import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gridcase.cli.main import cli

NOTICE = """\
subject,system,on_site,duty,expect:score,expect:rank
中兴街道,95.65,93.73,95.80,94.91,1
文峰街道,95.37,93.80,96.15,94.90,2
"""


@pytest.fixture
def notice(tmp_path):
    file = tmp_path / "notice.csv"
    file.write_text(NOTICE, encoding="utf-8")
    return file


def run(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(args))
    return done.exit_code, done.output


def test_a_published_notice_is_tried_in_one_command(notice):
    code, text = run("assess", "score", "--rule-set", "nantong-streets", "--inputs", str(notice), "--json")
    value = json.loads(text)

    assert code == 0
    assert [(one["rank"], one["subject"], one["score"]) for one in value["scores"]] == [
        (1, "中兴街道", "94.91"),
        (2, "文峰街道", "94.90"),
    ]
    assert (value["compared"], value["differences"]) == (2, [])


def test_a_difference_from_the_notice_is_exit_1(notice):
    notice.write_text(NOTICE.replace("94.91", "95.91"), encoding="utf-8")
    code, text = run("assess", "score", "--rule-set", "nantong-streets", "--inputs", str(notice))

    assert code == 1
    assert "中兴街道: score 95.91 printed, 94.91 computed" in text


def test_a_rule_file_of_ones_own_is_compared_with_another(notice, tmp_path):
    folder = Path(__file__).parents[2] / "config/rules"
    own = tmp_path / "own.yaml"
    text = (folder / "nantong-streets.yaml").read_text("utf-8")
    own.write_text(text.replace("weight: 40", "weight: 30", 1).replace("weight: 20", "weight: 30"), encoding="utf-8")
    code, said = run(
        "assess", "score", "--rule-set", "nantong-streets", "--inputs", str(notice), "--against", str(own), "--json"
    )
    (first, _) = json.loads(said)["changes"]

    assert code == 0
    assert first["score"] == {"before": "94.91", "after": "94.93", "change": "0.02"}  # 3.905 of 95.65 - 95.80
    assert {line["before"]["indicator"] for line in first["lines"]} == {"system", "duty", ""}


def test_every_line_of_a_score_can_be_seen(notice):
    code, text = run("assess", "score", "--rule-set", "nantong-streets", "--inputs", str(notice), "--lines")

    assert code == 0
    assert "on_site 93.73 / out_of 100" in text


def test_a_rule_set_is_said_in_words():
    code, text = run("assess", "rules", "jinhua", "--language", "zh", "--json")
    lines = {one["indicator"]: one for one in json.loads(text)["lines"]}

    assert code == 0
    assert "每件扣0.2分" in lines["quality"]["text"]
    assert not lines["quality"]["confirmed"]


def test_config_check_explains_rule_sets(tmp_path):
    code, text = run("config", "check", "--explain", "--json")
    value = json.loads(text)

    assert code == 0
    assert any("满分80分" in line or "80 points" in line for line in value["rules"]["yuncheng"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("assess", "rules", "nowhere"), "nowhere"),
        (("assess", "rules", "nowhere.yaml"), "nowhere.yaml"),
        (("assess", "rules", "yuncheng", "--on", "2001-01-01"), "2018-01-01"),
    ],
)
def test_an_unknown_rule_set_is_refused_in_words(arguments, said):
    code, text = run(*arguments)

    assert code == 1
    assert said in text

"""The shipped catalogue against ``tests/data/catalogue-limits.csv``: every class of the source, and no other limit."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from gridcase.domain.case import Scheme, TypeKey
from gridcase.rules.catalogue import parse_catalogue
from gridcase.rules.documents import Document, DocumentKind, read_folder

CONFIG = Path(__file__).parents[3] / "config"
SOURCE = Path(__file__).parents[2] / "data" / "catalogue-limits.csv"
OVERLAY = "to-be-confirmed"
GB = "GBT47678.5-2026/event/"
HAN = re.compile("[\u4e00-\u9fff]")


def documents(*, overlay: bool) -> list[Document]:
    of_kind = [one for one in read_folder(CONFIG) if one.kind is DocumentKind.CATALOGUE]
    return [one for one in of_kind if overlay or one.name != OVERLAY]


def limits(catalogue) -> dict[str, list[str]]:
    return {str(one.key): [str(condition.limit or "-") for condition in one.conditions] for one in catalogue.types}


@pytest.fixture(scope="module")
def base():
    return parse_catalogue(documents(overlay=False))


@pytest.fixture(scope="module")
def whole():
    return parse_catalogue(documents(overlay=True))


@pytest.fixture(scope="module")
def source() -> list[dict[str, str]]:
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_class_of_the_source_is_shipped_with_its_limits_and_no_other(base, source):
    # "day" is continuous days in the source; "-" is a condition or a class without a limit.
    wanted = {
        f"{row['scheme']}/{row['kind']}/{row['code']}": [
            re.sub(" day$", " urgent_day", limit) for limit in row["limits"].split("|")
        ]
        for row in source
    }
    assert len(wanted) == 292
    assert limits(base) == wanted
    assert {str(one.key): one.name_zh for one in base.types} == {
        f"{row['scheme']}/{row['kind']}/{row['code']}": row["zh"] for row in source
    }


def test_only_the_overlay_holds_values_without_a_published_source(base, whole):
    before, after = limits(base), limits(whole)
    assert {key: after[key] for key in after if before.get(key) != after[key]} == {
        GB + "06027": ["2 working_day"],
        GB + "08013": ["2 urgent_hour"],
        GB + "08016": ["2 urgent_day", "15 working_day"],
        GB + "09009": ["2 working_hour"],
        "local/event/10999": ["2 urgent_hour"],
    }
    unconfirmed = {str(one.key) for one in whole.types if not all(condition.confirmed for condition in one.conditions)}
    assert unconfirmed == {key for key in after if before.get(key) != after[key]}
    assert all(condition.confirmed for one in base.types for condition in one.conditions)


def test_a_code_of_five_digits_is_the_new_scheme_and_of_four_an_older_one_or_a_city_s_own(base):
    shapes = {Scheme.GBT47678_5_2026: 5, Scheme.GBT30428_2_2013: 4, Scheme.LOCAL: 4}
    assert all(len(one.key.code) == shapes[one.key.scheme] for one in base.types)
    assert Counter(one.key.scheme for one in base.types) == {
        Scheme.GBT47678_5_2026: 250,
        Scheme.GBT30428_2_2013: 9,
        Scheme.LOCAL: 33,
    }


def test_no_type_is_shipped_twice():
    rows = [
        (kind_of["scheme"], kind_of["kind"], kind_of["code"])
        for document in documents(overlay=False)
        for kind_of in document.body["types"]
    ]
    assert [key for key, times in Counter(rows).items() if times > 1] == []


def test_every_row_of_the_tables_says_its_scheme():
    for file in sorted((CONFIG / "catalogue").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            assert all(row["scheme"] for row in csv.DictReader(rows)), file.name


def test_every_text_is_there_in_both_languages(whole):
    for one in whole.types:
        pairs = [(one.name_zh, one.name_en)]
        for condition in one.conditions:
            pairs.append((condition.text_zh, condition.text_en))
            if condition.closing_zh or condition.closing_en:
                pairs.append((condition.closing_zh, condition.closing_en))
            assert condition.source, one.key
            assert condition.closing_zh or condition.limit is None, one.key
        assert HAN.search(one.major_name), one.key
        for zh, en in pairs:
            assert HAN.search(zh), (one.key, zh)
            assert en.strip(), one.key
            assert not HAN.search(en), (one.key, en)


@pytest.mark.parametrize("part", ["text", "closing"])
def test_the_same_english_is_the_same_chinese(whole, part):
    seen: dict[str, set[str]] = {}
    for one in whole.types:
        for condition in one.conditions:
            seen.setdefault(getattr(condition, f"{part}_en"), set()).add(getattr(condition, f"{part}_zh"))
    assert {en: zh for en, zh in seen.items() if len(zh) > 1} == {}


def test_numbers_in_a_condition_are_those_of_its_english(whole):
    # 1/16 and one third are written out in Chinese, and square units are words there.
    for one in whole.types:
        for condition in one.conditions:
            en = re.sub("m2|1/16", "", condition.text_en)
            assert re.findall(r"[0-9.]*[0-9]", condition.text_zh) == re.findall(r"[0-9.]*[0-9]", en), one.key


def test_a_class_without_conditions_has_one_so_that_it_can_be_filed(whole):
    bare = whole.find(TypeKey.parse("GBT47678.5-2026/component/01005"))
    (condition,) = bare.conditions
    assert (condition.code, condition.limit, condition.text_zh) == ("1", None, "符合该类问题的立案情形")
    assert not bare.urgent


def test_the_same_digits_mean_different_things(whole):
    names = {
        str(one.key): one.name_zh for one in whole.types if one.key.code in ("0199", "0599", "05002", "0502", "0104")
    }
    assert names["local/component/0199"] == "爱心驿站"
    assert names["local/event/0199"] == "违规小产权房"
    assert names["GBT30428.2-2013/event/0502"] == "燃气管道破裂"
    assert names["GBT47678.5-2026/component/05002"] == "公房地下室"

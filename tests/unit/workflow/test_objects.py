import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcase.domain.case import TypeKey
from gridcase.domain.errors import InvalidInputError
from gridcase.workflow.objects import check_object_id

NEW = "GBT47678.5-2026/component/01001"
OLD = "GBT30428.2-2013/component/0504"
LOCAL = "local/component/0199"
EVENT = "GBT47678.5-2026/event/06001"


def refused(text: str, key: str) -> tuple[str, dict[str, str | int]]:
    with pytest.raises(InvalidInputError) as caught:
        check_object_id(text, TypeKey.parse(key))
    ((problem,),) = [caught.value.fields["object_id"]]
    return problem.code, dict(problem.params)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("32040401001000001", NEW),  # 6 + 5 + 6
        ("3204040504000001", OLD),  # 6 + 4 + 6
        ("3204040199000001", LOCAL),  # an extension of the older scheme is as long as that
    ],
)
def test_an_object_id_of_the_type_is_taken(text, key):
    check_object_id(text, TypeKey.parse(key))


@pytest.mark.parametrize(
    ("text", "key", "code", "params"),
    [
        ("3204040101000001", NEW, "object_id_shape", {"digits": 17}),  # 16 digits: the older form
        ("320404010010000011", NEW, "object_id_shape", {"digits": 17}),
        ("32040401001000001", OLD, "object_id_shape", {"digits": 16}),
        ("3204040100100000X", NEW, "object_id_shape", {"digits": 17}),
        # Full-width digits are letters here.
        ("３２０４０４０１００１０００００１", NEW, "object_id_shape", {"digits": 17}),
        (" 3204040100100000", NEW, "object_id_shape", {"digits": 17}),
        ("3204040100100001\n", NEW, "object_id_shape", {"digits": 17}),
        ("", NEW, "object_id_shape", {"digits": 17}),
        ("32040401037000001", NEW, "object_id_other_type", {"found": "01037", "expected": "01001"}),
        ("3204040104000001", OLD, "object_id_other_type", {"found": "0104", "expected": "0504"}),
        # The same digits, but an event has no object.
        ("32040406001000001", EVENT, "object_id_of_event", {"type": EVENT}),
    ],
)
def test_an_object_id_that_does_not_fit_is_refused_with_its_reason(text, key, code, params):
    assert refused(text, key) == (code, params)


@given(
    admin=st.from_regex("[0-9]{6}", fullmatch=True),
    code=st.from_regex("[0-9]{5}", fullmatch=True),
    other=st.from_regex("[0-9]{5}", fullmatch=True),
    sequence=st.from_regex("[0-9]{6}", fullmatch=True),
)
def test_an_object_id_fits_its_own_class_and_no_other(admin, code, other, sequence):
    text = admin + code + sequence
    check_object_id(text, TypeKey.parse(f"GBT47678.5-2026/component/{code}"))
    if other != code:
        assert refused(text, f"GBT47678.5-2026/component/{other}")[0] == "object_id_other_type"

"""Every screen of the app fits 360 × 640, can be pressed with a thumb, read in sunlight and by a screen reader."""

import pytest

from tests.desk import Desk
from tests.e2e import phone_screens
from tests.e2e.conftest import AXE
from tests.phones import Phone
from tests.street import Street

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

#: 7 : 1 for text, 4.5 : 1 for large text, besides what axe-core looks at anyway.
LOOK = """axe.run(document, {resultTypes: ['violations'], rules: {'color-contrast-enhanced': {enabled: true}}})
  .then(({ violations }) => violations
    .filter((one) => ['serious', 'critical'].includes(one.impact) || one.id === 'color-contrast-enhanced')
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(' ')}`))"""
SMALL = """() => [...document.querySelectorAll('a, button, input, textarea')]
  .filter((one) => !one.closest('[hidden]') && one.tabIndex >= 0)
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 44 || box.height < 44))
  .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
WIDER = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture(scope="module")
def phone(lasting_street: Street, signed_in: Phone) -> Phone:
    """A phone with a task, own cases, and an outbox that holds one sent, one refused and one waiting."""
    Desk(lasting_street).checking()
    signed_in.sync()
    phone_screens.fill_outbox(signed_in)
    return signed_in


def faults(phone: Phone) -> list[str]:
    """Return what is wrong with the screen as it is now."""
    page = phone.page
    page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = [*page.evaluate(LOOK), *page.evaluate(SMALL)]
    wider = page.evaluate(WIDER)
    return [*found, f"{wider} px too wide"] if wider else found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_screen_has_a_fault(phone: Phone, language: str) -> None:
    phone.speak(language)
    found = {screen.name: faults(phone) for screen in phone_screens.each(phone)}
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_signing_in_has_no_fault(lasting_street: Street, language: str) -> None:
    phone = lasting_street.new_phone()
    page = phone.open()
    phone.speak(language)
    assert faults(phone) == []
    page.fill("[name=username]", "inspector")
    page.fill("[name=password]", "wrong, but long enough")
    page.click("button[type=submit]")
    page.wait_for_selector("[role=alert]:not([hidden])")
    assert faults(phone) == []
    phone.close()

"""The screens of the phone app, with something on each: for pictures of them, and to look for faults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gridcase.demo.photos import photo
from gridcase.domain.case import AttachmentUsage
from tests.phones import Phone


@dataclass(frozen=True)
class Screen:
    """A screen, and how to get there from anywhere in the app."""

    name: str
    show: Callable[[Phone], None]


def _went(where: str) -> Callable[[Phone], None]:
    def go(phone: Phone) -> None:
        phone.go(where)

    return go


def _task(phone: Phone) -> None:
    phone.go("#/tasks")
    phone.page.click("a.card[href*='/task/']")
    phone.page.wait_for_selector("input[data-usage]", state="attached")


def _answered(phone: Phone) -> None:
    _task(phone)
    usage = str(phone.page.get_attribute("input[data-usage]", "data-usage"))
    phone.shoot(photo(AttachmentUsage(usage), 4), usage=usage)


def _photographed(phone: Phone) -> None:
    phone.go("#/file")
    phone.shoot(photo(AttachmentUsage.FILE, 3))


def _searched(phone: Phone) -> None:
    phone.page.click("[data-key=search]")
    phone.page.fill("[data-key=query]", "停")


def _typed(phone: Phone) -> None:
    phone.go("#/file")
    phone.choose_type("09010")


def _moved(phone: Phone) -> None:
    phone.page.click("[data-key=move]")
    phone.page.wait_for_selector("canvas.map")


#: In an order in which each can be reached from the one before.
SCREENS = (
    Screen("tasks", _went("#/tasks")),
    Screen("task", _task),
    Screen("answer", _answered),
    Screen("file", _went("#/file")),
    Screen("type", _photographed),
    Screen("search", _searched),
    Screen("details", _typed),
    Screen("pin", _moved),
    Screen("map", _went("#/map")),
    Screen("outbox", _went("#/outbox")),
    Screen("settings", _went("#/settings")),
)


def each(phone: Phone) -> Iterator[Screen]:
    """Show every screen in turn, beginning with nothing filled in."""
    phone.forget_drafts()
    for screen in SCREENS:
        screen.show(phone)
        phone.page.wait_for_timeout(150)
        yield screen


def fill_outbox(phone: Phone) -> None:
    """Put three cases in the outbox: one sent, one refused and one waiting; ends in flight mode."""
    phone.go("#/file")
    phone.file(photo(AttachmentUsage.FILE, 1))
    phone.until_sent(1)
    phone.offline()
    for seed in (5, 7):
        phone.file(photo(AttachmentUsage.FILE, seed))
    phone.refuse(1)

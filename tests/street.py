"""A street for phones: an office at the present time, a network before it that fails at will, and phones."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Playwright
from sqlalchemy import func, select

from gridcase.app import create_app
from gridcase.domain.time import SystemClock
from gridcase.settings import Settings
from gridcase.store.attachments import AttachmentRow
from gridcase.store.cases import CaseRow
from gridcase.store.field_evidence import PhotoEvidenceRow
from tests.faulty import FaultyNetwork, faulty_network
from tests.office import ROOT, Caller, Office, inner_point
from tests.phones import Phone, phone_of
from tests.serving import served

#: Duty area of the inspector.
AREA = "320404005001"


@dataclass
class Street:
    """An office at the present time, a network before it that fails at will, and phones."""

    office: Office
    network: FaultyNetwork
    new_phone: Callable[[], Phone]
    callers: dict[str, Caller] = field(default_factory=dict)

    def caller(self, username: str) -> Caller:
        """Sign a person in over HTTP, once."""
        if username not in self.callers:
            self.callers[username] = self.office.caller(username)
        return self.callers[username]

    def counts(self) -> tuple[int, int]:
        """Return how many cases and how many photos the server has."""
        with self.office.rt.database.reading() as tx:
            cases = tx.execute(select(func.count()).select_from(CaseRow)).scalar_one()
            photos = tx.execute(select(func.count()).select_from(AttachmentRow)).scalar_one()
        return cases, photos

    def photos_by_case(self) -> list[int]:
        """Return how many photos each case has."""
        with self.office.rt.database.reading() as tx:
            statement = select(func.count()).where(AttachmentRow.case_uid.is_not(None)).group_by(AttachmentRow.case_uid)
            return list(tx.execute(statement).scalars())

    def photos_without_place(self) -> int:
        """Count the photos that do not say where they were taken."""
        with self.office.rt.database.reading() as tx:
            evidence = PhotoEvidenceRow.attachment_id == AttachmentRow.id
            statement = select(func.count(AttachmentRow.id)).outerjoin(PhotoEvidenceRow, evidence)
            return tx.execute(statement.where(PhotoEvidenceRow.lon_e7.is_(None))).scalar_one()


@contextmanager
def street_at(folder: Path, furnished: Path, playwright: Playwright) -> Iterator[Street]:
    """Open a street in a folder, with a furnished office of its own."""
    shutil.copy(furnished, folder / "office.sqlite")
    settings = Settings(
        database_url=f"sqlite:///{folder / 'office.sqlite'}", data_dir=folder, config_dir=ROOT / "config"
    )
    # The real clock: the phone's own, which cannot be set, has to agree with the server's.
    app = create_app(settings, clock=SystemClock())
    office = Office(app=app, clock=None)  # type: ignore[arg-type] - nothing here moves the clock
    point = inner_point(office.rt, AREA)
    with ExitStack() as stack:
        network = stack.enter_context(faulty_network(stack.enter_context(served(app))))

        def new_phone() -> Phone:
            of_its_own = folder / f"phone-{len(list(folder.glob('phone-*')))}"
            return stack.enter_context(phone_of(playwright, of_its_own, network.address, point))

        yield Street(office=office, network=network, new_phone=new_phone)
    office.rt.database.engine.dispose()

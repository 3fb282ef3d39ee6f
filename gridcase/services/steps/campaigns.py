"""Whether cases are found in a campaign on a day."""

from datetime import date

from gridcase.domain.errors import invalid
from gridcase.store.campaigns import campaign
from gridcase.store.database import Tx


def check_running(tx: Tx, code: str, on: date) -> None:
    """Refuse a campaign that does not exist or is not running on a day; for filings that carry one.

    Raises
    ------
    InvalidInputError
        On ``campaign``.
    """
    known = campaign(tx, code)
    if known is None:
        raise invalid("campaign", "unknown_campaign", code=code)
    if not known.is_running(on):
        raise invalid("campaign", "campaign_not_running", code=code)

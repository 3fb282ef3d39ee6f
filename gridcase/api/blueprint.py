"""The blueprint every part of the API is made of: guarded unless it says that it is open."""

from flask_smorest import Blueprint

from gridcase.edge.runtime import require_caller

PREFIX = "/api/v1"


class ApiBlueprint(Blueprint):
    """A part of the API.

    Parameters
    ----------
    is_open
        Whether it answers people who are not signed in; every other part refuses them before anything else.
    """

    def __init__(self, name: str, *, description: str, is_open: bool = False, prefix: str = PREFIX) -> None:
        super().__init__(name, f"gridcase.api.{name}", url_prefix=prefix, description=description)
        self.is_open = is_open
        if not is_open:
            self.before_request(require_caller)

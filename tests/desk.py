"""What an office does while a phone is out: files, asks for verification or a check, and looks."""

from typing import Any

from tests.street import Street

Json = dict[str, Any]


class Desk:
    """What the office does meanwhile."""

    def __init__(self, street: Street) -> None:
        self.street = street

    def person(self, username: str = "inspector") -> int:
        return int(self.street.office.actor(username).person)

    def act(self, who: str, number: str, action: str, **fields: Any) -> Json:
        answer = self.street.caller(who).act(number, action, **fields)
        assert answer.status_code == 200, answer.json
        body: Json = answer.json
        return body

    def filed(self, who: str = "acceptor", **changes: Any) -> str:
        """File a case and return its number; by the acceptor it waits for its registration."""
        changes = {"source": "hotline", "description": "群众来电"} | changes if who == "acceptor" else changes
        answer = self.street.caller(who).file(self.street.office.filing(**changes))
        assert answer.status_code == 201, answer.json
        return str(answer.json["number"])

    def verifying(self) -> str:
        number = self.filed()
        self.act("acceptor", number, "request_verification", inspector=self.person())
        return number

    def checking(self) -> str:
        number = self.filed("inspector2")
        unit = self.street.caller("unit_leader")
        self.act("unit_leader", number, "report", done="已挪车", attachments=[unit.photo()])
        self.act("acceptor", number, "request_check", mode="on_site", inspector=self.person())
        return number

    def case(self, number: str) -> Json:
        shown: Json = self.street.caller("shift_leader").get(f"/cases/{number}").json
        return shown

    def last_line(self, number: str) -> Json:
        line: Json = self.street.caller("shift_leader").get(f"/cases/{number}/history").json["items"][-1]
        return line

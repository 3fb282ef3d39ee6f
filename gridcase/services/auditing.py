"""Is the history as it was written? Recomputes every chain and every root, and names what does not fit.

A chain shows that a line does not belong to those around it; a root shows that lines below it changed, even when
somebody computed the chain anew.
"""

from dataclasses import dataclass, replace

from gridcase.assessment.anchor import HistoryAnchor
from gridcase.services.runtime import Runtime
from gridcase.services.steps.roots import LineRange, RootFinding, SealReport, check_roots
from gridcase.store import cases, history

__all__ = ["AuditFinding", "AuditReport", "LineRange", "RootFinding", "SealReport", "verify_history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One thing that does not fit.

    Parameters
    ----------
    case_id, seq
        The line; ``seq`` 0 is the case as a whole.
    code
        ``line_changed``, ``line_missing``, ``line_detached``, ``payload_changed`` or ``tail_missing``.
    """

    case_id: int
    seq: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What an audit saw.

    Parameters
    ----------
    seal
        What the roots say, and which lines only a chain covers yet.
    """

    cases: int
    lines: int
    erased: int
    findings: tuple[AuditFinding, ...]
    seal: SealReport

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found by chains or roots."""
        return not self.findings and not self.seal.findings


def verify_history(rt: Runtime, anchor: HistoryAnchor | None = None) -> AuditReport:
    """Recompute every chain and every root and compare them with the rows, the payloads and the heads on the cases.

    An erased payload is no finding: its digest still stands in the chain. Writers may go on meanwhile.

    Parameters
    ----------
    anchor
        A root that was handed over, to be compared as well.
    """
    found: list[AuditFinding] = []
    lines = erased = 0
    ends: dict[int, tuple[int, str]] = {}
    with rt.database.steady() as tx:
        heads = cases.chain_ends(tx)
        for uid, row, payload in history.all_lines(tx):
            lines += 1
            erased += payload is None
            length, head = ends.get(row.case_id, (0, history.FIRST_LINK))
            found += [
                AuditFinding(case_id=row.case_id, seq=row.seq, code=code)
                for code in _wrong(uid, row, payload, length, head)
            ]
            ends[row.case_id] = (row.seq, row.hash)
        seal = check_roots(tx, anchor)
    if lines != seal.sealed + seal.unsealed_lines:
        seal = replace(seal, findings=(*seal.findings, RootFinding(root=0, code="lines_outside")))
    for case_id, (_uid, length, head) in heads.items():
        if ends.get(case_id, (0, history.FIRST_LINK)) != (length, head):
            found.append(AuditFinding(case_id=case_id, seq=0, code="tail_missing"))
    return AuditReport(cases=len(heads), lines=lines, erased=erased, findings=tuple(found), seal=seal)


def _wrong(
    uid: str, row: history.CaseEventRow, payload: history.CaseEventPayloadRow | None, length: int, head: str
) -> list[str]:
    codes = []
    if row.seq != length + 1:
        codes.append("line_missing")
    if row.previous != head:
        codes.append("line_detached")
    covered = {name: getattr(row, name) for name in (*history.COVERED, "previous")}
    if history.link(uid, covered) != row.hash:
        codes.append("line_changed")
    if payload is not None and history.payload_digest(payload.salt, payload.body) != row.payload_digest:
        codes.append("payload_changed")
    return codes

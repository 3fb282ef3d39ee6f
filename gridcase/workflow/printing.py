"""The table of moves as a page for people: what ``docs/workflow.md`` holds.

Pure text from ``gridcase.workflow.transitions``; labels come from the caller, because this floor knows no language.
``gridcase docs workflow`` prints it, and a test keeps the file equal to it.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from gridcase.domain.actor import Role
from gridcase.domain.case import OPEN_STATES, Action, CaseState, Source
from gridcase.workflow.transitions import PEOPLE, SOURCES_OF_ROLE, TABLE, Transition

#: Takes a word of the trade and returns it in Chinese and in English.
Labelling = Callable[[str], tuple[str, str]]

_HEADER = """\
# The workflow of a case

This page is printed by `gridcase docs workflow` from the table in `gridcase/workflow/transitions.py`, the only place
that says which action leads from where to where and who may do it; a test keeps the two equal. To change the workflow,
change the table, then print the page again: `gridcase docs workflow > docs/workflow.md`.

The table says who and from where. What must hold besides is said in `gridcase/workflow/effects/` and comes back as a
refusal with a code ([errors.md](errors.md)):

- A case is registered only when it lies in a unit cell. A class without a published limit is registered by a shift
  leader, who chooses one.
- A unit acts only on a case that is with it. Reporting or returning implies having accepted.
- A photo is needed where the rules of conduct ask for one (`photo_required`), and always when a dispatcher reports on
  a unit's behalf.
- A verification, and a check near the case (`check_distance_m`), is done by the inspector who was asked. Nobody who
  handled the case or belongs to a unit that did (lead, assisting or sub-unit) checks it, waives its check or closes it.
  Who handled a case on the spot does not look at it again.
- Rework needs a failed check; closing needs one that passed or was waived with a reason. A case from the city is closed
  or rejected by the city alone.
- Before dispatch a correction takes effect at once, afterwards it is a request unless a shift leader makes it. Requests
  are never decided by who made them; when nobody decides in time they go up to the leader, and so does a second
  extension at once. A unit's requests lapse when its turn is over, all requests when the case ends.
- After the allowed returns (`allowed_returns`) a shift leader arbitrates; then there is no further return.
- A dispatch is withdrawn only before acceptance; a closing is taken back within `reopen_days` working days; a voided
  case goes back to where it stood, its clocks running on.
- A report waits for the assisting units, or is forced with a reason; what a sub-unit did the unit confirms.
- `import` takes a case in from another system's file (`gridcase cases import`); nobody chooses it in the life of a
  case. What the source says happened is kept as given, no clock is computed, and an open case goes on from `received`
  or `registered` by the ordinary actions.
- `supervise`, `answer_supervision`, `urge`, `comment`, `attach`, `reclock`, `find` and `review` neither change the
  state nor raise the version.
- `find` is the system's: a case repeats one closed shortly before (`recurrence`), or a superior saw what no case of
  ours told of (`missed`); when that holds no longer, another `find` says so. `review` upholds or dismisses it, from the
  lists of findings and never from the case itself.
- `system` is the rules and the clock at work: the case of an inspector is registered at once, and a registered case
  with a published limit and a matching routing rule is dispatched at once, where the rules of conduct say so; what
  nobody did in time is accepted, given to another inspector, escalated or resumed.
"""


def workflow_page(labels: Labelling) -> str:
    """Return the whole page, ended by a line feed; equal tables give equal text."""
    parts = [_HEADER, *_states(labels), *_actions(labels), *_diagram(labels), *_sources(labels)]
    return "\n".join(parts) + "\n"


def _states(labels: Labelling) -> Iterator[str]:
    yield "## States\n"
    yield "| state | 中文 | English | stage | open |\n|---|---|---|---|---|"
    for state in CaseState:
        zh, en = labels(state)
        stage_zh, stage_en = labels(state.stage)
        yield f"| `{state}` | {zh} | {en} | {stage_zh} {stage_en} | {'yes' if state.is_open else 'no'} |"
    yield ""
    if unreached := _unreached():
        words = _listed(unreached, CaseState)
        yield f"Words the trade needs and lists already know; no action leads there yet: {words}.\n"


def _actions(labels: Labelling) -> Iterator[str]:
    yield "## Actions\n"
    yield '"Any open state" is every state but `closed`, `void` and `transferred`; "anybody" is every role of people.\n'
    yield "| action | 中文 | English | from | to | who |\n|---|---|---|---|---|---|"
    for row in TABLE:
        zh, en = labels(row.action)
        yield f"| `{row.action}` | {zh} | {en} | {_from(row)} | {_to(row)} | {_who(row)} |"
    yield ""


def _from(row: Transition) -> str:
    if not row.sources:
        return "–"
    if row.sources == frozenset(CaseState):
        return "any state"
    return "any open state" if row.sources == OPEN_STATES else _listed(row.sources, CaseState)


def _to(row: Transition) -> str:
    return _listed(row.targets, CaseState) if row.targets else "stays"


def _who(row: Transition) -> str:
    return "anybody" if row.roles == PEOPLE else _listed(row.roles, Role)


def _listed(chosen: Iterable[str], kind: type[StrEnum]) -> str:
    """Write the members of an enumeration that were chosen, in its own order."""
    held = frozenset(chosen)
    return ", ".join(f"`{word}`" for word in kind if word in held)


def _diagram(labels: Labelling) -> Iterator[str]:
    """Draw every move between states that can be reached; actions between the same two states share an arrow."""
    yield "## Diagram\n"
    yield "```mermaid\nstateDiagram-v2"
    moves = _moves()
    drawn = {state for pair in moves for state in pair}
    for state in CaseState:
        if state in drawn:
            yield f'    state "{labels(state)[0]} {state}" as {state}'
    for (source, target), actions in moves.items():
        said = "、".join(labels(action)[0] for action in actions)
        yield f"    {source or '[*]'} --> {target}: {said}"
    for state in CaseState:
        if state in drawn and not state.is_open:
            yield f"    {state} --> [*]"
    yield "```\n"


def _moves() -> dict[tuple[CaseState | None, CaseState], dict[Action, None]]:
    moves: dict[tuple[CaseState | None, CaseState], dict[Action, None]] = {}
    for row in TABLE:
        starts: list[CaseState | None] = [state for state in CaseState if state in row.sources - _unreached()]
        for start in starts if row.sources else [None]:
            for end in (state for state in CaseState if state in row.targets):
                moves.setdefault((start, end), {})[row.action] = None
    return moves


def _unreached() -> frozenset[CaseState]:
    return frozenset(CaseState) - frozenset(state for row in TABLE for state in row.targets)


def _sources(labels: Labelling) -> Iterator[str]:
    yield "## Sources each role may name when it files\n"
    yield "| who | 中文 | sources |\n|---|---|---|"
    for role, sources in SOURCES_OF_ROLE.items():
        yield f"| `{role}` | {labels(role)[0]} | {_listed(sources, Source)} |"

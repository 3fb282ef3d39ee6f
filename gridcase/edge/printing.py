"""The error codes as a page for people: what ``docs/errors.md`` holds, and labels in both languages at once.

Sentences come from ``gridcase.edge.texts``. Which codes are answers of their own, and with which status, stands here;
a test holds it against every error that the code raises. ``gridcase docs errors`` prints the page.
"""

from collections.abc import Iterator

from gridcase.edge.texts import SENTENCES, TITLES, Language, label

#: Statuses of the codes that are a refusal of their own; every other code names what is wrong with one field.
STATUSES_OF_CODE: dict[str, tuple[int, ...]] = {
    "cross_site": (403,),
    "view_not_found": (404,),
    "about_yourself": (403,),
    "anomaly_not_found": (404,),
    "anomaly_reviewed": (409,),
    "session_revoked": (401,),
    "account_closed": (401,),
    "session_not_found": (404,),
    "mail_not_found": (404,),
    "mail_off": (422,),
    "mail_failed": (422,),
    "mail_settings_wrong": (422,),
    "mail_credentials_unusable": (422,),
    "appeal_not_found": (404,),
    "line_not_found": (404,),
    "exemption_not_found": (404,),
    "appeal_exists": (409,),
    "appeal_closed": (409,),
    "appeals_closed": (409,),
    "exemption_decided": (409,),
    "nothing_superseded": (409,),
    "not_delivered": (409,),
    "not_your_appeal": (403,),
    "filed_it_yourself": (403,),
    "proposed_it_yourself": (403,),
    "import_raced": (422,),
    "bad_request": (400,),
    "not_json": (400,),
    "not_signed_in": (401,),
    "wrong_password": (401,),
    "role_may_not": (403,),
    "role_needed": (403,),
    "role_not_held": (403,),
    "not_your_place": (403,),
    "limit_by_shift_leader": (403,),
    "not_your_unit": (403,),
    "not_your_task": (403,),
    "task_withdrawn": (409,),
    "handled_it_yourself": (403,),
    "metrics_refused": (403,),
    "asked_by_your_unit": (403,),
    "arbitration_needed": (403,),
    "asked_it_yourself": (403,),
    "city_closes": (403,),
    "leader_decides": (403,),
    "not_the_citys": (403,),
    "restore_by_shift_leader": (403,),
    "drafted_it_yourself": (403,),
    "person_not_found": (404,),
    "grant_not_found": (404,),
    "delegation_not_found": (404,),
    "shift_not_found": (404,),
    "document_not_found": (404,),
    "last_admin": (409,),
    "delegation_over": (409,),
    "shift_over": (409,),
    "document_changed_meanwhile": (409,),
    "case_not_found": (404,),
    "cell_not_found": (404,),
    "layer_not_found": (404,),
    "attachment_not_found": (404,),
    "campaign_not_found": (404,),
    "campaign_place_not_found": (404,),
    "run_not_found": (404,),
    "subject_not_found": (404,),
    "what_if_not_found": (404,),
    "case_lists_missing": (404,),
    "reconciliation_not_found": (404,),
    "recurrence_not_found": (404,),
    "missed_not_found": (404,),
    "route_not_found": (404,),
    "method_not_allowed": (405,),
    "idempotency_mismatch": (409,),
    "wrong_state": (409,),
    "not_located": (409,),
    "limit_missing": (409,),
    "not_dispatched": (409,),
    "check_missing": (409,),
    "check_already_passed": (409,),
    "no_failed_check": (409,),
    "type_gone": (409,),
    "nothing_found": (409,),
    "missed_already_reviewed": (409,),
    "nothing_to_reclock": (409,),
    "place_visited": (409,),
    "campaign_not_running": (409,),
    "already_reviewed": (409,),
    "already_accepted": (409,),
    "already_asked": (409,),
    "extension_too_late": (409,),
    "is_duplicate": (409,),
    "is_no_duplicate": (409,),
    "no_pending_request": (409,),
    "no_subtask": (409,),
    "no_supervision": (409,),
    "nothing_submitted": (409,),
    "reopen_too_late": (409,),
    "returns_allowed": (409,),
    "settled_by_arbitration": (409,),
    "subtask_open": (409,),
    "month_is_sealed": (409,),
    "run_not_done": (409,),
    "run_withdrawn": (409,),
    "run_superseded": (409,),
    "run_outdated": (409,),
    "already_sealed": (409,),
    "month_sealed": (409,),
    "before_cut_off": (409,),
    "appeals_open": (409,),
    "appeals_undecided": (409,),
    "provisional_deadlines": (409,),
    "not_sealed": (409,),
    "not_approved": (409,),
    "act_done": (409,),
    "export_not_made": (409,),
    "export_not_ready": (409,),
    "stale_case": (412,),
    "body_too_large": (413,),
    "file_too_large": (413,),
    "unsupported_type": (415,),
    "invalid_input": (413, 422),
    "no_route": (422,),
    "outside_grid": (422,),
    "unknown_year": (422,),
    "invalid_calendar": (422,),
    "rule_file_unreadable": (422,),
    "rule_file_invalid": (422,),
    "configuration_refused": (422,),
    "not_configured": (422,),
    "facts_missing": (422,),
    "snapshot_unreadable": (422,),
    "if_match_missing": (428,),
    "idempotency_key_missing": (428,),
    "too_many_failures": (429,),
    "internal_error": (500,),
    "signing_key_unreadable": (422,),
    "anchor_unreadable": (422,),
    "anchor_missing": (422,),
    "not_ready": (503,),
}

_HEADER = """\
# Error codes

This page is printed by `gridcase docs errors` from `gridcase/edge/texts.py`; a test keeps the two equal. Programs read
the `code`, people the sentence: wording may change, a published code stays. Names in braces are filled in.
[api.md](api.md) shows the document that carries them.
"""

_REFUSALS = """\
## Refusals

The `code` of a problem document, with its HTTP status. On the command line the same refusal is a sentence on standard
error and exit 1; those about configuration come only there.
"""

_FIELDS = """\
## What is wrong with a field or a document

These stand in `errors` beside the field's name, as sentences (mostly under `invalid_input`, 422), or are findings of
`gridcase config check`, `grid import`, `assess verify`.
"""


def in_both(word: str) -> tuple[str, str]:
    """Return a word of the trade in Chinese and in English.

    Examples
    --------
    >>> in_both("dispatch")
    ('派遣', 'Dispatch')
    """
    return label(word, Language.ZH), label(word, Language.EN)


def errors_page() -> str:
    """Return the whole page, ended by a line feed."""
    return "\n".join([_HEADER, *_statuses(), _REFUSALS, *_refusals(), _FIELDS, *_field_problems()])


def _statuses() -> Iterator[str]:
    yield "## Titles by status\n"
    yield "| status | 中文 | English |\n|---|---|---|"
    for status, title in TITLES.items():
        yield f"| {status} | {title.zh} | {title.en} |"
    yield ""


def _refusals() -> Iterator[str]:
    yield "| code | status | 中文 | English |\n|---|---|---|---|"
    for code, statuses in STATUSES_OF_CODE.items():
        shown = ", ".join(str(status) for status in statuses)
        yield f"| `{code}` | {shown} | {SENTENCES[code].zh} | {SENTENCES[code].en} |"
    yield ""


def _field_problems() -> Iterator[str]:
    yield "| code | 中文 | English |\n|---|---|---|"
    for code, text in SENTENCES.items():
        if code not in STATUSES_OF_CODE or code in _BOTH:
            yield f"| `{code}` | {text.zh} | {text.en} |"
    yield ""


#: Refusals that also name a field.
_BOTH = frozenset({"campaign_not_running", "case_not_found", "file_too_large", "no_route", "outside_grid"})

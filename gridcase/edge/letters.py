"""Letters in words: the digest of what is unread, and the trial letter.

They say how many of what, case numbers, types and links; no address, no person, no text that anybody wrote: a letter
lies on servers that are not ours.
"""

from collections import Counter

from gridcase.domain.case import CaseKind, Scheme, TypeKey
from gridcase.edge.texts import LETTERS, Language, label
from gridcase.services.mailing import Digest, MailedCase
from gridcase.services.steps.reference import Reference

#: Cases named in one letter; the inbox has them all.
_MOST_NAMED = 20


def digest_letter(digest: Digest, reference: Reference, language: Language) -> tuple[str, str]:
    """Return subject and text of a digest."""
    count = len(digest.told)
    counts = Counter(one.kind for one in digest.told)
    lines = [_say("digest_head", language, count=count), ""]
    lines += [f"  {label(f'notice_{kind}', language)}: {number}" for kind, number in counts.most_common()]
    named = [one for one in digest.told if one.case is not None][:_MOST_NAMED]
    if named:
        lines += ["", *(_line(one, digest.base, reference, language) for one in named)]
    if len(digest.told) > len(named):
        lines += ["", _say("digest_more", language, count=len(digest.told) - len(named))]
    if digest.base:
        lines += ["", _say("digest_inbox", language, url=f"{digest.base}/notices")]
    lines += ["", _say("digest_foot", language)]
    return _say("digest_subject", language, count=count), "\n".join(lines)


def trial_letter(language: Language) -> tuple[str, str]:
    """Return subject and text of the letter that proves the settings."""
    return _say("trial_subject", language), _say("trial_text", language)


def _line(told: MailedCase, base: str, reference: Reference, language: Language) -> str:
    assert told.case is not None  # noqa: S101 - only such are named
    row = told.case
    key = TypeKey(scheme=Scheme(row.scheme), kind=CaseKind(row.kind), code=row.code)
    known = reference.rules.catalogue.find(key)
    name = (known.name_zh if language is Language.ZH else known.name_en) if known else row.code
    link = f"  {base}/cases/{row.number}" if base else ""
    return f"  {row.number}  {name}  {label(f'notice_{told.kind}', language)}{link}"


def _say(code: str, language: Language, **params: str | int) -> str:
    return LETTERS[code].in_(language).format(**params)

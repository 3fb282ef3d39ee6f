"""Uploads nobody used go after seven days, and bytes only when nothing else has them."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from gridcase.domain.case import AttachmentUsage
from gridcase.services.attaching import Upload, upload
from gridcase.services.cleaning import UNUSED_FOR, clean_uploads
from tests.office import MONDAY, Office, jpeg


def kept(office: Office, colour: str, username: str = "inspector") -> tuple[str, str]:
    new = Upload(data=jpeg(colour), usage=AttachmentUsage.FILE)
    row = upload(office.rt, office.actor(username), new).row
    return row.id, row.sha256


def blob(office: Office, digest: str) -> Path:
    return Path(office.rt.settings.data_dir) / "blobs" / digest[:2] / digest


def touched(office: Office, digest: str, at: datetime) -> None:
    os.utime(blob(office, digest), (at.timestamp(), at.timestamp()))


def test_an_unused_upload_goes_after_seven_days_and_a_used_one_stays(office):
    _, unused = kept(office, "red")
    used_id, used = kept(office, "blue")
    for digest in (unused, used):
        touched(office, digest, MONDAY)
    assert office.caller("inspector").file(office.filing(attachments=[used_id])).status_code == 201
    office.clock.instant = MONDAY + UNUSED_FOR
    assert clean_uploads(office.rt) == 0
    office.clock.advance(timedelta(seconds=1))
    assert clean_uploads(office.rt) == 1
    assert clean_uploads(office.rt) == 0
    assert (blob(office, unused).exists(), blob(office, used).exists()) == (False, True)


def test_bytes_that_another_upload_has_too_stay(office):
    _, digest = kept(office, "red")
    office.clock.advance(UNUSED_FOR)
    kept(office, "red", "inspector2")
    touched(office, digest, MONDAY)
    office.clock.advance(timedelta(seconds=1))
    assert clean_uploads(office.rt) == 1
    assert office.rt.blobs.get(digest) == jpeg("red")


def test_bytes_just_put_again_stay_though_no_row_names_them_yet(office):
    _, digest = kept(office, "red")
    touched(office, digest, MONDAY)
    office.clock.instant = MONDAY + UNUSED_FOR + timedelta(seconds=1)
    touched(office, digest, office.clock.now())  # an upload of the same bytes is under way
    assert clean_uploads(office.rt) == 1
    assert office.rt.blobs.get(digest) == jpeg("red")
    assert list(blob(office, digest).parent.iterdir()) == [blob(office, digest)]

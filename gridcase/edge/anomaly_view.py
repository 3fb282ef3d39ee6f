"""An anomaly in words: what was seen, with its numbers; what it means is for a person to say."""

from gridcase.edge.texts import label, sentence
from gridcase.edge.view import Json, Viewing
from gridcase.services.anomalies import AnomalyKind, ListedAnomaly


def anomaly_view(listed: ListedAnomaly, viewing: Viewing) -> Json:
    """Return an anomaly as a list shows it."""
    row = listed.row
    is_elsewhere = row.kind == AnomalyKind.SAME_PHOTO and "case" not in listed.figures
    told = "same_photo_elsewhere" if is_elsewhere else row.kind
    reviewed_at = row.reviewed_at
    return {
        "id": row.id,
        "kind": row.kind,
        "label": label(row.kind, viewing.language),
        "text": sentence(told, listed.figures, viewing.language),
        "figures": listed.figures,
        "number": listed.case,
        "person": {"id": row.person_id, "name": listed.person},
        "at": row.at.astimezone(viewing.zone).isoformat(timespec="seconds"),
        "found_at": row.found_at.astimezone(viewing.zone).isoformat(timespec="seconds"),
        "state": row.state,
        "state_label": label(row.state, viewing.language),
        "reviewed_at": reviewed_at.astimezone(viewing.zone).isoformat(timespec="seconds") if reviewed_at else None,
        "reviewed_by": {"id": row.reviewed_by, "name": listed.reviewer} if row.reviewed_by else None,
        "reason": row.reason,
    }

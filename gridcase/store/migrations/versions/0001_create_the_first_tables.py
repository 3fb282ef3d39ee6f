"""Create the first tables."""

import sqlalchemy as sa
from alembic import op

from gridcase.store.database import PlainJson, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "assessment_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("rule_set", sa.String(length=80), nullable=False),
        sa.Column("cut_off", UtcDateTime(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("scores", PlainJson(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_assessment_run_period"), "assessment_run", ["period"], unique=False)
    op.create_table(
        "config_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", PlainJson(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.Column("applied_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_config_version_document", "config_version", ["kind", "name", "id"], unique=False)
    op.create_table(
        "feed_cursor",
        sa.Column("reader", sa.String(length=40), nullable=False),
        sa.Column("txn", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("reader"),
    )
    op.create_table(
        "grid_feature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("layer", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("parent", sa.String(length=40), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("area_m2", sa.Float(), nullable=False),
        sa.Column("geometry", PlainJson(), nullable=False),
        sa.Column("west_e7", sa.Integer(), nullable=False),
        sa.Column("south_e7", sa.Integer(), nullable=False),
        sa.Column("east_e7", sa.Integer(), nullable=False),
        sa.Column("north_e7", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_grid_feature_bounds", "grid_feature", ["layer", "west_e7", "south_e7"], unique=False)
    op.create_index("uq_grid_feature_code", "grid_feature", ["layer", "code", "valid_from"], unique=True)
    op.create_table(
        "history_root",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("after_txn", sa.BigInteger(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("up_to_txn", sa.BigInteger(), nullable=False),
        sa.Column("up_to_id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_history_root_after", "history_root", ["after_txn", "after_id"], unique=True)
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_job_run_slot", "job_run", ["job", "slot"], unique=True)
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_in_failure_who", "sign_in_failure", ["username", "address", "at"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("uploader_id", sa.Integer(), nullable=False),
        sa.Column("client_ref", sa.String(length=36), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=40), nullable=False),
        sa.Column("usage", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("case_uid", sa.String(length=36), nullable=True),
        sa.Column("event_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["uploader_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attachment_case", "attachment", ["case_uid", "created_at"], unique=False)
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"], unique=False)
    op.create_index("uq_attachment_client_ref", "attachment", ["uploader_id", "client_ref"], unique=True)
    op.create_table(
        "campaign",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "case_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("prefix", sa.String(length=6), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("condition", sa.String(length=10), nullable=True),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("lon_e7", sa.Integer(), nullable=True),
        sa.Column("lat_e7", sa.Integer(), nullable=True),
        sa.Column("received", PlainJson(), nullable=True),
        sa.Column("location", PlainJson(), nullable=True),
        sa.Column("layers", PlainJson(), nullable=False),
        sa.Column(
            "area", sa.String(length=15).with_variant(sa.String(length=15, collation="C"), "postgresql"), nullable=True
        ),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("filed_by", sa.Integer(), nullable=False),
        sa.Column("found_by", sa.Integer(), nullable=True),
        sa.Column("inspector_id", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("filed_at", UtcDateTime(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=True),
        sa.Column("registered_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("handle_due_at", UtcDateTime(), nullable=True),
        sa.Column("last_event_at", UtcDateTime(), nullable=False),
        sa.Column("time_limit", sa.String(length=24), nullable=True),
        sa.Column("clocks", PlainJson(), nullable=False),
        sa.Column("check_passed", sa.Boolean(), nullable=True),
        sa.Column("assignments", sa.Integer(), nullable=False),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("photos", PlainJson(), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=True),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("is_settled", sa.Boolean(), nullable=False),
        sa.Column("is_self_handled", sa.Boolean(), nullable=False),
        sa.Column("is_unrouted", sa.Boolean(), nullable=False),
        sa.Column("is_excused", sa.Boolean(), nullable=False),
        sa.Column("resumes_at", UtcDateTime(), nullable=True),
        sa.Column("lead", sa.String(length=30), nullable=True),
        sa.Column("object_id", sa.String(length=20), nullable=True),
        sa.Column("campaign", sa.String(length=40), nullable=True),
        sa.Column("verified", sa.String(length=10), nullable=True),
        sa.Column("transferred_to", sa.String(length=40), nullable=True),
        sa.Column("parts", PlainJson(), nullable=False),
        sa.Column("decider", sa.String(length=20), nullable=True),
        sa.Column("sub_unit", sa.String(length=40), nullable=True),
        sa.Column("watched_at", UtcDateTime(), nullable=True),
        sa.Column("wake_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["filed_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["found_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid"),
    )
    op.create_index("ix_case_area_filed", "case_record", ["area", "filed_at", "id"], unique=False)
    op.create_index("ix_case_campaign", "case_record", ["campaign", "filed_at", "id"], unique=False)
    op.create_index("ix_case_decider", "case_record", ["decider", "filed_at", "id"], unique=False)
    op.create_index("ix_case_filed", "case_record", ["filed_at", "id"], unique=False)
    op.create_index("ix_case_filed_by", "case_record", ["filed_by", "filed_at", "id"], unique=False)
    op.create_index("ix_case_found_by", "case_record", ["found_by", "filed_at", "id"], unique=False)
    op.create_index("ix_case_handle_due", "case_record", ["handle_due_at"], unique=False)
    op.create_index("ix_case_inspector", "case_record", ["inspector_id", "filed_at", "id"], unique=False)
    op.create_index("ix_case_last_event", "case_record", ["last_event_at"], unique=False)
    op.create_index("ix_case_lead", "case_record", ["lead"], unique=False)
    op.create_index("ix_case_object", "case_record", ["object_id"], unique=False)
    op.create_index("ix_case_point", "case_record", ["lon_e7", "lat_e7"], unique=False)
    op.create_index("ix_case_state_due", "case_record", ["state", "due_at", "id"], unique=False)
    op.create_index("ix_case_state_filed", "case_record", ["state", "filed_at", "id"], unique=False)
    op.create_index("ix_case_sub_unit", "case_record", ["sub_unit", "filed_at", "id"], unique=False)
    op.create_index("ix_case_type_filed", "case_record", ["kind", "code", "filed_at", "id"], unique=False)
    op.create_index("ix_case_unit_filed", "case_record", ["unit", "filed_at", "id"], unique=False)
    op.create_index("ix_case_unrouted", "case_record", ["is_unrouted", "filed_at", "id"], unique=False)
    op.create_index("ix_case_wake", "case_record", ["wake_at", "id"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("scope_kind", sa.String(length=10), nullable=False),
        sa.Column("scope_value", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("delegated_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delegated_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_role_grant_person_id"), "role_grant", ["person_id"], unique=False)
    op.create_index("ix_role_grant_role", "role_grant", ["role", "person_id"], unique=False)
    op.create_table(
        "roster",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=15), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_roster_person_id"), "roster", ["person_id"], unique=False)
    op.create_index("ix_roster_when", "roster", ["starts_at", "ends_at"], unique=False)
    op.create_table(
        "access_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["role_grant.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(op.f("ix_access_token_grant_id"), "access_token", ["grant_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("dispatched_at", UtcDateTime(), nullable=False),
        sa.Column("dispatched_by", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("original_due_at", UtcDateTime(), nullable=False),
        sa.Column("time_limit", sa.String(length=24), nullable=False),
        sa.Column("route", sa.Text(), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("reported_at", UtcDateTime(), nullable=True),
        sa.Column("returned_reason", sa.String(length=40), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("leaves_due", sa.Boolean(), nullable=False),
        sa.Column("handlers", PlainJson(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_index("ix_assignment_unit", "assignment", ["unit", "is_lead", "case_id"], unique=False)
    op.create_table(
        "campaign_place",
        sa.Column("campaign", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("lon_e7", sa.Integer(), nullable=True),
        sa.Column("lat_e7", sa.Integer(), nullable=True),
        sa.Column("cell", sa.String(length=15), nullable=True),
        sa.Column("inspector_id", sa.Integer(), nullable=True),
        sa.Column("visited_at", UtcDateTime(), nullable=True),
        sa.Column("result", sa.String(length=12), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign"],
            ["campaign.code"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("campaign", "number"),
    )
    op.create_index("ix_campaign_place_inspector", "campaign_place", ["inspector_id", "visited_at"], unique=False)
    op.create_table(
        "case_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("client_ref", sa.String(length=36), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=True),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("txn", sa.BigInteger(), server_default=_txn_default(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_event_feed", "case_event", ["txn", "id"], unique=False)
    op.create_index("ix_case_event_recorded_at", "case_event", ["recorded_at"], unique=False)
    op.create_index("uq_case_event_client_ref", "case_event", ["actor_id", "client_ref"], unique=True)
    op.create_index("uq_case_event_seq", "case_event", ["case_id", "seq"], unique=True)
    op.create_table(
        "case_event_payload",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "seq"),
    )
    op.create_table(
        "case_reference",
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.PrimaryKeyConstraint("system", "number"),
    )
    op.create_index(op.f("ix_case_reference_case_id"), "case_reference", ["case_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notice_role", "notice", ["role", "id"], unique=False)
    op.create_index("ix_notice_unit", "notice", ["unit", "id"], unique=False)
    op.create_index("uq_notice", "notice", ["case_id", "kind", "stage", "at"], unique=True)
    op.create_table(
        "recurrence",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("earlier_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reviewed_by", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["earlier_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index(op.f("ix_recurrence_earlier_id"), "recurrence", ["earlier_id"], unique=False)
    op.create_index("ix_recurrence_state", "recurrence", ["state", "case_id"], unique=False)
    op.create_index("ix_recurrence_unit", "recurrence", ["unit", "case_id"], unique=False)
    op.create_table(
        "task",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("inspector_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_index("ix_task_inspector", "task", ["inspector_id", "done_at"], unique=False)
    _guard_history()


def downgrade() -> None:
    """Take back."""
    _release_history()
    op.drop_index("ix_task_inspector", table_name="task")
    op.drop_table("task")
    op.drop_index("ix_recurrence_unit", table_name="recurrence")
    op.drop_index("ix_recurrence_state", table_name="recurrence")
    op.drop_index(op.f("ix_recurrence_earlier_id"), table_name="recurrence")
    op.drop_table("recurrence")
    op.drop_index("uq_notice", table_name="notice")
    op.drop_index("ix_notice_unit", table_name="notice")
    op.drop_index("ix_notice_role", table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_case_reference_case_id"), table_name="case_reference")
    op.drop_table("case_reference")
    op.drop_table("case_event_payload")
    op.drop_index("uq_case_event_seq", table_name="case_event")
    op.drop_index("uq_case_event_client_ref", table_name="case_event")
    op.drop_index("ix_case_event_recorded_at", table_name="case_event")
    op.drop_index("ix_case_event_feed", table_name="case_event")
    op.drop_table("case_event")
    op.drop_index("ix_campaign_place_inspector", table_name="campaign_place")
    op.drop_table("campaign_place")
    op.drop_index("ix_assignment_unit", table_name="assignment")
    op.drop_table("assignment")
    op.drop_index(op.f("ix_access_token_grant_id"), table_name="access_token")
    op.drop_table("access_token")
    op.drop_index("ix_roster_when", table_name="roster")
    op.drop_index(op.f("ix_roster_person_id"), table_name="roster")
    op.drop_table("roster")
    op.drop_index("ix_role_grant_role", table_name="role_grant")
    op.drop_index(op.f("ix_role_grant_person_id"), table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_index("ix_case_wake", table_name="case_record")
    op.drop_index("ix_case_unrouted", table_name="case_record")
    op.drop_index("ix_case_unit_filed", table_name="case_record")
    op.drop_index("ix_case_type_filed", table_name="case_record")
    op.drop_index("ix_case_sub_unit", table_name="case_record")
    op.drop_index("ix_case_state_filed", table_name="case_record")
    op.drop_index("ix_case_state_due", table_name="case_record")
    op.drop_index("ix_case_point", table_name="case_record")
    op.drop_index("ix_case_object", table_name="case_record")
    op.drop_index("ix_case_lead", table_name="case_record")
    op.drop_index("ix_case_last_event", table_name="case_record")
    op.drop_index("ix_case_inspector", table_name="case_record")
    op.drop_index("ix_case_handle_due", table_name="case_record")
    op.drop_index("ix_case_found_by", table_name="case_record")
    op.drop_index("ix_case_filed_by", table_name="case_record")
    op.drop_index("ix_case_filed", table_name="case_record")
    op.drop_index("ix_case_decider", table_name="case_record")
    op.drop_index("ix_case_campaign", table_name="case_record")
    op.drop_index("ix_case_area_filed", table_name="case_record")
    op.drop_table("case_record")
    op.drop_table("campaign")
    op.drop_index("uq_attachment_client_ref", table_name="attachment")
    op.drop_index("ix_attachment_sha256", table_name="attachment")
    op.drop_index("ix_attachment_case", table_name="attachment")
    op.drop_table("attachment")
    op.drop_index("ix_sign_in_failure_who", table_name="sign_in_failure")
    op.drop_table("sign_in_failure")
    op.drop_table("person")
    op.drop_index("uq_job_run_slot", table_name="job_run")
    op.drop_table("job_run")
    op.drop_index("uq_history_root_after", table_name="history_root")
    op.drop_table("history_root")
    op.drop_index("uq_grid_feature_code", table_name="grid_feature")
    op.drop_index("ix_grid_feature_bounds", table_name="grid_feature")
    op.drop_table("grid_feature")
    op.drop_table("feed_cursor")
    op.drop_index("ix_config_version_document", table_name="config_version")
    op.drop_table("config_version")
    op.drop_index(op.f("ix_assessment_run_period"), table_name="assessment_run")
    op.drop_table("assessment_run")


def _txn_default() -> sa.TextClause | None:
    """On PostgreSQL every line notes the transaction that wrote it, for the feed."""
    if op.get_bind().dialect.name != "postgresql":
        return None
    return sa.text("(pg_current_xact_id()::text::bigint)")


def _guard_history() -> None:
    """Refuse to change or remove a line of history."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER case_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_event "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER case_event_refuse_{verb.lower()} BEFORE {verb} ON case_event "
            "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        )


def _release_history() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER case_event_append_only ON case_event")
        op.execute("DROP FUNCTION refuse_history_change()")

"""the catalogue, integrations, their links, health and uses, and the audit log

Revision: 0003
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    connections, capabilities = _create_connections(), _create_capabilities()
    _create_integrations()
    _create_entity_integrations()
    _create_integration_health()
    _create_integration_turns()
    _create_executions()
    _create_provider_customers()
    _create_audit_log()
    # Without a foreign key: SQLite would have to build the table anew. Integrations stay as rows.
    op.add_column("purchases", sa.Column("product_id", sa.String(), nullable=True))
    op.add_column("purchases", sa.Column("integration_id", sa.String(), nullable=True))
    op.add_column("purchases", sa.Column("route", sa.JSON(none_as_null=True), nullable=True))
    op.add_column(
        "purchases",
        sa.Column("outcome_unknown", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "purchases", sa.Column("failovers", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index(op.f("ix_purchases_integration_id"), "purchases", ["integration_id"])
    op.create_index(
        op.f("ix_webhook_events_provider_event_id"), "webhook_events", ["provider_event_id"]
    )
    op.add_column("refunds", sa.Column("integration_id", sa.String(), nullable=True))
    op.bulk_insert(connections, [{**each, **_BORN} for each in CONNECTIONS])
    op.bulk_insert(capabilities, [{**each, **_BORN} for each in CAPABILITIES])


def downgrade() -> None:
    op.drop_index(op.f("ix_webhook_events_provider_event_id"), "webhook_events")
    op.drop_index(op.f("ix_purchases_integration_id"), "purchases")
    for column in ("product_id", "integration_id", "route", "outcome_unknown", "failovers"):
        op.drop_column("purchases", column)
    op.drop_column("refunds", "integration_id")
    _allow_changes_of_audit_log()
    for table in (
        *("audit_log", "provider_customers", "executions", "integration_turns"),
        *("integration_health", "entity_integrations"),
        *("integrations", "capabilities", "connections"),
    ):
        op.drop_table(table)


def _create_connections() -> sa.Table:
    return op.create_table(
        "connections",
        sa.Column("connection_code", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("logo_url", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("connection_code", name=op.f("pk_connections")),
    )


def _create_capabilities() -> sa.Table:
    return op.create_table(
        "capabilities",
        sa.Column("connection_code", sa.String(), nullable=False),
        sa.Column("capability_code", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("parameters_schema", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("result_schema", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("moves_money", sa.Boolean(), nullable=False),
        sa.Column("only_reads", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_code"],
            ["connections.connection_code"],
            name=op.f("fk_capabilities_connection_code_connections"),
        ),
        sa.PrimaryKeyConstraint("connection_code", "capability_code", name=op.f("pk_capabilities")),
    )


def _create_integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("integration_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("connection_code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("calls_per_second", sa.Integer(), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("last_four", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_code"],
            ["connections.connection_code"],
            name=op.f("fk_integrations_connection_code_connections"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_integrations_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("integration_id", name=op.f("pk_integrations")),
    )
    op.create_index(
        "ix_integrations_newest", "integrations", ["tenant_id", "created_at", "integration_id"]
    )
    op.create_index("ix_integrations_key_id", "integrations", ["key_id", "integration_id"])


def _create_entity_integrations() -> None:
    op.create_table(
        "entity_integrations",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("integration_id", sa.String(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("failover_decline_codes", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.integration_id"],
            name=op.f("fk_entity_integrations_integration_id_integrations"),
        ),
        sa.PrimaryKeyConstraint(
            *("tenant_id", "entity_type", "entity_id", "purpose", "integration_id"),
            name=op.f("pk_entity_integrations"),
        ),
    )
    op.create_index(
        op.f("ix_entity_integrations_integration_id"), "entity_integrations", ["integration_id"]
    )
    op.create_index(
        "uq_entity_integrations_default",
        "entity_integrations",
        ["tenant_id", "entity_type", "entity_id", "purpose"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )


def _create_integration_health() -> None:
    op.create_table(
        "integration_health",
        sa.Column("integration_id", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("probe_at", MOMENT, nullable=True),
        sa.Column("last_failure", sa.String(), nullable=True),
        sa.Column("last_failure_at", MOMENT, nullable=True),
        sa.Column("last_success_at", MOMENT, nullable=True),
        sa.Column("paused_at", MOMENT, nullable=True),
        sa.Column("paused_by", sa.String(), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.integration_id"],
            name=op.f("fk_integration_health_integration_id_integrations"),
        ),
        sa.PrimaryKeyConstraint("integration_id", name=op.f("pk_integration_health")),
    )


def _create_integration_turns() -> None:
    op.create_table(
        "integration_turns",
        sa.Column("integration_id", sa.String(), nullable=False),
        sa.Column("next_turn", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.integration_id"],
            name=op.f("fk_integration_turns_integration_id_integrations"),
        ),
        sa.PrimaryKeyConstraint("integration_id", name=op.f("pk_integration_turns")),
    )


def _create_executions() -> None:
    op.create_table(
        "executions",
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("integration_id", sa.String(), nullable=False),
        sa.Column("capability_code", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("outcome_unknown", sa.Boolean(), nullable=False),
        sa.Column("waiting", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("provider_code", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.integration_id"],
            name=op.f("fk_executions_integration_id_integrations"),
        ),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_executions")),
    )
    op.create_index(
        "ix_executions_newest", "executions", ["tenant_id", "created_at", "execution_id"]
    )
    op.create_index(op.f("ix_executions_integration_id"), "executions", ["integration_id"])


def _create_provider_customers() -> None:
    op.create_table(
        "provider_customers",
        sa.Column("integration_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("provider_customer_id", sa.String(), nullable=False),
        sa.Column("payment_method_id", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integrations.integration_id"],
            name=op.f("fk_provider_customers_integration_id_integrations"),
        ),
        sa.PrimaryKeyConstraint(
            "integration_id", "customer_id", name=op.f("pk_provider_customers")
        ),
    )


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_audit_log")),
    )
    _refuse_changes_of_audit_log()


def _refuse_changes_of_audit_log() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{change.lower()} BEFORE {change} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_log_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_only_added_to()"
    )


def _allow_changes_of_audit_log() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # they go with the table
    op.execute("DROP TRIGGER audit_log_no_change ON audit_log")
    op.execute("DROP FUNCTION audit_log_is_only_added_to")


_NOW = datetime.now(UTC)
_BORN = {"created_at": _NOW, "updated_at": _NOW, "deleted_at": None}


def _object(required: list[str], **properties: object) -> dict[str, object]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _list_of(items: dict[str, object]) -> dict[str, object]:
    return {"type": "array", "items": items}


AMOUNT = {
    "type": "integer",
    "minimum": 1,
    "maximum": 10**12,
    "description": "Minor units: 10000 is USD 100.00.",
}
SUM = {"type": "integer", "description": "Minor units; negative where money left."}
CURRENCY = {
    "type": "string",
    "pattern": "^[A-Z]{3}$",
    "format": "iso-4217",
    "description": "ISO 4217, such as USD.",
}


def _among(*currencies: str) -> dict[str, object]:
    """A missing currency is none of them: it is told as missing, and nothing else is."""
    return {"properties": {"currency": {"enum": list(currencies)}}, "required": ["currency"]}


# Stripe takes eight digits of its own minor units: of the krona of Iceland and the shilling of
# Uganda it counts hundredths, which ISO 4217 does not, and of the ariary none.
OTHER_AT_STRIPE: list[dict[str, object]] = [
    {
        "if": _among("ISK", "UGX"),
        "then": {"properties": {"amount": {"maximum": 999_999}}},
    },
    {
        "if": _among("MGA"),
        "then": {"properties": {"amount": {"maximum": 9_999_999_900, "multipleOf": 100}}},
        "else": {"properties": {"amount": {"maximum": 99_999_999}}},
    },
    {
        "if": _among("BHD", "JOD", "KWD", "OMR", "TND"),
        "then": {"properties": {"amount": {"multipleOf": 10}}},
    },
]
# JustiFi takes two currencies, more than fifty cents, and less than a million.
OTHER_AT_JUSTIFI: list[dict[str, object]] = [
    {
        "properties": {
            "amount": {"minimum": 51, "maximum": 99_999_999},
            "currency": {"enum": ["USD", "CAD"]},
        }
    },
]
TEXT = {"type": "string", "minLength": 1, "maxLength": 255}
MAYBE = {"type": ["string", "null"]}
WHEN = {"type": "string", "format": "date-time", "description": "With its offset, as RFC 3339."}
URL = {"type": "string", "pattern": "^https?://", "maxLength": 2000}
CUSTOMER = {**TEXT, "description": "The customer's id in your own system, such as cust_abc."}
METHOD = {"type": "string", "pattern": "^pm_", "maxLength": 255}
PAGE = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
    "cursor": {**TEXT, "description": "`next_cursor` of the page before."},
}
PAID = _object(
    ["payment_id", "status", "amount", "currency"],
    payment_id=MAYBE,
    status={"enum": ["succeeded", "processing", "declined"]},
    amount=AMOUNT,
    currency=CURRENCY,
    failure_code=MAYBE,
    failure_reason=MAYBE,
)
REFUNDED = _object(
    ["refund_id", "payment_id", "status", "amount", "currency"],
    refund_id=TEXT,
    payment_id=TEXT,
    status={"enum": ["pending", "succeeded", "failed"]},
    amount=AMOUNT,
    currency=CURRENCY,
    failure_reason=MAYBE,
)
PAYOUT = _object(
    ["payout_id", "status", "amount", "currency"],
    payout_id=TEXT,
    status=TEXT,
    amount=SUM,
    currency=CURRENCY,
    arrives_at=WHEN,
    created_at=WHEN,
)
HELD = _list_of(_object(["amount", "currency"], amount=SUM, currency=CURRENCY))
TRANSACTION = _object(
    ["transaction_id", "type", "amount", "fee", "net", "currency", "created_at"],
    transaction_id=TEXT,
    type=TEXT,
    amount=SUM,
    fee=SUM,
    net=SUM,
    currency=CURRENCY,
    source_id=MAYBE,
    created_at=WHEN,
)

CONNECTIONS: list[dict[str, object]] = [
    {
        "connection_code": "stripe",
        "display_name": "Stripe",
        "description": "Card and wallet payments, refunds, customers and payouts by Stripe.",
        "logo_url": None,
        "status": "active",
    },
    {
        "connection_code": "justifi",
        "display_name": "JustiFi",
        "description": "Payments and payouts for platforms by JustiFi.",
        "logo_url": None,
        "status": "active",
    },
    {
        "connection_code": "sendgrid",
        "display_name": "SendGrid",
        "description": "E-mail by Twilio SendGrid.",
        "logo_url": None,
        "status": "active",
    },
    {
        "connection_code": "internal",
        "display_name": "Internal",
        "description": "What this installation keeps itself: it needs no credentials.",
        "logo_url": None,
        "status": "active",
    },
]


def _capability(
    connection: str,
    code: str,
    description: str,
    parameters: dict[str, object],
    result: dict[str, object],
    moves_money: bool = False,
) -> dict[str, object]:
    return {
        "connection_code": connection,
        "capability_code": code,
        "description": description,
        "parameters_schema": parameters,
        "result_schema": result,
        "moves_money": moves_money,
        "only_reads": code.startswith(("SYNC_", "RETRIEVE_", "LIST_")),
    }


def _at_stripe(capability: dict[str, object]) -> dict[str, object]:
    asked = capability["parameters_schema"]
    assert isinstance(asked, dict)
    return {**capability, "parameters_schema": {**asked, "allOf": OTHER_AT_STRIPE}}


def _at_justifi(capability: dict[str, object]) -> dict[str, object]:
    asked = capability["parameters_schema"]
    assert isinstance(asked, dict)
    return {**capability, "parameters_schema": {**asked, "allOf": OTHER_AT_JUSTIFI}}


PROCESS_PAYMENT = (
    "Charge a customer's saved payment method now, without the customer being there.",
    _object(
        ["amount", "currency", "customer_id"],
        amount=AMOUNT,
        currency=CURRENCY,
        customer_id=CUSTOMER,
        payment_method_id=METHOD,
        description=TEXT,
    ),
    PAID,
    True,
)
CHARGE_METHOD = (
    "Charge a tokenised payment method now, without the customer being there.",
    _object(
        ["amount", "currency", "payment_method_id"],
        amount=AMOUNT,
        currency=CURRENCY,
        payment_method_id=METHOD,
        description=TEXT,
    ),
    PAID,
    True,
)
REFUND_PAYMENT = (
    "Give back a payment made by PROCESS_PAYMENT, or a part of it.",
    {
        **_object(
            ["payment_id"],
            payment_id=TEXT,
            amount=AMOUNT,
            currency=CURRENCY,
            reason={"enum": ["requested_by_customer", "duplicate", "fraudulent"]},
        ),
        "dependentRequired": {"amount": ["currency"], "currency": ["amount"]},
    },
    REFUNDED,
    True,
)
CREATE_CUSTOMER_PROFILE = (
    "Make the customer known to the provider, with a payment method for later charges.",
    _object(
        ["customer_id"],
        customer_id=CUSTOMER,
        email={"type": "string", "format": "email", "maxLength": 320},
        name=TEXT,
        payment_method_id=METHOD,
    ),
    _object(
        ["customer_id", "provider_customer_id", "status"],
        customer_id=CUSTOMER,
        provider_customer_id=TEXT,
        status={"enum": ["succeeded", "declined"]},
        failure_code=MAYBE,
        failure_reason=MAYBE,
    ),
)
CREATE_CHECKOUT = (
    "Open the provider's hosted page, on which a customer pays once.",
    _object(
        ["amount", "currency", "description", "success_url", "cancel_url"],
        amount=AMOUNT,
        currency=CURRENCY,
        description=TEXT,
        success_url=URL,
        cancel_url=URL,
        customer_email={"type": "string", "format": "email", "maxLength": 320},
    ),
    _object(["session_id", "url", "expires_at"], session_id=TEXT, url=URL, expires_at=WHEN),
)
SYNC_TRANSACTIONS = (
    "Read what moved on the account, page by page, newest first.",
    _object([], since=WHEN, **PAGE),
    _object(["transactions", "next_cursor"], transactions=_list_of(TRANSACTION), next_cursor=MAYBE),
)
RETRIEVE_BALANCE = (
    "Read what the provider holds now.",
    _object([]),
    _object(["available", "pending"], available=HELD, pending=HELD),
)
DERIVE_BALANCE = (
    "Add up what the provider holds now, of all that it has not paid out yet.",
    _object([]),
    _object(
        ["available", "pending", "derived"],
        available=HELD,
        pending=HELD,
        derived={"const": True, "description": "The provider itself tells no balance."},
    ),
)
LIST_PAYOUTS = (
    "Read the payouts to the bank, page by page, newest first.",
    _object([], since=WHEN, **PAGE),
    _object(["payouts", "next_cursor"], payouts=_list_of(PAYOUT), next_cursor=MAYBE),
)
RETRIEVE_PAYOUT = ("Read one payout.", _object(["payout_id"], payout_id=TEXT), PAYOUT)
SEND_EMAIL = (
    "Send a plain letter to one address.",
    _object(
        ["to", "subject", "text"],
        to={"type": "string", "format": "email", "maxLength": 320},
        subject={**TEXT, "pattern": "^[^\\r\\n]*$"},
        text={"type": "string", "minLength": 1, "maxLength": 20000},
    ),
    _object(["message_id"], message_id=MAYBE),
)

CAPABILITIES: list[dict[str, object]] = [
    _at_stripe(_capability("stripe", "PROCESS_PAYMENT", *PROCESS_PAYMENT)),
    _at_stripe(_capability("stripe", "REFUND_PAYMENT", *REFUND_PAYMENT)),
    _capability("stripe", "CREATE_CUSTOMER_PROFILE", *CREATE_CUSTOMER_PROFILE),
    _at_stripe(_capability("stripe", "CREATE_CHECKOUT", *CREATE_CHECKOUT)),
    _capability("stripe", "SYNC_TRANSACTIONS", *SYNC_TRANSACTIONS),
    _capability("stripe", "RETRIEVE_BALANCE", *RETRIEVE_BALANCE),
    _capability("stripe", "LIST_PAYOUTS", *LIST_PAYOUTS),
    _capability("stripe", "RETRIEVE_PAYOUT", *RETRIEVE_PAYOUT),
    _at_justifi(_capability("justifi", "PROCESS_PAYMENT", *CHARGE_METHOD)),
    _at_justifi(_capability("justifi", "CREATE_CHECKOUT", *CREATE_CHECKOUT)),
    _capability("justifi", "REFUND_PAYMENT", *REFUND_PAYMENT),
    _capability("justifi", "RETRIEVE_BALANCE", *DERIVE_BALANCE),
    _capability("justifi", "LIST_PAYOUTS", *LIST_PAYOUTS),
    _capability("justifi", "RETRIEVE_PAYOUT", *RETRIEVE_PAYOUT),
    _capability("sendgrid", "SEND_EMAIL", *SEND_EMAIL),
]

"""payouts, the alerts about them, and balance snapshots

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

MOMENT = sa.DateTime(timezone=True)
BALANCES = (
    *("opening", "added", "paid_out", "returned", "closing", "available", "pending", "difference"),
)


def upgrade() -> None:
    _create_payouts()
    _create_payout_alerts()
    _create_balance_snapshots()
    op.add_column("emails", sa.Column("payout_id", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("emails", "payout_id")
    for table in ("balance_snapshots", "payout_alerts", "payouts"):
        op.drop_table(table)


def _create_payouts() -> None:
    op.create_table(
        "payouts",
        sa.Column("payout_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("integration_id", sa.String(), nullable=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("provider_payout_id", sa.String(), nullable=False),
        sa.Column("provider_account_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        *(
            sa.Column(f"{name}_minor", sa.BigInteger(), nullable=False)
            for name in ("amount", "payments", "refunds", "fees", "other")
        ),
        sa.Column("payments_count", sa.Integer(), nullable=False),
        sa.Column("refunds_count", sa.Integer(), nullable=False),
        sa.Column("payout_type", sa.String(), nullable=True),
        sa.Column("settlement_priority", sa.String(), nullable=True),
        sa.Column("delivery_method", sa.String(), nullable=True),
        sa.Column("bank_account_last_four", sa.String(), nullable=True),
        sa.Column("is_overdue", sa.Boolean(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("deposits_at", MOMENT, nullable=True),
        *(
            sa.Column(name, MOMENT, nullable=False)
            for name in ("created_at", "updated_at", "first_seen_at", "seen_at")
        ),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_payouts")),
    )
    op.create_index("ix_payouts_newest", "payouts", ["tenant_id", "created_at", "payout_id"])
    of_account = ["tenant_id", "account", "status", "created_at"]
    op.create_index("ix_payouts_of_account", "payouts", of_account)
    op.create_index(op.f("ix_payouts_provider_payout_id"), "payouts", ["provider_payout_id"])


def _create_payout_alerts() -> None:
    op.create_table(
        "payout_alerts",
        sa.Column("payout_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payouts.payout_id"], name=op.f("fk_payout_alerts_payout_id_payouts")
        ),
        sa.PrimaryKeyConstraint("payout_id", "kind", name=op.f("pk_payout_alerts")),
    )


def _create_balance_snapshots() -> None:
    op.create_table(
        "balance_snapshots",
        sa.Column("tenant_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("integration_id", sa.String(), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        *(sa.Column(f"{name}_minor", sa.BigInteger(), nullable=False) for name in BALANCES),
        sa.Column("transactions", sa.Integer(), nullable=False),
        sa.Column("unsettled_since", MOMENT, nullable=True),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account", "day", "currency", name=op.f("pk_balance_snapshots")
        ),
    )

"""the mode of reviews and of API keys

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """A review is of its purchase's mode, a key of the mode in which its tenant sells."""
    for table in ("reviews", "api_keys"):
        op.add_column(
            table, sa.Column("livemode", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute(
        "UPDATE reviews SET livemode = (SELECT purchases.livemode FROM purchases"
        " WHERE purchases.purchase_id = reviews.purchase_id)"
    )
    op.execute(
        "UPDATE api_keys SET livemode = EXISTS (SELECT 1 FROM quotes"
        " WHERE quotes.tenant_id = api_keys.tenant_id AND quotes.livemode)"
    )


def downgrade() -> None:
    op.drop_column("api_keys", "livemode")
    op.drop_column("reviews", "livemode")

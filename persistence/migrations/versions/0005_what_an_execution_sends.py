"""what an execution sends, kept for its repetitions

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("executions", sa.Column("sending", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("executions", "sending")

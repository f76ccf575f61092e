"""The distance from the training slices, in records of predictions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; records that are there hold no distance, and their codes stay valid."""
    op.add_column("predictions", sa.Column("distance", sa.Float(53)))

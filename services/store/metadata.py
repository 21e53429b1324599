"""What all tables share: the collection that they are in, and the type of a keyed hash."""

import sqlalchemy as sa

metadata = sa.MetaData()

Id = sa.LargeBinary(16)

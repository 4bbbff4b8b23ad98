"""Assets, their immutable versions, the files of a version, and how the bytes get here."""

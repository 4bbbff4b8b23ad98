"""The acts of the demonstration, each a file: what one party does, told as it happens."""

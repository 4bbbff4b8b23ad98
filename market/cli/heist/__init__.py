"""The heist: frauds committed with root and the database, and who notices them. One scene, one fraud, one file."""

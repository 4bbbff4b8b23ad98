"""Published test vectors: see README.md. `python -m tests.vectors.make` writes the JSON files again."""

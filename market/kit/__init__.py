"""Domain-free parts that every slice may use. Nothing here knows what a data asset is."""

"""Mutation testing: whether the tests notice when one operator, number, argument or line of the ledger's core changes."""

"""Every parser of the ledger under odd bytes: the table of targets, what they are fed with, and two ways to run them."""

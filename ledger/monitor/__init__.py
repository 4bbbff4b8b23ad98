"""Following a log from outside: nothing of it is trusted, and what was seen once is held against it for ever.

words     what a monitor says, zh and en               pure
state     what it has seen, in one file that survives every crash
monitor   one round: consistency, entries, policy, names that somebody watches
webhook   telling an address on the web
mail      telling people
"""

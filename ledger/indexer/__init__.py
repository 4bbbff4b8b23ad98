"""The verifiable index: keeping the map, following the log, signing and proving (the half with I/O).

    database   the map's one SQLite file           pages      the trie in it, one hex digit a level
    map        growing the map by checkpoints      writer     following a log and publishing the index log
    claim      one file for each process           follower   following both logs, and writing to neither
    own        a process's map, kept up by itself  rebuild    every root of an index again, out of the entries
    prove      histories out of map and logs

`python -m ledger index` is in `ledger.cli.index`.

What is proved, and how it is checked without any of this, is `ledger.index`.
"""

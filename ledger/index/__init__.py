"""The verifiable index: all entries of a log that name a key, with a proof that none is left out (pure half).

    keys           from the bytes of an entry to its keys: the map function, fixed for life
    trie           the map's hashes, and the proof that a key has exactly this list, or none
    state          an entry of the index log: which log at which size has which map
    announcement   the platform's statement that names the index log, its keys and its map function
    history        the file that people keep
    check          checking it against a trust file, in steps; `words` says them

The half that keeps the map, follows the log and signs is `ledger.indexer`.
"""

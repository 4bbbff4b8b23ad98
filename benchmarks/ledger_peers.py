"""What other libraries need for the same work. Runs in a process and an environment of its own, prints JSON lines.

    python ledger_peers.py append pymerkle|merkletools BATCHES BATCH_SIZE ENTRY_SIZE FOLDER
    python ledger_peers.py proof pymerkle SIZE COUNT FOLDER

pymerkle keeps entries and hashes in SQLite, committed durably once a batch, and the root is asked for after each
batch. merkletools has memory only and no way to add to a made tree, so each batch is a tree of its own: less work
than ours on every count.
"""

import hashlib
import json
import os
import pathlib
import random
import sys
import time


def open_pymerkle(folder):
    from pymerkle import SqliteTree

    return SqliteTree(str(pathlib.Path(folder) / "pymerkle.db"))


def append_pymerkle(folder, batches):
    tree = open_pymerkle(folder)
    for batch in batches:
        start = time.perf_counter()
        tree.append_entries(batch)
        tree.get_state()
        yield time.perf_counter() - start


def append_merkletools(_, batches):
    import merkletools

    for batch in batches:
        start = time.perf_counter()
        tree = merkletools.MerkleTools()
        for entry in batch:
            tree.add_leaf(hashlib.sha256(entry).hexdigest())
        tree.make_tree()
        tree.get_merkle_root()
        yield time.perf_counter() - start


def prove_pymerkle(folder, size, count):
    tree = open_pymerkle(folder)
    tree.append_entries(index.to_bytes(8, "big") for index in range(size))
    chosen = random.Random(1)
    for _ in range(count):
        index = chosen.randrange(size) + 1
        start = time.perf_counter()
        tree.prove_inclusion(index, size)
        yield time.perf_counter() - start


def main():
    if sys.argv[1] == "append":
        _, _, peer, batches, batch_size, entry_size, folder = sys.argv
        made = ([os.urandom(int(entry_size)) for _ in range(int(batch_size))] for _ in range(int(batches)))
        seconds = {"pymerkle": append_pymerkle, "merkletools": append_merkletools}[peer](folder, made)
    else:
        _, _, _, size, count, folder = sys.argv
        seconds = prove_pymerkle(folder, int(size), int(count))
    print(json.dumps(list(seconds)))


if __name__ == "__main__":
    main()

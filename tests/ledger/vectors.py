"""Published test vectors: small trees, a whole small log, signed notes, a cosignature, a COSE receipt."""

from base64 import b64decode

# transparency-dev/merkle: eight leaves and the root of each prefix.
MERKLE_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
MERKLE_ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]

# A small public log of fifteen words.
WORDS = b"one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".split()
WORDS_ORIGIN = "example.com/log/testdata"
WORDS_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
WORDS_ROOTS = {
    3: b64decode("Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk="),
    6: b64decode("a6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg="),
    15: b64decode("rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs="),
}
WORDS_LEAF_6 = b64decode("2Q0P5jSR+TdkwdXWyx+GbBWX0KZbNZkWzCjyTPSozsw=")
WORDS_INCLUSION_6_OF_15 = [
    b64decode(text)
    for text in (
        "ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=",
        "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=",
        "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=",
        "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
    )
]
WORDS_CONSISTENCY_6_TO_15 = [
    b64decode(text)
    for text in (
        "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=",
        "nk9gCR+floFqznAPtqjjcnnV64dge2jQB95D5t164Hg=",
        "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=",
        "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
    )
]
WORDS_BUNDLE_OF_3 = bytes.fromhex("00036f6e65000374776f00057468726565")
WORDS_CHECKPOINT_3 = (
    "example.com/log/testdata\n3\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n\n"
    "— example.com/log/testdata M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd3rUWW/fj53Wj1"
    "dwcwh9bGQnqVAg=\n"
).encode()
WORDS_CHECKPOINT_15 = (
    "example.com/log/testdata\n15\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\n\n"
    "— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fm"
    "wlM/dlPWF74ewI=\n"
).encode()

# Signed notes of the specification and of its Go implementation.
FOO_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72I"
    "neyaQM=\n"
).encode()
NEUMANN_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
NEUMANN_NOTE = (
    NEUMANN_TEXT + "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJn"
    "AM=\n"
).encode()
BAD_VKEYS = [
    "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
    "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
]

# Seed 00..1f.
SEED = bytes(range(32))
OUR_VKEY = "data.example/ledger+322a6b6c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
OUR_EMPTY_CHECKPOINT = (
    "data.example/ledger\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
    "— data.example/ledger MiprbN9ixRSTrQlfF9s/8vzB/zrGQug9wDr0M6c5wTNtRk0khZ8yvQGaG4glWkR9lmn3N2Ez0O59bC6xUl"
    "7nOg8qMwk=\n"
).encode()
WITNESS_NAME = "witness.example/w1"
WITNESS_VKEY = "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
WITNESS_TIME = 1_767_000_000
WITNESS_LINE = (
    "— witness.example/w1 519lMgAAAABpUkfAJCZ28snxR7+IpMeJNGP/Xqcp2rZFV1dfdZQKPFK6JmyRZkddLXfODjWKwSxgdAVn+3D"
    "/XEf9US/XWMBh5HJpCA==\n"
)

# RFC 9942 receipt for entry 6 of the fifteen words, by the key of seed 00..1f.
WORDS_RECEIPT_6_OF_15 = bytes.fromhex(
    "d28447a219018b010127a119018ca12081588c830f068458204e1720a15d8361c2be542c4150358094dc662f2dabeddabb74aefe"
    "3a5810296b5820c9c46490d925bace5e315454be40f5a4adf6d6f32b03e8e33a264a53c68e718e5820cd8d65377e6fad76003e2c"
    "5749de7d2ec536f71509b6e5b8a3674d360e58d82a5820e632e9a93823b010d2117e928198919db4cc753b9177c6d0e6d4ac00ec"
    "5ed0abf658404caa8f44e917c587175a43fc7db289ce68e0a787a59bae90dd9279f61116933798a73fbd44e7c91bf87c1b25e8e2"
    "fd0fdd2d1416f4bfa91302e6f5c65b9dfc00"
)

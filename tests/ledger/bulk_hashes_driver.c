/* Calls ledger/bulk_hashes.c with buffers of exactly the sizes that it may touch, for a build with sanitizers. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int bulk_hashes_supported(void);
int64_t bulk_hash_frames(const uint8_t *frames, size_t size, size_t count, uint8_t *out);
void bulk_hash_levels(const uint8_t *hashes, size_t count, int levels, uint8_t *out);

/* `count` entries whose lengths grow from `length`, cut by `missing` bytes, in a buffer without a byte to spare; `asked`
 * is the number that the library is told. */
static void frames_of(size_t count, size_t length, size_t missing, size_t asked)
{
    size_t size = 0;
    for (size_t number = 0; number < count; number++)
        size += 2 + length + number;
    uint8_t *whole = malloc(size + 1);
    uint8_t *at = whole;
    for (size_t number = 0; number < count; number++) {
        size_t entry = length + number;
        at[0] = (uint8_t)(entry >> 8);
        at[1] = (uint8_t)entry;
        memset(at + 2, 0x5a, entry);
        at += 2 + entry;
    }
    size_t kept = size - missing;
    uint8_t *frames = malloc(kept ? kept : 1), *hashes = malloc(asked ? 32 * asked : 1);
    memcpy(frames, whole, kept);
    int64_t end = bulk_hash_frames(frames, kept, asked, hashes);
    if (asked > count && end != -1)
        abort();
    if (asked == count && end != (missing ? -1 : (int64_t)size))
        abort();
    free(whole);
    free(frames);
    free(hashes);
}

static void cuts_of(size_t count, size_t length)
{
    size_t size = count * (2 + length) + count * (count - 1) / 2;
    for (size_t asked = count - 1; asked <= count + 1; asked++)
        for (size_t missing = 0; missing <= size; missing++)
            frames_of(count, length, missing, asked);
}

int main(void)
{
    if (!bulk_hashes_supported())
        return 1;
    for (size_t length = 0; length < 200; length++)
        for (size_t count = 1; count < 4; count++)
            cuts_of(count, length);
    for (size_t missing = 0; missing < 200; missing++)
        frames_of(3, 65533, missing, 3);
    for (size_t pairs = 0; pairs < 9; pairs++) {
        uint8_t *hashes = calloc(pairs ? pairs : 1, 64), *nodes = malloc(pairs ? 32 * pairs : 1);
        for (int levels = 1; levels < 5; levels++)
            bulk_hash_levels(hashes, pairs, levels, nodes);
        free(hashes);
        free(nodes);
    }
    return 0;
}

/* Many SHA-256 hashes of RFC 6962 section 2.1 in one call, with the SHA instructions of x86-64.
 *
 *     leaf   SHA-256(0x00 || entry)                 entries framed as in an entry bundle: uint16 big-endian length || bytes
 *     node   SHA-256(0x01 || left 32 || right 32)
 *
 * Two messages are hashed side by side: one round waits for the round before it, and the processor fills the wait with a
 * round of the other message. FIPS 180-4 has the algorithm and its constants; the instructions (sha256rnds2, sha256msg1,
 * sha256msg2) are in the Intel SDM, volume 2, which also says which words of the state each register holds.
 *
 * Memory is read within [frames, frames + size) and written within 32 * count bytes of `out`; nothing is allocated.
 */

#include <cpuid.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 64
#define HASH 32
#define FRAME_HEADER 2
#define INLINE static inline __attribute__((always_inline, target("sha,sse4.1")))
#define EXPORT __attribute__((visibility("default"), target("sha,sse4.1")))

static const uint32_t K[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The state as the instructions want it: A B E F in one register, C D G H in the other, highest word first. */
typedef struct {
    __m128i abef, cdgh;
} state;

/* A message that is a prefix byte and `size` bytes behind it. */
typedef struct {
    const uint8_t *bytes;
    size_t size;
    uint8_t prefix;
    state state;
    uint8_t built[BLOCK];
} message;

INLINE void begin(message *m, uint8_t prefix, const uint8_t *bytes, size_t size)
{
    m->bytes = bytes;
    m->size = size;
    m->prefix = prefix;
    m->state.abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
    m->state.cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
}

/* Blocks of the padded message: the prefix, the bytes, 0x80, and the length in 64 bits. */
INLINE size_t block_count(const message *m)
{
    return (1 + m->size + 1 + 8 + BLOCK - 1) / BLOCK;
}

/* Block `number` of the padded message: where it lies in the bytes, or built where prefix or padding is in it. */
INLINE const uint8_t *block_at(message *m, size_t number)
{
    size_t start = number * BLOCK - 1; /* in the bytes; of block 0, one before them */
    if (number > 0 && start + BLOCK <= m->size)
        return m->bytes + start;
    size_t skip = number == 0 ? 1 : 0;
    size_t from = start + skip;
    size_t length = from < m->size ? m->size - from : 0;
    if (length > BLOCK - skip)
        length = BLOCK - skip;
    memset(m->built, 0, BLOCK);
    if (skip)
        m->built[0] = m->prefix;
    if (length > 0)
        memcpy(m->built + skip, m->bytes + from, length);
    if (from <= m->size && skip + length < BLOCK)
        m->built[skip + length] = 0x80;
    if (number + 1 == block_count(m)) {
        uint64_t bits = __builtin_bswap64(8 * (uint64_t)(1 + m->size));
        memcpy(m->built + BLOCK - 8, &bits, 8);
    }
    return m->built;
}

/* One block into each of `lanes` states (FIPS 180-4, 6.2.2), four rounds at a time. */
INLINE void compress(state *const states[], const uint8_t *const blocks[], int lanes)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i words[2][4], abef[2], cdgh[2];
    for (int lane = 0; lane < lanes; lane++) {
        abef[lane] = states[lane]->abef;
        cdgh[lane] = states[lane]->cdgh;
        for (int four = 0; four < 4; four++)
            words[lane][four] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(blocks[lane] + 16 * four)), swap);
    }
#pragma GCC unroll 16
    for (int four = 0; four < 16; four++) {
        const __m128i constants = _mm_load_si128((const __m128i *)(K + 4 * four));
#pragma GCC unroll 2
        for (int lane = 0; lane < lanes; lane++) {
            __m128i *w = words[lane];
            __m128i added = _mm_add_epi32(w[four % 4], constants);
            cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], added);
            abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(added, 0x0e));
            if (four < 12) {
                /* The four words that are used four steps from now. */
                __m128i seven = _mm_alignr_epi8(w[(four + 3) % 4], w[(four + 2) % 4], 4);
                __m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(w[four % 4], w[(four + 1) % 4]), seven);
                w[four % 4] = _mm_sha256msg2_epu32(next, w[(four + 3) % 4]);
            }
        }
    }
    for (int lane = 0; lane < lanes; lane++) {
        states[lane]->abef = _mm_add_epi32(states[lane]->abef, abef[lane]);
        states[lane]->cdgh = _mm_add_epi32(states[lane]->cdgh, cdgh[lane]);
    }
}

INLINE void finish(const message *m, uint8_t *hash)
{
    const __m128i swap = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    __m128i abcd = _mm_unpackhi_epi64(m->state.cdgh, m->state.abef);
    __m128i efgh = _mm_unpacklo_epi64(m->state.cdgh, m->state.abef);
    _mm_storeu_si128((__m128i *)hash, _mm_shuffle_epi8(abcd, swap));
    _mm_storeu_si128((__m128i *)(hash + 16), _mm_shuffle_epi8(efgh, swap));
}

INLINE void hash_two(message *one, message *other, uint8_t *hashes)
{
    size_t blocks = block_count(one), others = block_count(other);
    size_t both = blocks < others ? blocks : others, number = 0;
    for (; number < both; number++) {
        const uint8_t *at[2] = {block_at(one, number), block_at(other, number)};
        compress((state *const[2]){&one->state, &other->state}, at, 2);
    }
    message *longer = blocks > others ? one : other;
    for (; number < blocks || number < others; number++) {
        const uint8_t *at[1] = {block_at(longer, number)};
        compress((state *const[1]){&longer->state}, at, 1);
    }
    finish(one, hashes);
    finish(other, hashes + HASH);
}

INLINE void hash_one(message *m, uint8_t *hash)
{
    size_t blocks = block_count(m);
    for (size_t number = 0; number < blocks; number++) {
        const uint8_t *at[1] = {block_at(m, number)};
        compress((state *const[1]){&m->state}, at, 1);
    }
    finish(m, hash);
}

/* Whether this processor has the instructions; the other two must not be called if not. */
__attribute__((visibility("default"))) int bulk_hashes_supported(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1))
        return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) != 0;
}

/* The leaf hashes of the first `count` framed entries. Returns how many bytes those have, or -1 if the last is cut. */
EXPORT int64_t bulk_hash_frames(const uint8_t *frames, size_t size, size_t count, uint8_t *out)
{
    message waiting, m;
    size_t position = 0;
    for (size_t done = 0; done < count; done++) {
        if (size - position < FRAME_HEADER)
            return -1;
        size_t length = (size_t)frames[position] << 8 | frames[position + 1];
        position += FRAME_HEADER;
        if (size - position < length)
            return -1;
        if (done % 2 == 0) {
            begin(&waiting, 0, frames + position, length);
        } else {
            begin(&m, 0, frames + position, length);
            hash_two(&waiting, &m, out + HASH * (done - 1));
        }
        position += length;
    }
    if (count % 2 == 1)
        hash_one(&waiting, out + HASH * (count - 1));
    return (int64_t)position;
}

/* The nodes `levels` levels (1 or more) above `count` pairs of neighbours: out[0] to out[(count >> (levels - 1)) - 1]. */
EXPORT void bulk_hash_levels(const uint8_t *hashes, size_t count, int levels, uint8_t *out)
{
    message one, other;
    for (; levels > 0; levels--) {
        size_t done = 0;
        for (; done + 1 < count; done += 2) {
            begin(&one, 1, hashes + 2 * HASH * done, 2 * HASH);
            begin(&other, 1, hashes + 2 * HASH * (done + 1), 2 * HASH);
            hash_two(&one, &other, out + HASH * done);
        }
        if (done < count) {
            begin(&one, 1, hashes + 2 * HASH * done, 2 * HASH);
            hash_one(&one, out + HASH * done);
        }
        /* The next level takes the place of this one: a node never lies behind its children, and is written after both are read. */
        hashes = out;
        count /= 2;
    }
}

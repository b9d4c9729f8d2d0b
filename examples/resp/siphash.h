/* SipHash-1-3 (J.-P. Aumasson and D. J. Bernstein, 2012; one round for each word, three in the end): a hash for tables
 * whose keys come from strangers. */
#ifndef EXAMPLES_SIPHASH_H
#define EXAMPLES_SIPHASH_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void siphash_round(uint64_t v[4])
{
#define SIPHASH_TURN(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))
    v[0] += v[1];
    v[2] += v[3];
    v[1] = SIPHASH_TURN(v[1], 13) ^ v[0];
    v[3] = SIPHASH_TURN(v[3], 16) ^ v[2];
    v[0] = SIPHASH_TURN(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = SIPHASH_TURN(v[1], 17) ^ v[2];
    v[3] = SIPHASH_TURN(v[3], 21) ^ v[0];
    v[2] = SIPHASH_TURN(v[2], 32);
#undef SIPHASH_TURN
}

static inline uint64_t siphash(const uint64_t seed[2], const void *data, size_t size)
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du, seed[0] ^ 0x6c7967656e657261u,
                     seed[1] ^ 0x7465646279746573u};
    const char *bytes = data;
    for (size_t left = size;; left -= 8, bytes += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes, left < 8 ? left : 8);
        word = le64toh(word) | (left < 8 ? (uint64_t)size << 56 : 0);
        v[3] ^= word;
        siphash_round(v);
        v[0] ^= word;
        if (left < 8) {
            break;
        }
    }
    v[2] ^= 0xff;
    siphash_round(v);
    siphash_round(v);
    siphash_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif

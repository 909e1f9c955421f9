// Instructions of ARM cores without vectors that Swift cannot name.
#pragma once

#include <stdint.h>

#if defined(__arm__)

// Four words from `at` on, which steps past them: one instruction.
typedef struct {
  uint32_t a, b, c, d;
} octet_four_words;

static inline octet_four_words octet_load_four(const uint32_t *_Nonnull *_Nonnull at) {
  register uint32_t a __asm("r3"), b __asm("r4"), c __asm("r5"), d __asm("r6");
  __asm("ldmia %[at]!, {r3, r4, r5, r6}"
        : [at] "+r"(*at), "=r"(a), "=r"(b), "=r"(c), "=r"(d)
        :
        : "memory");
  return (octet_four_words){a, b, c, d};
}

#if defined(__ARM_FEATURE_DSP)
#define OCTET_HAS_SMLAD 1
#define SMLAD(a, b, sum) __builtin_arm_smlad(a, b, sum)
#define SXTB16(word) __builtin_arm_sxtb16(word)
#else
#define OCTET_HAS_SMLAD 0
#define SMLAD(a, b, sum) ((void)(a), (void)(b), (sum))
#define SXTB16(word) (word)
#endif

// Bytes 0 and 2, and 1 and 3, of a word as two int16.
static inline uint32_t octet_widen_even(uint32_t word) { return SXTB16(word); }
static inline uint32_t octet_widen_odd(uint32_t word) {
  return SXTB16(__builtin_rotateright32(word, 8));
}

// The products of the lower and of the upper int16, added to `sum`.
static inline int32_t octet_multiply_halves(uint32_t a, uint32_t b, int32_t sum) {
  return SMLAD(a, b, sum);
}
#endif

// Instructions of ARM cores without vectors that Swift cannot name: what Taps.swift is made of.
//
// Each core has its own: SMLAD on Cortex-M4, M7 and ARMv6, MLA on M3, MULS alone on M0, whose
// accumulators stay in the high registers, which can be added to but not multiplied.
#pragma once

#include <stdint.h>

#if defined(__arm__)

// Sums of four patches, or of four rows of weights.
typedef struct {
  int32_t a, b, c, d;
} octet_sums;

// Registers that all instructions take, and those for sums.
#if defined(__thumb__) && !defined(__thumb2__)
#define IS_THUMB_1 1
#define ANY "l"
#define SUM "h"
#else
#define IS_THUMB_1 0
#define ANY "r"
#define SUM "r"
#endif
#define IN_OUT_SUMS(s) [a] "+" SUM(s.a), [b] "+" SUM(s.b), [c] "+" SUM(s.c), [d] "+" SUM(s.d)
#define INLINE static inline __attribute__((always_inline))

// MARK: Four patches

#define LOAD_FOUR "ldmia %[at]!, {r3, r4, r5, r6}\n"
#if defined(__ARM_FEATURE_DSP)
#define OCTET_HAS_SMLAD 1
// SXTB16 widens bytes 0 and 2, and by rotation 1 and 3.
#define FOUR_TAPS                                                       \
  "ldr %[x], [%[w]], #4\n" LOAD_FOUR                                    \
  "sxtb16 %[y], %[x], ror #8\n sxtb16 %[x], %[x]\n"                     \
  "smlad %[a], r3, %[x], %[a]\n smlad %[b], r5, %[x], %[b]\n"           \
  "smlad %[a], r4, %[y], %[a]\n smlad %[b], r6, %[y], %[b]\n" LOAD_FOUR \
  "smlad %[c], r3, %[x], %[c]\n smlad %[d], r5, %[x], %[d]\n"           \
  "smlad %[c], r4, %[y], %[c]\n smlad %[d], r6, %[y], %[d]\n"
// Eight at a time; an odd number of fours enters in the middle.
#define ALL_TAPS                                           \
  "sub %[y], %[end], %[at]\n tst %[y], #32\n bne 2f\n"     \
  "1:\n" FOUR_TAPS "2:\n" FOUR_TAPS "cmp %[at], %[end]\n bne 1b\n"
#else
#define OCTET_HAS_SMLAD 0
#if IS_THUMB_1
#define TAP(index)                                                                  \
  "ldrb %[x], [%[w], #" #index "]\n" LOAD_FOUR "sxtb %[x], %[x]\n"                  \
  "muls r3, %[x], r3\n muls r4, %[x], r4\n muls r5, %[x], r5\n muls r6, %[x], r6\n" \
  "add %[a], r3\n add %[b], r4\n add %[c], r5\n add %[d], r6\n"
#define STEP "adds %[w], #4\n"
#else
#define TAP(index)                                        \
  "ldrsb %[x], [%[w]], #1\n" LOAD_FOUR                    \
  "mla %[a], r3, %[x], %[a]\n mla %[b], r4, %[x], %[b]\n" \
  "mla %[c], r5, %[x], %[c]\n mla %[d], r6, %[x], %[d]\n"
#define STEP
#endif
#define ALL_TAPS "1:\n" TAP(0) TAP(1) TAP(2) TAP(3) STEP "cmp %[at], %[end]\n bne 1b\n"
#endif

// Adds the products of weights with the widened taps of four patches from `at` to `end`: a multiple
// of four taps.
INLINE void octet_add_taps(
    octet_sums *_Nonnull sums, const int8_t *_Nonnull weights, const int32_t *_Nonnull at,
    const int32_t *_Nonnull end) {
  octet_sums s = *sums;
  int32_t x, y;
  __asm volatile(
      ".syntax unified\n" ALL_TAPS
      : IN_OUT_SUMS(s), [w] "+" ANY(weights), [at] "+" ANY(at), [x] "=&" ANY(x), [y] "=&" SUM(y)
      : [end] SUM(end)
      : "r3", "r4", "r5", "r6", "cc", "memory");
  *sums = s;
}

// Stores four words and steps past them: one instruction.
INLINE void octet_store_four(
    int32_t *_Nonnull *_Nonnull to, int32_t a, int32_t b, int32_t c, int32_t d) {
  register int32_t r3 __asm("r3") = a, r4 __asm("r4") = b, r5 __asm("r5") = c, r6 __asm("r6") = d;
  __asm volatile("stmia %[to]!, {r3, r4, r5, r6}"
                 : [to] "+" ANY(*to)
                 : "r"(r3), "r"(r4), "r"(r5), "r"(r6)
                 : "memory");
}

// MARK: Four rows of weights

#if IS_THUMB_1
#define ROW(sum, row) "ldrsb %[y], [%[" row "], %[at]]\n muls %[y], %[x]\n add %[" sum "], %[y]\n"
#define VALUE(rows) "ldrsb %[x], [%[values], %[at]]\n" rows "adds %[at], #1\n"
#else
#define ROW(sum, row) "ldrsb %[y], [%[" row "]], #1\n mla %[" sum "], %[y], %[x], %[" sum "]\n"
#define VALUE(rows) "ldrsb %[x], [%[at]], #1\n" rows
#endif
#define ONE_VALUE VALUE(ROW("a", "wa") ROW("b", "wb") ROW("c", "wc") ROW("d", "wd"))

// Adds the products of `count` values with the weights of each row: at least 4, a multiple of 4.
INLINE void octet_add_rows(
    octet_sums *_Nonnull sums, const int8_t *_Nonnull weights, int32_t stride,
    const int8_t *_Nonnull values, int32_t count) {
  octet_sums s = *sums;
  const int8_t *wa = weights, *wb = wa + stride, *wc = wb + stride, *wd = wc + stride;
  int32_t x, y;
#if IS_THUMB_1
  int32_t at = 0, end = count;
#else
  const int8_t *at = values, *end = values + count;
#endif
  __asm volatile(
      ".syntax unified\n1:\n" ONE_VALUE ONE_VALUE ONE_VALUE ONE_VALUE
      "cmp %[at], %[end]\n bne 1b\n"
      : IN_OUT_SUMS(s), [wa] "+" ANY(wa), [wb] "+" ANY(wb), [wc] "+" ANY(wc), [wd] "+" ANY(wd),
        [at] "+" ANY(at), [x] "=&" ANY(x), [y] "=&" ANY(y)
      : [values] ANY(values), [end] SUM(end)
      : "cc", "memory");
  *sums = s;
}

// MARK: Halves

#if defined(__ARM_FEATURE_DSP)
#define SMLAD(a, b, sum) __builtin_arm_smlad(a, b, sum)
#define SXTB16(word) __builtin_arm_sxtb16(word)
#else
#define SMLAD(a, b, sum) ((void)(a), (void)(b), (sum))
#define SXTB16(word) ((int32_t)(word))
#endif

// Bytes 0 and 2, and 1 and 3, of a word as two int16.
INLINE int32_t octet_widen_even(uint32_t word) { return SXTB16(word); }
INLINE int32_t octet_widen_odd(uint32_t word) { return SXTB16(__builtin_rotateright32(word, 8)); }

// The products of the lower and of the upper int16, added to `sum`.
INLINE int32_t octet_multiply_halves(int32_t a, int32_t b, int32_t sum) { return SMLAD(a, b, sum); }
#endif

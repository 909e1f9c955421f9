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

// Adds the products of weights with the widened taps of four patches from `at` to `end`: a multiple
// of four taps.
INLINE void octet_add_taps(
    octet_sums *_Nonnull sums, const int8_t *_Nonnull weights, const int32_t *_Nonnull at,
    const int32_t *_Nonnull end) {
  octet_sums s = *sums;
  int32_t x;
  __asm volatile(
      ".syntax unified\n1:\n" TAP(0) TAP(1) TAP(2) TAP(3) STEP "cmp %[at], %[end]\n bne 1b\n"
      : IN_OUT_SUMS(s), [w] "+" ANY(weights), [at] "+" ANY(at), [x] "=&" ANY(x)
      : [end] SUM(end)
      : "r3", "r4", "r5", "r6", "cc", "memory");
  *sums = s;
}

// MARK: Two patches and two rows of weights

#if defined(__ARM_FEATURE_DSP)
#define OCTET_HAS_SMLAD 1
// SXTB16 widens bytes 0 and 2, and by rotation 1 and 3.
#define PAIR(w, first, second, patches, others)                                    \
  "smlad %[" #first "], " patches ", %[" #w "], %[" #first "]\n"                    \
  "smlad %[" #second "], " others ", %[" #w "], %[" #second "]\n"
#define FOUR_TAPS                                                                   \
  "ldr %[x], [%[w], %[stride]]\n ldr %[y], [%[w]], #4\n" LOAD_FOUR                  \
  "sxtb16 %[t], %[y]\n" PAIR(t, a, b, "r3", "r4")                                   \
  "sxtb16 %[y], %[y], ror #8\n" PAIR(y, a, b, "r5", "r6")                           \
  "sxtb16 %[t], %[x]\n" PAIR(t, c, d, "r3", "r4")                                   \
  "sxtb16 %[x], %[x], ror #8\n" PAIR(x, c, d, "r5", "r6")
// Eight times four taps; others enter in the middle. Behind each pair of rows, the state of the next.
#define PAIR_TAPS                                                                      \
  "0: lsls %[t], %[t], #27\n bcc 5f\n bmi 2f\n b 3f\n5: bmi 4f\n1:\n" FOUR_TAPS       \
  "2:\n" FOUR_TAPS "3:\n" FOUR_TAPS "4:\n" FOUR_TAPS                                  \
  "ldr %[t], [%[at]]\n cmp %[t], #0x80000000\n bne 1b\n"                             \
  "add %[at], %[at], #4\n ldm %[at], {r3, r4, r5, r6}\n"                             \
  "str %[a], [r5], #4\n str %[b], [r5], #4\n str %[c], [r5], #4\n str %[d], [r5], #4\n" \
  "subs r6, r6, #2\n ble 6f\n add r4, r4, %[stride], lsl #1\n"                       \
  "stm %[at], {r3, r4, r5, r6}\n mov %[w], r4\n"                                     \
  "ldr %[a], [r5]\n ldr %[b], [r5, #4]\n ldr %[c], [r5, #8]\n ldr %[d], [r5, #12]\n" \
  "ldr %[t], [%[at], #16]\n mov %[at], r3\n"                                         \
  "cmp r6, #1\n it eq\n moveq %[stride], #0\n b 0b\n6:\n"
// Two results of a channel, until one comes that needs other steps.
#define PAIR_RESULTS                                                                    \
  "1: ldr %[f], [%[m]], #4\n ldrsb %[k], [%[n]], #1\n"                                \
  "ldr %[x], [%[sum]], #4\n ldr %[y], [%[sum]], #4\n"                                 \
  "lsl %[f], %[f], #1\n tst %[k], %[f]\n bpl 2f\n mvn %[k], %[k]\n"                    \
  "smmlar %[x], %[x], %[f], %[x]\n smmlar %[y], %[y], %[f], %[y]\n"                   \
  "add %[x], %[x], %[x], asr #31\n add %[y], %[y], %[y], asr #31\n"                   \
  "asr %[x], %[x], %[k]\n asr %[y], %[y], %[k]\n"                                     \
  "add %[x], %[x], %[offset]\n add %[y], %[y], %[offset]\n"                           \
  "ssat %[x], #8, %[x], asr #1\n ssat %[y], #8, %[y], asr #1\n"                       \
  "strb %[y], [%[second]], #1\n strb %[x], [%[first]], #1\n"                          \
  "cmp %[sum], %[end]\n bne 1b\n b 3f\n"                                              \
  "2: sub %[m], %[m], #4\n sub %[n], %[n], #1\n sub %[sum], %[sum], #8\n3:\n"
// Four channels of a column: [even, odd] are its widened values, r4 and r5 the weights.
#define COLUMN(a, b, c, d)                                                                  \
  "smlabb %[" #a "], %[even], r4, %[" #a "]\n smlabb %[" #b "], %[odd], r5, %[" #b "]\n"      \
  "smlatt %[" #c "], %[even], r4, %[" #c "]\n smlatt %[" #d "], %[odd], r5, %[" #d "]\n"
#define LOAD_COLUMN(place) \
  "ldr %[odd], [%[at]" place "\n sxtb16 %[even], %[odd]\n sxtb16 %[odd], %[odd], ror #8\n"
#define LOAD_TAP "ldrd r4, r5, [%[w]], #8\n"
#define NEIGHBOURS_TAP LOAD_TAP COLUMN(a, b, c, d) LOAD_COLUMN("], #4") COLUMN(e, f, g, h)
#define DISTANT_TAP \
  LOAD_TAP LOAD_COLUMN(", #8]") COLUMN(e, f, g, h) LOAD_COLUMN("], #4") COLUMN(a, b, c, d)
#define ALL_ROWS(start, tap) \
  "1:\n" start tap tap tap "ldr r4, [%[w]], #4\n add %[at], %[at], r4\n cmp r4, #0x80000000\n bne 1b\n"
#define NEIGHBOURS ALL_ROWS(LOAD_COLUMN("], #4"), NEIGHBOURS_TAP)
#define DISTANT ALL_ROWS("", DISTANT_TAP)
#else
#define OCTET_HAS_SMLAD 0
#define NEIGHBOURS ""
#define DISTANT ""
#define PAIR_TAPS ""
#define PAIR_RESULTS ""
#endif

// Adds the products of rows of weights with the widened taps of two patches at `at` to the sums,
// `[rows, 2]`, two rows at a time. A single last row is taken twice. All registers are taken, so
// the end of the taps is a word that no two of them are, INT32_MIN, and behind it are five more:
// `at`, the weights, the sums, the number of rows, and the bytes of the taps, 16 for every four.
INLINE void octet_add_pairs(const int32_t *_Nonnull at, int32_t stride, int32_t byte_count) {
  const int32_t *state = at + byte_count / 4, *sums = (const int32_t *)state[3];
  const int8_t *w = (const int8_t *)state[2];
  octet_sums s = {sums[0], sums[1], sums[2], sums[3]};
  int32_t x, y;
  __asm volatile(
      ".syntax unified\n" PAIR_TAPS
      : IN_OUT_SUMS(s), [w] "+" ANY(w), [at] "+" ANY(at), [x] "=&" ANY(x), [y] "=&" ANY(y),
        [t] "+" ANY(byte_count), [stride] "+" ANY(stride)
      :
      : "r3", "r4", "r5", "r6", "cc", "memory");
}

// Channels of two pixels: their sums, multipliers and shifts, and where their results go.
typedef struct {
  const int32_t *_Nonnull sum, *_Nonnull end, *_Nonnull multiplier;
  const int8_t *_Nonnull shift;
  int8_t *_Nonnull first, *_Nonnull second;
} octet_results;

// Requantizes as `Channels.quantized`, but to all of int8: `offset` is twice the zero point and
// 1. Of x · m / 2³¹ where m is at least 2³⁰, x is one part and x · (2m − 2³²) / 2³² the other,
// whose factor is an int32: one instruction. Stops before a channel whose multiplier is smaller or
// whose shift is to the left.
INLINE void octet_requantize(octet_results *_Nonnull results, int32_t offset) {
  octet_results r = *results;
  int32_t x, y, f, k;
  __asm volatile(
      ".syntax unified\n" PAIR_RESULTS
      : [sum] "+" ANY(r.sum), [m] "+" ANY(r.multiplier), [n] "+" ANY(r.shift),
        [first] "+" ANY(r.first), [second] "+" ANY(r.second), [x] "=&" ANY(x), [y] "=&" ANY(y),
        [f] "=&" ANY(f), [k] "=&" SUM(k)
      : [offset] SUM(offset), [end] SUM(r.end)
      : "cc", "memory");
  *results = r;
}

// MARK: Two columns of four channels

// `sums`, `[4, 2]`: the bias and the products of weights, `[…, 3, 2]` words with the step to the next
// values behind each three, at the end INT32_MIN, with the words at `at`, of neighbouring columns or
// of those two apart.
#define ADD_COLUMNS(name, steps)                                                              \
  INLINE void name(                                                                         \
      int32_t *_Nonnull sums, const int32_t *_Nonnull bias, const uint32_t *_Nonnull at,      \
      const int32_t *_Nonnull w) {                                                          \
    int32_t a = bias[0], b = bias[1], c = bias[2], d = bias[3], e = a, f = b, g = c, h = d;      \
    int32_t even, odd;                                                                      \
    __asm volatile(                                                                         \
        ".syntax unified\n" steps                                                           \
        : [a] "+" ANY(a), [b] "+" ANY(b), [c] "+" ANY(c), [d] "+" ANY(d), [e] "+" ANY(e),     \
          [f] "+" ANY(f), [g] "+" ANY(g), [h] "+" ANY(h), [at] "+" ANY(at), [w] "+" ANY(w),     \
          [even] "=&" ANY(even), [odd] "=&" ANY(odd)                                          \
        :                                                                                   \
        : "r4", "r5", "cc", "memory");                                                       \
    sums[0] = a, sums[1] = e, sums[2] = b, sums[3] = f;                                       \
    sums[4] = c, sums[5] = g, sums[6] = d, sums[7] = h;                                       \
  }
ADD_COLUMNS(octet_add_columns, NEIGHBOURS)
ADD_COLUMNS(octet_add_distant_columns, DISTANT)

// Stores four words and steps past them: one instruction.
INLINE void octet_store_four(
    int32_t *_Nonnull *_Nonnull to, int32_t a, int32_t b, int32_t c, int32_t d) {
  register int32_t r3 __asm("r3") = a, r4 __asm("r4") = b, r5 __asm("r5") = c, r6 __asm("r6") = d;
  __asm volatile("stmia %[to]!, {r3, r4, r5, r6}"
                 : [to] "+" ANY(*to)
                 : "r"(r3), "r"(r4), "r"(r5), "r"(r6)
                 : "memory");
}

// sum + a · b / 2³², to nearest with ties up.
INLINE int32_t octet_multiply_high(int32_t a, int32_t b, int32_t sum) {
#if defined(__ARM_FEATURE_DSP)
  __asm("smmlar %[sum], %[a], %[b], %[sum]" : [sum] "+r"(sum) : [a] "r"(a), [b] "r"(b));
#endif
  return sum;
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

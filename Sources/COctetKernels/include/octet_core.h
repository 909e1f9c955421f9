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
#define OCTET_MULTIPLIES_LONG 0
#define ANY "l"
#define SUM "h"
#else
#define IS_THUMB_1 0
#define OCTET_MULTIPLIES_LONG 1
#define ANY "r"
#define SUM "r"
#endif
#define IN_OUT_SUMS(s) [a] "+" SUM(s.a), [b] "+" SUM(s.b), [c] "+" SUM(s.c), [d] "+" SUM(s.d)
// Where there is NEON, these kernels run only without it, and have fewer registers.
#if defined(__ARM_FEATURE_DSP) && !defined(__ARM_NEON)
#define HAS_DSP 1
#else
#define HAS_DSP 0
#endif
#define INLINE static inline __attribute__((always_inline))

// MARK: Four patches

#define LOAD_FOUR "ldmia %[at]!, {r3, r4, r5, r6}\n"
#if HAS_DSP
#define OCTET_HAS_SMLAD 1
// SXTB16 widens bytes 0 and 2, and by rotation 1 and 3.
#define PATCH(sum, even, odd)                              \
  "smlad %[" #sum "], " even ", %[x], %[" #sum "]\n"        \
  "smlad %[" #sum "], " odd ", %[y], %[" #sum "]\n"
#define FOUR_PATCHES                                                        \
  "ldr %[x], [%[w]], #4\n" LOAD_FOUR                                        \
  "sxtb16 %[y], %[x], ror #8\n sxtb16 %[x], %[x]\n"                         \
  PATCH(a, "r3", "r4") PATCH(b, "r5", "r6") LOAD_FOUR                       \
  PATCH(c, "r3", "r4") PATCH(d, "r5", "r6")
// Eight taps at a time; an odd number of fours enters in the middle.
#define ALL_TAPS                                                            \
  "sub %[y], %[end], %[at]\n tst %[y], #32\n bne 2f\n"                      \
  "1:\n" FOUR_PATCHES "2:\n" FOUR_PATCHES "cmp %[at], %[end]\n bne 1b\n"
#define WORDS_OF_TAPS [x] "=&" ANY(x), [y] "=&" ANY(y)
#define TAPS_OF_ROWS ""
#define TAPS_OF_THREE_ROWS ""
#define ROWS_OF_TAPS ""
#else
#define OCTET_HAS_SMLAD 0
#if IS_THUMB_1
#define TAP(index)                                                                  \
  "ldrb %[x], [%[w], #" #index "]\n" LOAD_FOUR "sxtb %[x], %[x]\n"                  \
  "muls r3, %[x], r3\n muls r4, %[x], r4\n muls r5, %[x], r5\n muls r6, %[x], r6\n" \
  "add %[a], r3\n add %[b], r4\n add %[c], r5\n add %[d], r6\n"
#define STEP(count) "adds %[w], #" #count "\n"
#else
#define TAP(index)                                        \
  "ldrsb %[x], [%[w]], #1\n" LOAD_FOUR                    \
  "mla %[a], r3, %[x], %[a]\n mla %[b], r4, %[x], %[b]\n" \
  "mla %[c], r5, %[x], %[c]\n mla %[d], r6, %[x], %[d]\n"
#define STEP(count)
#endif
#define TAPS_OF_ROWS "1:\n" TAP(0) STEP(1) "subs %[at], #12\n cmp %[w], %[end]\n bne 1b\n"
#define TAPS_OF_THREE_ROWS                                                                  \
  "1:\n" TAP(0) "subs %[at], #12\n" TAP(1) "subs %[at], #12\n" TAP(2) STEP(3)               \
  "ldr r3, %[skip]\n adds %[at], %[at], r3\n cmp %[w], %[end]\n bne 1b\n"
#define ALL_TAPS ""
#define ROWS_OF_TAPS                                                                    \
  "0: ldr %[x], [%[s], #8]\n ldr %[at], [%[s]]\n ldmia %[x]!, {r3, r4, r5, r6}\n"             \
  "mov %[a], r3\n mov %[b], r4\n mov %[c], r5\n mov %[d], r6\n"                             \
  "1:\n" TAP(0) TAP(1) TAP(2) TAP(3) STEP(4) "cmp %[at], %[end]\n bne 1b\n"                  \
  "mov r3, %[a]\n mov r4, %[b]\n mov r5, %[c]\n mov r6, %[d]\n"                             \
  "ldr %[x], [%[s], #8]\n stmia %[x]!, {r3, r4, r5, r6}\n str %[x], [%[s], #8]\n"            \
  "ldr r3, [%[s], #4]\n adds %[w], %[w], r3\n"                                              \
  "ldr r3, [%[s], #12]\n cmp %[x], r3\n bne 0b\n"
#define WORDS_OF_TAPS [x] "=&" ANY(x)
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
      : IN_OUT_SUMS(s), [w] "+" ANY(weights), [at] "+" ANY(at), WORDS_OF_TAPS
      : [end] SUM(end)
      : "r3", "r4", "r5", "r6", "cc", "memory");
  *sums = s;
}

// Rows of weights: where widened taps start, the bytes from a row's last weight to the next row,
// and the sums of the rows, four a row.
typedef struct {
  const int32_t *_Nonnull start;
  int32_t skip;
  int32_t *_Nonnull sums, *_Nonnull sums_end;
} octet_rows_of_weights;

// The same for rows, without SMLAD.
INLINE void octet_add_rows_of_taps(
    octet_rows_of_weights *_Nonnull rows, const int8_t *_Nonnull weights,
    const int32_t *_Nonnull end) {
  octet_sums s;
  int32_t at, x;
  __asm volatile(
      ".syntax unified\n" ROWS_OF_TAPS
      : [a] "=&" SUM(s.a), [b] "=&" SUM(s.b), [c] "=&" SUM(s.c), [d] "=&" SUM(s.d),
        [w] "+" ANY(weights), [at] "=&" ANY(at), [x] "=&" ANY(x)
      : [s] ANY(rows), [end] SUM(end)
      : "r3", "r4", "r5", "r6", "cc", "memory");
}

// MARK: Two patches and two rows of weights

#if HAS_DSP
#define PAIR(w, first, second, patches, others)                                    \
  "smlad %[" #first "], " patches ", %[" #w "], %[" #first "]\n"                    \
  "smlad %[" #second "], " others ", %[" #w "], %[" #second "]\n"
#define FOUR_TAPS                                                                   \
  "ldr %[x], [%[w], %[stride]]\n ldr %[y], [%[w]], #4\n" LOAD_FOUR                  \
  "sxtb16 %[t], %[y]\n" PAIR(t, a, b, "r3", "r4")                                   \
  "sxtb16 %[y], %[y], ror #8\n" PAIR(y, a, b, "r5", "r6")                           \
  "sxtb16 %[t], %[x]\n" PAIR(t, c, d, "r3", "r4")                                   \
  "sxtb16 %[x], %[x], ror #8\n" PAIR(x, c, d, "r5", "r6")
// Four times four taps; others enter in the middle. Behind each pair of rows, the state of the
// next.
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
#define REQUANTIZE(factor, shift, x, y, offset)                                             \
  "smmlar %[" #x "], %[" #x "], " factor ", %[" #x "]\n"                                    \
  "smmlar %[" #y "], %[" #y "], " factor ", %[" #y "]\n"                                    \
  "add %[" #x "], %[" #x "], %[" #x "], asr #31\n asr %[" #x "], %[" #x "], " shift "\n"     \
  "add %[" #y "], %[" #y "], %[" #y "], asr #31\n asr %[" #y "], %[" #y "], " shift "\n"     \
  "add %[" #x "], %[" #x "], %[" #offset "]\n add %[" #y "], %[" #y "], %[" #offset "]\n"    \
  "ssat %[" #x "], #8, %[" #x "], asr #1\n ssat %[" #y "], #8, %[" #y "], asr #1\n"
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
#define RESULT(x, y, index, factor, shift)                                                    \
  "ldr r4, [%[w], #" factor "]\n ldr r5, [%[w], #" shift "]\n" REQUANTIZE("r4", "r5", x, y, even) \
  "strb %[" #y "], [%[at], #" index "]\n strb %[" #x "], [%[odd], #" index "]\n"
#define ALL_COLUMNS(start, tap)                                                               \
  "0:\n" start tap tap tap "ldr r4, [%[w]], #4\n add %[at], %[at], r4\n"                      \
  "cmp r4, #0x80000000\n bne 0b\n"                                                          \
  "ldr %[odd], [%[w]]\n ldr %[at], [%[w], #4]\n ldr %[even], [%[w], #72]\n"                   \
  RESULT(a, e, "0", "40", "56") RESULT(b, f, "1", "44", "60")                                 \
  RESULT(c, g, "2", "48", "64") RESULT(d, h, "3", "52", "68")                                 \
  "ldr r4, [%[w], #20]\n add %[odd], %[odd], r4\n str %[odd], [%[w]]\n"                       \
  "add %[at], %[at], r4\n str %[at], [%[w], #4]\n"                                           \
  "ldr %[at], [%[w], #8]\n ldr r4, [%[w], #16]\n ldr r5, [%[w], #12]\n"                       \
  "add %[at], %[at], r4\n str %[at], [%[w], #8]\n subs r5, r5, #1\n str r5, [%[w], #12]\n"     \
  "ldr %[a], [%[w], #24]\n ldr %[b], [%[w], #28]\n ldr %[c], [%[w], #32]\n"                   \
  "ldr %[d], [%[w], #36]\n ldr %[w], [%[w], #76]\n"                                          \
  "mov %[e], %[a]\n mov %[f], %[b]\n mov %[g], %[c]\n mov %[h], %[d]\n bne 0b\n"
#define NEIGHBOURS ALL_COLUMNS(LOAD_COLUMN("], #4"), NEIGHBOURS_TAP)
#define DISTANT ALL_COLUMNS("", DISTANT_TAP)
// Windows of a channel in two rows at once: a word is a value of a row and one of the row below,
// and, for its weights, two taps. Of 3 × 3, p are the two upper rows, q the next.
#define LOAD(x, from, offset) "ldr %[" #x "], [%[" #from "], #" #offset "]\n"
#define ADD(how, to, value, weight, sum) \
  "smla" how " %[" #to "], %[" #value "], %[" #weight "], %[" #sum "]\n"
#define SCALE(x) "smmlar %[" #x "], %[" #x "], %[q], %[" #x "]\n"
#define ONE(x)                                                                                \
  "add %[" #x "], %[" #x "], %[" #x "], asr #31\n asr %[" #x "], %[" #x "], %[p]\n"             \
  "add %[" #x "], %[" #x "], %[p], asr #8\n ssat %[" #x "], #8, %[" #x "], asr #1\n"
#define RESULTS_OF(step)                                                                      \
  SCALE(a) SCALE(b) ONE(a) ONE(b) LOAD(q, s, 12) LOAD(p, s, 16)                         \
  "strb %[b], [%[to], %[q]]\n strb %[a], [%[to]]\n add %[to], %[to], %[p]\n"                   \
  "add %[at], %[at], #" step "\n cmp %[at], %[end]\n bne 0b\n"                               \
  LOAD(s, s, 32) "cmp %[s], #0\n bne 1b\n"
#define THREE_COLUMNS                                                                         \
  "1:\n" LOAD(t, s, 36) LOAD(u, s, 40) LOAD(v, s, 44) LOAD(w, s, 48) LOAD(x, s, 52)           \
  LOAD(y, s, 56) LOAD(at, s, 20) LOAD(end, s, 24) LOAD(to, s, 28) "0:\n" LOAD(a, s, 0)
#define NEAR_COLUMN(u, v, from) \
  ADD("tb", b, p, u, from) ADD("d", a, p, u, a) ADD("bt", a, q, v, a) ADD("d", b, q, v, b)
#define NEAR(p0, q0, p1, q1, p2, q2)                                                          \
  THREE_COLUMNS LOAD(p, at, p0) LOAD(q, at, q0) NEAR_COLUMN(t, u, a)                          \
  LOAD(p, at, p1) LOAD(q, at, q1) NEAR_COLUMN(v, w, b)                                        \
  LOAD(p, at, p2) LOAD(q, at, q2) NEAR_COLUMN(x, y, b)                                        \
  LOAD(q, s, 4) LOAD(p, s, 8) RESULTS_OF("32")
#define FAR                                                                                   \
  THREE_COLUMNS LOAD(p, at, 0) LOAD(q, at, 16)                                                \
  ADD("d", b, q, t, a) ADD("d", a, p, t, a) ADD("bb", a, q, u, a)                             \
  LOAD(p, at, 32) LOAD(q, at, 48) ADD("bb", b, p, u, b) ADD("d", a, q, v, a)                  \
  LOAD(p, at, 64) LOAD(q, at, 80)                                                             \
  ADD("bb", a, p, w, a) ADD("d", b, p, v, b) ADD("bb", b, q, w, b)                            \
  LOAD(p, at, 96) LOAD(q, at, 112)                                                            \
  ADD("d", a, p, x, a) ADD("bb", a, q, y, a) ADD("d", b, q, x, b)                             \
  LOAD(p, at, 128) LOAD(q, s, 4) ADD("bb", b, p, y, b) LOAD(p, s, 8) RESULTS_OF("96")
#define WINDOW_PAIR                                                                           \
  "ldr %[q], [%[at], %[step]]\n ldr %[p], [%[at]], #16\n ldr %[u], [%[w]], #4\n"               \
  "ldr %[v], [%[w]], #4\n"                                                                    \
  ADD("d", a, p, u, a) ADD("d", b, p, v, b) ADD("d", c, q, u, c) ADD("d", d, q, v, d)
#define WINDOWS                                                                               \
  "0:\n" LOAD(at, s, 20) LOAD(n, s, 36) LOAD(a, s, 0)                                         \
  "add %[w], %[s], #48\n mov %[b], %[a]\n mov %[c], %[a]\n mov %[d], %[a]\n"                   \
  "1:\n" WINDOW_PAIR WINDOW_PAIR WINDOW_PAIR "subs %[n], #1\n bne 1b\n"                        \
  LOAD(q, s, 4) LOAD(p, s, 8) SCALE(a) SCALE(b) SCALE(c) SCALE(d)                             \
  ONE(a) ONE(b) ONE(c) ONE(d) LOAD(q, s, 12) LOAD(p, s, 16)                       \
  "add %[p], %[p], %[to]\n strb %[d], [%[p], %[q]]\n strb %[b], [%[to], %[q]]\n"               \
  "strb %[c], [%[p]]\n strb %[a], [%[to]]\n"                                                  \
  LOAD(p, s, 44) LOAD(at, s, 20) LOAD(q, s, 40) LOAD(n, s, 24)                                \
  "add %[to], %[to], %[p]\n add %[at], %[at], %[q]\n str %[at], [%[s], #20]\n"                 \
  "cmp %[at], %[n]\n bne 0b\n"
#else
#define NEIGHBOURS ""
#define DISTANT ""
#define NEAR(p0, q0, p1, q1, p2, q2) ""
#define FAR ""
#define WINDOWS ""
#define PAIR_TAPS ""
#endif

// Adds the products of rows of weights with the widened taps of two patches at `at` to the sums,
// `[rows, 2]`, two rows at a time. A single last row is taken twice. All registers are taken, so
// the end of the taps is a word that no two of them are, INT32_MIN, and behind it are five more:
// `at`, the weights, the sums, the number of rows, and the bytes of the taps, 16 for every four.
INLINE void octet_add_row_pairs(const int32_t *_Nonnull at, int32_t stride, int32_t byte_count) {
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

#include "octet_results.h"
#include "octet_windows.h"

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
INLINE int32_t octet_scale_word(int32_t a, int32_t b, int32_t sum) {
#if HAS_DSP
  __asm("smmlar %[sum], %[a], %[b], %[sum]" : [sum] "+r"(sum) : [a] "r"(a), [b] "r"(b));
#endif
  return sum;
}

// The larger of each two int8 of a and b.
INLINE uint32_t octet_larger_bytes(uint32_t a, uint32_t b) {
#if HAS_DSP
  uint32_t larger;
  __asm("ssub8 %[larger], %[a], %[b]\n sel %[larger], %[a], %[b]"
        : [larger] "=&r"(larger)
        : [a] "r"(a), [b] "r"(b));
  return larger;
#else
  return a;
#endif
}

// MARK: Four rows of weights

#if HAS_DSP
#define HALVES_ROW(sum, word)                                                           \
  "sxtb16 %[y], %[" word "]\n sxtb16 %[" word "], %[" word "], ror #8\n"                \
  "smlad %[" sum "], %[y], %[even], %[" sum "]\n"                                       \
  "smlad %[" sum "], %[" word "], %[x], %[" sum "]\n"
#define FOUR_WEIGHTS                                                                    \
  "ldr %[q], [%[wa], %[stride]]\n ldr %[p], [%[wa]], #4\n"                              \
  "sxtb16 %[even], %[x]\n sxtb16 %[x], %[x], ror #8\n"                                  \
  HALVES_ROW("a", "p") HALVES_ROW("b", "q")                                              \
  "ldr %[q], [%[wc], %[stride]]\n ldr %[p], [%[wc]], #4\n"                              \
  HALVES_ROW("c", "p") HALVES_ROW("d", "q")
#define FOUR_VALUES "ldr %[x], [%[at]], #4\n" FOUR_WEIGHTS
#define ALL_VALUES                                                                      \
  "sub %[x], %[end], %[at]\n tst %[x], #4\n bne 2f\n1:\n" FOUR_VALUES "2:\n" FOUR_VALUES \
  "cmp %[at], %[end]\n bne 1b\n"
#elif IS_THUMB_1
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
    const int8_t *_Nonnull at, int32_t count) {
  octet_sums s = *sums;
  const int8_t *wa = weights, *wc = wa + 2 * stride;
  int32_t x, y;
#if HAS_DSP
  const int8_t *end = at + count;
  int32_t p, q, even;
  __asm volatile(
      ".syntax unified\n" ALL_VALUES
      : IN_OUT_SUMS(s), [wa] "+r"(wa), [wc] "+r"(wc), [at] "+r"(at), [x] "=&r"(x), [y] "=&r"(y),
        [p] "=&r"(p), [q] "=&r"(q), [even] "=&r"(even)
      : [stride] "r"(stride), [end] "r"(end)
      : "cc", "memory");
#else
  const int8_t *wb = wa + stride, *wd = wc + stride;
  const int8_t *values = at;
#if IS_THUMB_1
  int32_t place = 0, end = count;
#else
  const int8_t *place = at, *end = at + count;
#endif
  __asm volatile(
      ".syntax unified\n1:\n" ONE_VALUE ONE_VALUE ONE_VALUE ONE_VALUE
      "cmp %[at], %[end]\n bne 1b\n"
      : IN_OUT_SUMS(s), [wa] "+" ANY(wa), [wb] "+" ANY(wb), [wc] "+" ANY(wc), [wd] "+" ANY(wd),
        [at] "+" ANY(place), [x] "=&" ANY(x), [y] "=&" ANY(y)
      : [values] ANY(values), [end] SUM(end)
      : "cc", "memory");
#endif
  *sums = s;
}

#include "octet_connect.h"
#include "octet_prepared.h"

// MARK: Halves

#if HAS_DSP
#define SXTB16(word) __builtin_arm_sxtb16(word)
#else
#define SXTB16(word) ((int32_t)(word))
#endif

// Bytes 0 and 2, and 1 and 3, of a word as two int16.
INLINE int32_t octet_widen_even(uint32_t word) { return SXTB16(word); }
INLINE int32_t octet_widen_odd(uint32_t word) { return SXTB16(__builtin_rotateright32(word, 8)); }

#include "octet_narrow.h"
#include "octet_wide.h"
#endif

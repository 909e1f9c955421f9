// What becomes of sums; a part of octet_core.h.
#pragma once

#if HAS_DSP
// Two results of a channel, until one comes that needs other steps.
#define PAIR_RESULTS                                                                    \
  "1: ldr %[f], [%[m]], #4\n ldrsb %[k], [%[n]], #1\n"                                \
  "ldr %[x], [%[sum]], #4\n ldr %[y], [%[sum]], #4\n"                                 \
  "lsl %[f], %[f], #1\n tst %[k], %[f]\n bpl 2f\n mvn %[k], %[k]\n"                    \
  REQUANTIZE("%[f]", "%[k]", x, y, offset)                                              \
  "strb %[y], [%[second]], #1\n strb %[x], [%[first]], #1\n"                          \
  "cmp %[sum], %[end]\n bne 1b\n b 3f\n"                                              \
  "2: sub %[m], %[m], #4\n sub %[n], %[n], #1\n sub %[sum], %[sum], #8\n3:\n"
// The same of one sum a channel, with its bias.
#define ROW_RESULTS                                                                     \
  "1: ldr %[f], [%[m]], #4\n ldrsb %[k], [%[n]], #1\n"                                \
  "ldr %[x], [%[sum]], #4\n ldr %[y], [%[bias]], #4\n"                               \
  "lsl %[f], %[f], #1\n tst %[k], %[f]\n bpl 2f\n add %[x], %[x], %[y]\n"           \
  "mvn %[k], %[k]\n smmlar %[x], %[x], %[f], %[x]\n"                                 \
  "add %[x], %[x], %[x], asr #31\n asr %[x], %[x], %[k]\n"                           \
  "add %[x], %[x], %[offset]\n ssat %[x], #8, %[x], asr #1\n strb %[x], [%[to]], #1\n" \
  "cmp %[sum], %[end]\n bne 1b\n b 3f\n"                                             \
  "2: sub %[m], %[m], #4\n sub %[n], %[n], #1\n sub %[sum], %[sum], #4\n"            \
  "sub %[bias], %[bias], #4\n3:\n"
#else
#define PAIR_RESULTS ""
#define ROW_RESULTS ""
#endif

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

// Channels of one pixel: their sums without bias, and where their results go.
typedef struct {
  const int32_t *_Nonnull sum, *_Nonnull end, *_Nonnull bias, *_Nonnull multiplier;
  const int8_t *_Nonnull shift;
  int8_t *_Nonnull to;
} octet_row_results;

// The same for these.
INLINE void octet_requantize_row(octet_row_results *_Nonnull results, int32_t offset) {
  octet_row_results r = *results;
  int32_t x, y, f, k;
  __asm volatile(
      ".syntax unified\n" ROW_RESULTS
      : [sum] "+" ANY(r.sum), [bias] "+" ANY(r.bias), [m] "+" ANY(r.multiplier),
        [n] "+" ANY(r.shift), [to] "+" ANY(r.to), [x] "=&" ANY(x), [y] "=&" ANY(y),
        [f] "=&" ANY(f), [k] "=&" SUM(k)
      : [offset] SUM(offset), [end] SUM(r.end)
      : "cc", "memory");
  *results = r;
}

// MARK: Where words are multiplied to words

// Groups of sums, each of one channel: `byte_count` bytes, and so many more to the next group's.
typedef struct {
  // The channel, and groups that are left.
  int32_t index, left;
  const int32_t *_Nonnull bias, *_Nonnull multiplier;
  const int8_t *_Nonnull shift;
  // Where the group's first result goes.
  int8_t *_Nonnull target;
  int32_t byte_count, gap_byte_count;
  // What a `WordMultiplier` has without its half, in the upper bits of the offset the zero point.
  int32_t offset;
  uint32_t limit;
  // From a group to the next.
  int32_t index_step, target_step;
} octet_word_results;

#if IS_THUMB_1
// The multiplier of the channel, then its sums.
#define WORD_SCALE                                                                           \
  "ldr %[y], [%[s]]\n ldr %[to], [%[s], #20]\n"                                             \
  "ldr %[x], [%[s], #16]\n ldrsb %[shift], [%[x], %[y]]\n lsls %[y], %[y], #2\n"              \
  "ldr %[x], [%[s], #8]\n ldr %[x], [%[x], %[y]]\n mov %[bias], %[x]\n"                       \
  "ldr %[x], [%[s], #12]\n ldr %[x], [%[x], %[y]]\n movs %[factor], #1\n"                     \
  "lsls %[factor], #14\n adds %[factor], %[x], %[factor]\n lsrs %[factor], #15\n"             \
  "lsrs %[x], #30\n beq 5f\n adds %[shift], #5\n rsbs %[shift], %[shift], #0\n bmi 5f\n"       \
  "movs %[y], #1\n lsls %[y], #15\n lsrs %[y], %[shift]\n adds %[y], #1\n"                    \
  "ldr %[x], [%[s], #32]\n subs %[x], %[x], %[y]\n mov %[offset], %[x]\n lsls %[y], #12\n"    \
  "ldr %[x], [%[s], #36]\n subs %[x], %[x], %[y]\n mov %[limit], %[x]\n"                      \
  "ldr %[x], [%[s], #24]\n adds %[x], %[sum], %[x]\n mov %[end], %[x]\n"
#define WORD_RESULTS                                                                         \
  "0:\n" WORD_SCALE                                                                          \
  "1: ldmia %[sum]!, {%[x]}\n add %[x], %[bias]\n asrs %[x], %[shift]\n"                      \
  "asrs %[y], %[x], #14\n adds %[y], #1\n lsrs %[y], #1\n bne 3f\n"                           \
  "muls %[x], %[factor], %[x]\n add %[x], %[offset]\n"                                        \
  "lsls %[y], %[x], #11\n cmp %[y], %[limit]\n bhi 4f\n asrs %[x], #21\n"                      \
  "sxtb %[y], %[x]\n cmp %[y], %[x]\n bne 3f\n"                                               \
  "2: strb %[x], [%[to]]\n add %[to], %[stride]\n cmp %[sum], %[end]\n bne 1b\n"               \
  "ldr %[x], [%[s], #28]\n adds %[sum], %[sum], %[x]\n"                                      \
  "ldr %[x], [%[s], #20]\n ldr %[y], [%[s], #44]\n adds %[x], %[y]\n str %[x], [%[s], #20]\n" \
  "ldr %[x], [%[s]]\n ldr %[y], [%[s], #40]\n adds %[x], %[y]\n str %[x], [%[s]]\n"          \
  "ldr %[x], [%[s], #4]\n subs %[x], #1\n str %[x], [%[s], #4]\n bne 0b\n b 5f\n"           \
  "3: asrs %[x], #31\n movs %[y], #127\n eors %[x], %[y]\n b 2b\n"                             \
  "4: subs %[sum], #4\n5:\n"
#define WIDEN(to, from) "mov " to ", %[" #from "]\n ldrsb " to ", [" to ", %[index]]\n"
#define WIDEN_FOUR                                                                           \
  "1:\n" WIDEN("r3", a) WIDEN("r4", b) WIDEN("r5", c) WIDEN("r6", d)                         \
  "adds %[index], #1\n stmia %[to]!, {r3, r4, r5, r6}\n cmp %[to], %[end]\n bne 1b\n"
#else
#define WORD_RESULTS ""
#define WIDEN_FOUR ""
#endif

// Widens values of four patches to `to`, to its end, and steps past them.
INLINE void octet_widen_four(
    int32_t *_Nonnull *_Nonnull to, const int32_t *_Nonnull end, const int8_t *_Nonnull a,
    const int8_t *_Nonnull b, const int8_t *_Nonnull c, const int8_t *_Nonnull d) {
  int32_t index = 0;
  __asm volatile(
      ".syntax unified\n" WIDEN_FOUR
      : [to] "+" ANY(*to), [index] "+" ANY(index)
      : [a] SUM(a), [b] SUM(b), [c] SUM(c), [d] SUM(d), [end] SUM(end)
      : "r3", "r4", "r5", "r6", "cc", "memory");
}

// Requantizes groups by their channels' multipliers, to all of int8, until a sum comes that needs
// the steps: the sum at which it stops. Results of a group lie `stride` apart. Where a multiplier
// is at least 1/2, what has more than 15 bits is beyond int8.
INLINE const int32_t *_Nonnull octet_requantize_groups(
    octet_word_results *_Nonnull results, const int32_t *_Nonnull sum, int32_t stride) {
  int32_t x, y, to, factor, shift, bias, offset, limit, end;
  __asm volatile(
      ".syntax unified\n" WORD_RESULTS
      : [sum] "+" ANY(sum), [x] "=&" ANY(x), [y] "=&" ANY(y), [to] "=&" ANY(to),
        [factor] "=&" ANY(factor), [shift] "=&" ANY(shift), [bias] "=&" SUM(bias),
        [offset] "=&" SUM(offset), [limit] "=&" SUM(limit), [end] "=&" SUM(end)
      : [s] ANY(results), [stride] SUM(stride)
      : "cc", "memory");
  return sum;
}

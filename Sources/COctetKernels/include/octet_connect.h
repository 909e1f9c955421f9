// Fully connected layers with SMLAD; a part of octet_core.h.
#pragma once

// Rows of weights, each a channel's: what their sums begin with, where their results go, and how
// many are left, a multiple of 4. `whole_end` is behind the last four values; of a rest, `mask` are
// the bytes of its last word and `back` its other bytes, otherwise 0.
typedef struct {
  const int8_t *_Nonnull weights;
  int32_t stride;
  const int8_t *_Nonnull values, *_Nonnull whole_end;
  const int32_t *_Nonnull bias, *_Nonnull multiplier;
  const int8_t *_Nonnull shift;
  int8_t *_Nonnull to;
  int32_t offset, left, start, mask, back;
} octet_connection;

#if HAS_DSP
#define CONNECTED_RESULT(sum)                                                              \
  "ldr %[p], [%[at]], #4\n ldrsb %[y], [%[wa]], #1\n ldr %[even], [%[q]], #4\n"            \
  "lsl %[p], %[p], #1\n tst %[y], %[p]\n bpl 4f\n add %[" #sum "], %[" #sum "], %[even]\n" \
  "mvn %[y], %[y]\n smmlar %[" #sum "], %[" #sum "], %[p], %[" #sum "]\n"                  \
  "add %[" #sum "], %[" #sum "], %[" #sum "], asr #31\n"                                   \
  "asr %[" #sum "], %[" #sum "], %[y]\n add %[" #sum "], %[" #sum "], %[end]\n"            \
  "ssat %[" #sum "], #8, %[" #sum "], asr #1\n strb %[" #sum "], [%[wc]], #1\n"
#endif

// Requantizes as `octet_requantize` does, `offset` being what it is there, and steps past the rows
// that it has done: stops before four of which one's multiplier or shift needs other steps.
INLINE void octet_connect_rows(octet_connection *_Nonnull rows) {
#if HAS_DSP
  int32_t a, b, c, d, y, p, q, even, at, wa, wc, stride, end;
  octet_connection *x = rows;
  // All registers are taken, so the stack keeps the rows.
  __asm volatile(
      ".syntax unified\n0: push {%[x]}\n ldr %[wa], [%[x]]\n ldr %[stride], [%[x], #4]\n"
      "ldr %[at], [%[x], #8]\n ldr %[end], [%[x], #12]\n ldr %[a], [%[x], #40]\n"
      "add %[wc], %[wa], %[stride], lsl #1\n mov %[b], %[a]\n mov %[c], %[a]\n mov %[d], %[a]\n"
      "sub %[y], %[end], %[at]\n tst %[y], #4\n bne 2f\n"
      "1:\n" FOUR_VALUES "2:\n" FOUR_VALUES "cmp %[at], %[end]\n bne 1b\n"
      "ldr %[y], [sp]\n ldr %[p], [%[y], #44]\n ldr %[q], [%[y], #48]\n cmp %[p], #0\n beq 3f\n"
      "sub %[at], %[at], %[q]\n sub %[wa], %[wa], %[q]\n sub %[wc], %[wc], %[q]\n"
      "ldr %[x], [%[at]], #4\n and %[x], %[x], %[p]\n" FOUR_WEIGHTS
      "3: pop {%[x]}\n ldr %[q], [%[x], #16]\n ldr %[at], [%[x], #20]\n ldr %[wa], [%[x], #24]\n"
      "ldr %[wc], [%[x], #28]\n ldr %[end], [%[x], #32]\n"
      CONNECTED_RESULT(a) CONNECTED_RESULT(b) CONNECTED_RESULT(c) CONNECTED_RESULT(d)
      "str %[q], [%[x], #16]\n str %[at], [%[x], #20]\n str %[wa], [%[x], #24]\n"
      "str %[wc], [%[x], #28]\n ldr %[p], [%[x]]\n ldr %[y], [%[x], #36]\n"
      "add %[p], %[p], %[stride], lsl #2\n subs %[y], %[y], #4\n str %[p], [%[x]]\n"
      "str %[y], [%[x], #36]\n bne 0b\n4:\n"
      : [x] "+r"(x), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [y] "=&r"(y),
        [p] "=&r"(p), [q] "=&r"(q), [even] "=&r"(even), [at] "=&r"(at), [wa] "=&r"(wa),
        [wc] "=&r"(wc), [stride] "=&r"(stride), [end] "=&r"(end)
      :
      : "cc", "memory");
#endif
}

#define TWO_ROWS                                                                            \
  "ldr %[x], [%[at]], #4\n ldr %[q], [%[w], %[stride]]\n ldr %[p], [%[w]], #4\n"              \
  "sxtb16 %[even], %[x]\n sxtb16 %[x], %[x], ror #8\n"                                      \
  HALVES_ROW("a", "p") HALVES_ROW("b", "q")
// Adds the products of values from `at` to `end`, four at a time, with two rows of weights.
INLINE void octet_connect_two(
    octet_sums *_Nonnull sums, const int8_t *_Nonnull weights, int32_t stride,
    const int8_t *_Nonnull at, const int8_t *_Nonnull end) {
#if HAS_DSP
  int32_t a = sums->a, b = sums->b, x, y, p, q, even;
  __asm volatile(
      ".syntax unified\n sub %[y], %[end], %[at]\n tst %[y], #4\n bne 2f\n"
      "1:\n" TWO_ROWS "2:\n" TWO_ROWS "cmp %[at], %[end]\n bne 1b\n"
      : [a] "+r"(a), [b] "+r"(b), [w] "+r"(weights), [at] "+r"(at), [x] "=&r"(x), [y] "=&r"(y),
        [p] "=&r"(p), [q] "=&r"(q), [even] "=&r"(even)
      : [stride] "r"(stride), [end] "r"(end)
      : "cc", "memory");
  sums->a = a;
  sums->b = b;
#endif
}

// Layers whose weights an image holds as their kernels read them; a part of octet_core.h.
#pragma once

// MARK: Prepared weights: four rows, two columns

#if HAS_DSP
// Two taps; the first column's are in r0 already.
#define FOUR_ROWS                                                                             \
  "ldr r1, [%[at]], #4\n ldr r2, [%[w]], #4\n ldr r11, [%[w]], #4\n"                          \
  "smlad r3, r0, r2, r3\n smlad r4, r1, r2, r4\n smlad r5, r0, r11, r5\n"                     \
  "smlad r6, r1, r11, r6\n ldr r2, [%[w]], #4\n ldr r11, [%[w]], #4\n"                        \
  "smlad r8, r0, r2, r8\n smlad r9, r1, r2, r9\n smlad r10, r0, r11, r10\n"                   \
  "smlad r12, r1, r11, r12\n ldr r0, [%[at]], #4\n"
// Segments of columns at `at`: words of two taps, of two columns in turn, as many as a multiple of
// 8; a word that no two taps are, INT32_MIN; and room for eight sums, two a row. Behind the last,
// INT32_MIN again. For each segment there are at `w` four words that its rows' sums begin with, and
// words of taps, of four rows in turn.
INLINE void octet_add_prepared(const int32_t *_Nonnull at, const int32_t *_Nonnull w) {
  __asm volatile(
      ".syntax unified\n ldr r0, [%[at]], #4\n"
      "0: ldr r3, [%[w]], #4\n ldr r5, [%[w]], #4\n ldr r8, [%[w]], #4\n ldr r10, [%[w]], #4\n"
      "mov r4, r3\n mov r6, r5\n mov r9, r8\n mov r12, r10\n"
      "1:\n" FOUR_ROWS FOUR_ROWS FOUR_ROWS FOUR_ROWS "cmp r0, #0x80000000\n bne 1b\n"
      "stmia %[at]!, {r3, r4, r5, r6, r8, r9, r10, r12}\n"
      "ldr r0, [%[at]], #4\n cmp r0, #0x80000000\n bne 0b\n"
      : [at] "+r"(at), [w] "+r"(w)
      :
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
}

// Requantizes the sums of four rows and two columns, as `octet_requantize`. `scales` are each row's
// factor and shift, as that makes them.
INLINE void octet_finish_prepared(
    const int32_t *_Nonnull sums, const int32_t *_Nonnull scales, int8_t *_Nonnull first,
    int8_t *_Nonnull second, int32_t offset) {
  int32_t x, y, f, k;
  __asm volatile(
      ".syntax unified\n.rept 4\n"
      "ldr %[f], [%[m]], #4\n ldr %[k], [%[m]], #4\n"
      "ldr %[x], [%[sum]], #4\n ldr %[y], [%[sum]], #4\n" REQUANTIZE("%[f]", "%[k]", x, y, offset)
      "strb %[y], [%[second]], #1\n strb %[x], [%[first]], #1\n.endr\n"
      : [sum] "+r"(sums), [m] "+r"(scales), [first] "+r"(first), [second] "+r"(second),
        [x] "=&r"(x), [y] "=&r"(y), [f] "=&r"(f), [k] "=&r"(k)
      : [offset] "r"(offset)
      : "cc", "memory");
}

// Requantizes two sums of a row with its factor and shift from `w`; r2 is the offset.
#define TIES(x) "add " x ", " x ", " x ", asr #31\n"
#define ANY_TIES(x) ""
#define FOUR_ROWS_RESULTS(ties, x, y)                                                         \
  "ldr r0, [%[w]], #4\n ldr r1, [%[w]], #4\n"                                                 \
  "smmlar " x ", " x ", r0, " x "\n smmlar " y ", " y ", r0, " y "\n"                          \
  ties(x) "asr " x ", " x ", r1\n" ties(y) "asr " y ", " y ", r1\n"                           \
  "add " x ", " x ", r2\n add " y ", " y ", r2\n"                                             \
  "ssat " x ", #8, " x ", asr #1\n ssat " y ", #8, " y ", asr #1\n"
#define FOUR_STORES(a, b, c, d, at)                                                           \
  "strb " a ", [" at "]\n strb " b ", [" at ", #1]\n"                                         \
  "strb " c ", [" at ", #2]\n strb " d ", [" at ", #3]\n"
// Results of all rows with one segment, as many words as a multiple of 8, INT32_MIN at a multiple
// of 32 bytes. Behind it are where the first and the second column's results go, the segment's
// start, and the offset. At `w` are of each four rows what their sums begin with, words of taps,
// scales, and the bytes to the results of the next four, at the end 0. The second column's results
// give way to the first's.
#define MULTIPLY_PREPARED(name, ties)                                                         \
  INLINE void name(const int32_t *_Nonnull at, const int32_t *_Nonnull w) {                   \
    __asm volatile(                                                                         \
        ".syntax unified\n0: ldr r3, [%[w]], #4\n ldr r5, [%[w]], #4\n"                      \
        "ldr r8, [%[w]], #4\n ldr r10, [%[w]], #4\n ldr r0, [%[at]], #4\n tst %[at], #16\n"  \
        "mov r4, r3\n mov r6, r5\n mov r9, r8\n mov r12, r10\n bne 2f\n"                    \
        "1:\n" FOUR_ROWS FOUR_ROWS "2:\n" FOUR_ROWS FOUR_ROWS                               \
        "cmp r0, #0x80000000\n bne 1b\n ldr r2, [%[at], #12]\n"                             \
        FOUR_ROWS_RESULTS(ties, "r3", "r4") FOUR_ROWS_RESULTS(ties, "r5", "r6")             \
        FOUR_ROWS_RESULTS(ties, "r8", "r9") FOUR_ROWS_RESULTS(ties, "r10", "r12")           \
        "ldr r0, [%[at]]\n ldr r1, [%[at], #4]\n ldr r2, [%[w]], #4\n"                      \
        FOUR_STORES("r4", "r6", "r9", "r12", "r1") FOUR_STORES("r3", "r5", "r8", "r10", "r0") \
        "add r0, r2\n add r1, r2\n str r0, [%[at]]\n str r1, [%[at], #4]\n"                 \
        "ldr %[at], [%[at], #8]\n cmp r2, #0\n bne 0b\n"                                    \
        : [at] "+r"(at), [w] "+r"(w)                                                        \
        :                                                                                   \
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "cc",    \
          "memory");                                                                        \
  }
MULTIPLY_PREPARED(octet_multiply_prepared, TIES)
// The same where results below zero are clamped, however their ties are rounded.
MULTIPLY_PREPARED(octet_multiply_rectified, ANY_TIES)

// Two rows and four columns; the first column's taps are in r0 already.
#define FOUR_COLUMNS                                                                          \
  "ldr r1, [%[at]], #4\n ldr r2, [%[w]], #4\n ldr r11, [%[w]], #4\n"                          \
  "smlad r3, r0, r2, r3\n smlad r4, r1, r2, r4\n smlad r8, r0, r11, r8\n"                     \
  "smlad r9, r1, r11, r9\n ldr r0, [%[at]], #4\n ldr r1, [%[at]], #4\n"                       \
  "smlad r5, r0, r2, r5\n smlad r6, r1, r2, r6\n smlad r10, r0, r11, r10\n"                   \
  "smlad r12, r1, r11, r12\n ldr r0, [%[at]], #4\n"
#define LARGEST(a, b, c, d) LARGER(a, b) LARGER(c, d) LARGER(a, c)
#define LARGER(a, b) "cmp " a ", " b "\n it lt\n movlt " a ", " b "\n"
#define ROW_RESULT(x)                                                                         \
  "ldr r0, [%[w]], #4\n ldr r1, [%[w]], #4\n smmlar " x ", " x ", r0, " x "\n" TIES(x)          \
  "asr " x ", " x ", r1\n add " x ", " x ", r2\n ssat " x ", #8, " x ", asr #1\n"
// Results of all rows, each the largest of four columns: words of two taps, of the columns in turn,
// as many as a multiple of 12, INT32_MIN, where the results go, the first word, and the offset. At
// `w` are of each two rows what their sums begin with, words of taps, scales, and the bytes to the
// results of the next two, at the end 0.
INLINE void octet_multiply_windows(const int32_t *_Nonnull at, const int32_t *_Nonnull w) {
  __asm volatile(
      ".syntax unified\n0: ldr r3, [%[w]], #4\n ldr r8, [%[w]], #4\n ldr r0, [%[at]], #4\n"
      "mov r4, r3\n mov r5, r3\n mov r6, r3\n mov r9, r8\n mov r10, r8\n mov r12, r8\n"
      "1:\n" FOUR_COLUMNS FOUR_COLUMNS FOUR_COLUMNS "cmp r0, #0x80000000\n bne 1b\n"
      LARGEST("r3", "r4", "r5", "r6") LARGEST("r8", "r9", "r10", "r12")
      "ldr r2, [%[at], #8]\n" ROW_RESULT("r3") ROW_RESULT("r8")
      "ldr r0, [%[at]]\n ldr r1, [%[w]], #4\n strb r3, [r0]\n strb r8, [r0, #1]\n add r0, r1\n"
      "str r0, [%[at]]\n ldr %[at], [%[at], #4]\n cmp r1, #0\n bne 0b\n"
      : [at] "+r"(at), [w] "+r"(w)
      :
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
}

#define PREPARED_RESULT(sum)                                                                  \
  "ldr %[p], [%[w]], #4\n ldr %[q], [%[w]], #4\n"                                             \
  "smmlar %[" #sum "], %[" #sum "], %[p], %[" #sum "]\n"                                       \
  "add %[" #sum "], %[" #sum "], %[" #sum "], asr #31\n asr %[" #sum "], %[" #sum "], %[q]\n"    \
  "add %[" #sum "], %[" #sum "], %[offset]\n ssat %[" #sum "], #8, %[" #sum "], asr #1\n"      \
  "strb %[" #sum "], [%[to]], #1\n"
// Results of rows of weights, by fours, with the values from `at` to `end`, a multiple of 16: at
// `w` are of each four what their sums begin with, weights of four columns of one row after the
// other, scales, and the number of values; at the end 0 in its place.
INLINE void octet_connect_prepared(
    const int8_t *_Nonnull at, const int8_t *_Nonnull end, const int32_t *_Nonnull w,
    int8_t *_Nonnull to, int32_t offset) {
  int32_t a, b, c, d, x, y, even, p, q;
  __asm volatile(
      ".syntax unified\n0: ldr %[a], [%[w]], #4\n ldr %[b], [%[w]], #4\n"
      "ldr %[c], [%[w]], #4\n ldr %[d], [%[w]], #4\n1:\n.rept 4\n"
      "ldr %[x], [%[at]], #4\n ldr %[p], [%[w]], #4\n ldr %[q], [%[w]], #4\n"
      "sxtb16 %[even], %[x]\n sxtb16 %[x], %[x], ror #8\n" HALVES_ROW("a", "p") HALVES_ROW("b", "q")
      "ldr %[p], [%[w]], #4\n ldr %[q], [%[w]], #4\n" HALVES_ROW("c", "p") HALVES_ROW("d", "q")
      ".endr\n cmp %[at], %[end]\n bne 1b\n"
      PREPARED_RESULT(a) PREPARED_RESULT(b) PREPARED_RESULT(c) PREPARED_RESULT(d)
      "ldr %[x], [%[w]], #4\n subs %[at], %[end], %[x]\n cmp %[x], #0\n bne 0b\n"
      : [at] "+r"(at), [w] "+r"(w), [to] "+r"(to), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c),
        [d] "=&r"(d), [x] "=&r"(x), [y] "=&r"(y), [even] "=&r"(even), [p] "=&r"(p), [q] "=&r"(q)
      : [end] "r"(end), [offset] "r"(offset)
      : "cc", "memory");
}

// The table that firmware was built with: see `PreparedLayer`.
INLINE const int32_t *_Nonnull octet_prepared_layers(void) {
  extern const int32_t octet_prepared[];
  return octet_prepared;
}

// Sums and differences of two int16 each.
INLINE int32_t octet_add_halves(int32_t a, int32_t b) { return __builtin_arm_sadd16(a, b); }
INLINE int32_t octet_subtract_halves(int32_t a, int32_t b) { return __builtin_arm_ssub16(a, b); }
#endif

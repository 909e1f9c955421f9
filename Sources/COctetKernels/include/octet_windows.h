// Depthwise windows, two rows or two columns at a time; a part of octet_core.h.
#pragma once

// MARK: Four rows of a channel, without SMLAD

// Adds the products of weights from `weights` to `end` with four words each from `at` on, a word
// further for each next.
INLINE void octet_add_taps_of_rows(
    octet_sums *_Nonnull sums, const int8_t *_Nonnull weights, const int8_t *_Nonnull end,
    const int32_t *_Nonnull at) {
  octet_sums s = *sums;
  int32_t x;
  __asm volatile(
      ".syntax unified\n" TAPS_OF_ROWS
      : IN_OUT_SUMS(s), [w] "+" ANY(weights), [at] "+" ANY(at), [x] "=&" ANY(x)
      : [end] SUM(end)
      : "r3", "r4", "r5", "r6", "cc", "memory");
  *sums = s;
}

// The same for columns of three weights each, whose words begin `step` words after one another.
INLINE void octet_add_taps_of_three_rows(
    octet_sums *_Nonnull sums, const int8_t *_Nonnull weights, const int8_t *_Nonnull end,
    const int32_t *_Nonnull at, int32_t step) {
  octet_sums s = *sums;
  int32_t x, skip = 4 * step - 24;
  __asm volatile(
      ".syntax unified\n" TAPS_OF_THREE_ROWS
      : IN_OUT_SUMS(s), [w] "+" ANY(weights), [at] "+" ANY(at), [x] "=&" ANY(x)
      : [end] SUM(end), [skip] "m"(skip)
      : "r3", "r4", "r5", "r6", "cc", "memory");
  *sums = s;
}

// MARK: Two columns of four channels

// Pairs of columns, neighbours or two apart: products of weights, `[…, 3, 2]` words with the bytes
// to the next values behind each three, at the end INT32_MIN, with words of values. They are
// requantized as by `octet_requantize`. Behind the weights is the state, in words: the first and
// the second column's results, values, pairs, bytes from one pair's values and from its results to
// the next's, four biases, four factors, four shifts, the offset, and the weights.
#define ADD_COLUMNS(name, steps)                                                              \
  INLINE void name(const int32_t *_Nonnull state) {                                           \
    int32_t a = state[6], b = state[7], c = state[8], d = state[9], e = a, f = b, g = c, h = d;  \
    int32_t at = state[2], w = state[19], even, odd;                                          \
    __asm volatile(                                                                         \
        ".syntax unified\n" steps                                                           \
        : [a] "+" ANY(a), [b] "+" ANY(b), [c] "+" ANY(c), [d] "+" ANY(d), [e] "+" ANY(e),     \
          [f] "+" ANY(f), [g] "+" ANY(g), [h] "+" ANY(h), [at] "+" ANY(at), [w] "+" ANY(w),     \
          [even] "=&" ANY(even), [odd] "=&" ANY(odd)                                          \
        :                                                                                   \
        : "r4", "r5", "cc", "memory");                                                       \
  }
ADD_COLUMNS(octet_add_columns, NEIGHBOURS)
ADD_COLUMNS(octet_add_distant_columns, DISTANT)

// MARK: Windows of a channel in two rows

// Products of weights with words of a band, 16 bytes from a channel's to its next, requantized as
// by `octet_requantize`. The record is, in words, the bias, the factor, the shift and 256 times the
// offset, the bytes from a result to that in the second row and to that in the next column, the
// first window's words, the end of those, where the first result goes, the next channel's record or
// 0, and weights. The second row's results, and then the second column's, give way to the others.
#define THREE_BY_THREE(name, steps)                                                           \
  INLINE void name(const int32_t *_Nonnull s) {                                               \
    int32_t a, b, p, q, t, u, v, w, x, y, at, to, end;                                        \
    __asm volatile(                                                                           \
        ".syntax unified\n" steps                                                             \
        : [a] "=&r"(a), [b] "=&r"(b), [p] "=&r"(p), [q] "=&r"(q), [at] "=&r"(at),             \
          [to] "=&r"(to), [end] "=&r"(end), [t] "=&r"(t), [u] "=&r"(u), [v] "=&r"(v),         \
          [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y), [s] "+r"(s)                               \
        :                                                                                     \
        : "cc", "memory");                                                                    \
  }
// 3 × 3 with a stride of 1; the same where a column's lower words come before the upper; of 2.
THREE_BY_THREE(octet_add_near_windows, NEAR(0, 16, 32, 48, 64, 80))
THREE_BY_THREE(octet_add_turned_windows, NEAR(16, 0, 48, 32, 80, 64))
THREE_BY_THREE(octet_add_far_windows, FAR)

// The same for windows of any size in two columns, the second's words `step` bytes after the
// first's. Before the weights, pairs for the upper and the lower row, the record has the number of
// their threes, and the bytes to the words and to the results of the next two columns.
INLINE void octet_add_windows(int32_t *_Nonnull s, int32_t step) {
  int32_t a, b, c, d, p, q, u, v, w, at, n, to = s[7];
  __asm volatile(
      ".syntax unified\n" WINDOWS
      : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [p] "=&r"(p), [q] "=&r"(q),
        [u] "=&r"(u), [v] "=&r"(v), [w] "=&r"(w), [at] "=&r"(at), [n] "=&r"(n), [to] "+r"(to)
      : [s] "r"(s), [step] "r"(step)
      : "cc", "memory");
}

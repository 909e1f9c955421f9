// Activations of int16 on ARM cores without vectors: see WideDotProduct.swift and FixedPoint.swift.
#pragma once

// Adds the products of `count` int16 with int8 of four rows of weights, for SMLAD: at least 8, a
// multiple of 8.
INLINE void octet_add_wide_rows(
    octet_sums *_Nonnull sums, const int8_t *_Nonnull weights, int32_t stride,
    const int16_t *_Nonnull x, int32_t count) {
#if HAS_DSP
  octet_sums s = *sums;
  const int8_t *wa = weights, *wc = wa + 2 * stride;
  const int16_t *end = x + count;
  int32_t p, q, even, odd, t;
// Values 0 and 2, and 1 and 3, as SXTB16 widens weights.
#define WIDE_VALUES                                                             \
  "ldr %[p], [%[x]], #4\n ldr %[q], [%[x]], #4\n"                               \
  "pkhbt %[even], %[p], %[q], lsl #16\n pkhtb %[odd], %[q], %[p], asr #16\n"
#define WIDE_ROW(sum, word)                                                     \
  "sxtb16 %[t], %[" word "]\n sxtb16 %[" word "], %[" word "], ror #8\n"        \
  "smlad %[" sum "], %[t], %[even], %[" sum "]\n"                               \
  "smlad %[" sum "], %[" word "], %[odd], %[" sum "]\n"
#define WIDE_ROWS                                                               \
  WIDE_VALUES "ldr %[q], [%[wa], %[stride]]\n ldr %[p], [%[wa]], #4\n"           \
  WIDE_ROW("a", "p") WIDE_ROW("b", "q")                                         \
  "ldr %[q], [%[wc], %[stride]]\n ldr %[p], [%[wc]], #4\n"                      \
  WIDE_ROW("c", "p") WIDE_ROW("d", "q")
  __asm volatile(
      "1:\n" WIDE_ROWS WIDE_ROWS "cmp %[x], %[end]\n bne 1b\n"
      : IN_OUT_SUMS(s), [wa] "+r"(wa), [wc] "+r"(wc), [x] "+r"(x), [p] "=&r"(p), [q] "=&r"(q),
        [even] "=&r"(even), [odd] "=&r"(odd), [t] "=&r"(t)
      : [stride] "r"(stride), [end] "r"(end)
      : "cc", "memory");
  *sums = s;
#endif
}

// (a · b + half of 2^by) / 2^by, rounded down: `requantizeWide` where long products are one
// instruction. |a| < 2⁴⁷, b < 2¹⁵, `by` in 1…46.
INLINE int32_t octet_scale_long(int64_t a, int32_t b, int32_t by) {
#if OCTET_MULTIPLIES_LONG
  // Shifts of 64 bits by a variable would be calls.
  int64_t product = a * b;
  if (by > 32) return ((int32_t)(product >> 32) + (1 << (by - 33))) >> (by - 32);
  product += 1u << (by - 1);
  int32_t high = (int32_t)(product >> 32);
  return by == 32 ? high : (int32_t)((uint32_t)product >> by | (uint32_t)high << (32 - by));
#else
  return 0;
#endif
}

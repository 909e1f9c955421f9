// Weights of four bits on ARM cores with SMLAD: a part of octet_core.h.

#if HAS_DSP
#define HALF(sum, shift, value) \
  "and %[t], %[mask], %[p]" shift "\n smlad %[" sum "], %[t], %[" value "], %[" sum "]\n"
#define HALVES(sum) \
  "eor %[p], %[p], %[eights]\n" \
  HALF(sum, "", "x") HALF(sum, ", lsr #4", "y") HALF(sum, ", lsr #8", "z") \
  HALF(sum, ", lsr #12", "u")

// The products of three rows of weights of four bits, each 8 more than it is, with the values from
// `at` to the word INT32_MIN: of eight values the words (0, 4), (1, 5), (2, 6) and (3, 7).
INLINE octet_sums octet_multiply_narrow(
    const uint8_t *_Nonnull weights, int32_t stride, const int32_t *_Nonnull at) {
  octet_sums s = {0, 0, 0, 0};
  int32_t x, y, z, u, p, t;
  __asm volatile(
      ".syntax unified\n ldr %[x], [%[at]], #4\n"
      "1: ldr %[y], [%[at]], #4\n ldr %[z], [%[at]], #4\n ldr %[u], [%[at]], #4\n"
      "ldr %[p], [%[w], %[stride]]\n" HALVES("b")
      "ldr %[p], [%[w], %[stride], lsl #1]\n" HALVES("c")
      "ldr %[p], [%[w]], #4\n" HALVES("a")
      "ldr %[x], [%[at]], #4\n cmp %[x], #0x80000000\n bne 1b\n"
      : [a] "+r"(s.a), [b] "+r"(s.b), [c] "+r"(s.c), [w] "+r"(weights), [at] "+r"(at),
        [x] "=&r"(x), [y] "=&r"(y), [z] "=&r"(z), [u] "=&r"(u), [p] "=&r"(p), [t] "=&r"(t)
      : [stride] "r"(stride), [mask] "r"(0x000F000F), [eights] "r"(0x88888888)
      : "cc", "memory");
  return s;
}
#else
INLINE octet_sums octet_multiply_narrow(
    const uint8_t *_Nonnull weights, int32_t stride, const int32_t *_Nonnull at) {
  return (octet_sums){0, 0, 0, 0};
}
#endif

// AVX2: eight lanes; a word is two int16 of the image and two int16 weights.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define TARGET __attribute__((target("avx2")))
#define NAME(function) octet_##function##_avx2

typedef int16_t element;
// What inputs and outputs are.
typedef int8_t operand;
// Lanes; elements of a word; what an element is more than its value; most sums in 16 registers.
enum { LANES = 8, ELEMENTS = 2, ELEMENT_OFFSET = 0, MOST_SUMS = 12, HAS_32_REGISTERS = 0 };

#include "x86_vectors.h"

// Never saturates: |x · w| ≤ 2¹⁴.
INLINE vector dot(vector sum, vector words, vector weights) {
  return sum + (vector)_mm256_madd_epi16((__m256i)words, (__m256i)weights);
}

// The high halves of even lanes' products and of odd ones'.
INLINE vector high_halves(vector even, vector odd) {
  return __builtin_shufflevector(even, odd, 1, 9, 3, 11, 5, 13, 7, 15);
}

// The nearest int8.
INLINE bytes narrow(vector value) {
  const __m256i all = (__m256i)value;
  const __m128i high = _mm256_extracti128_si256(all, 1);
  const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(all), high);
  return (bytes)_mm_cvtsi128_si64(_mm_packs_epi16(half, half));
}

// Whether a lane is 0.
INLINE int any_zero(vector value) { return _mm256_movemask_epi8((__m256i)(value == 0)) != 0; }

// The first `count` < 8 bytes.
INLINE bytes load_some(const int8_t *source, int count) {
  uint64_t value = 0;
  for (int i = count; i > 0; i--) value = value << 8 | (uint8_t)source[i - 1];
  return (bytes)value;
}

// `count` values as elements; the last sixteen may overlap those before.
INLINE void convert(element *target, const int8_t *source, int count) {
  for (int i = 0; i < count && count < 16; i++) target[i] = source[i];
  for (int i = 0; i < count && count >= 16; i += 16) {
    const int start = i + 16 <= count ? i : count - 16;
    *(__m256i_u *)(target + start) =
        _mm256_cvtepi8_epi16(*(const __m128i_u *)(source + start));
  }
}

// The words of eight pixels that are a word apart.
INLINE vector gathered(const uint8_t *source) { return *(const vector *)source; }

// Stores P channels of eight pixels, of which `low` and `high` have four each; up to 64 bytes.
INLINE void store_pixels(const int P, int8_t *target, vector low, vector high) {
  UNROLL for (int i = 0; i < 8; i++) {
    // Each overwrites what the one before has too many.
    *(word *)(target + i * P) = low[i];
    if (P > 4) *(word *)(target + i * P + 4) = high[i];
  }
}

#define BLOCKS(F)                                                                                 \
  F(TWELVE, 1, BROADCAST) F(SIX, 2, BROADCAST) F(ONE, 8, BROADCAST) F(ONE, 1, SPLIT)              \
  F(TWELVE, 1, LOAD) F(TWELVE, 1, THREE) F(EIGHT, 1, NARROW) F(SIX, 2, NARROW)
#include "x86_int8.h"
#include "x86_convolution.h"
#include "x86_layer.h"

int NAME(has)(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}
#endif

// AVX-512 VNNI: sixteen lanes; a word is four uint8 of the image and four int8 weights.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define TARGET                                                                                    \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,bmi2")))
#define NAME(function) octet_##function##_avx512vnni

typedef uint8_t element;
// What inputs and outputs are.
typedef int8_t operand;
// Lanes; elements of a word; what an element is more than its value; most sums in 32 registers.
enum { LANES = 16, ELEMENTS = 4, ELEMENT_OFFSET = 128, MOST_SUMS = 24, HAS_32_REGISTERS = 1 };

#include "x86_vectors.h"

INLINE vector dot(vector sum, vector words, vector weights) {
  return (vector)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)words, (__m512i)weights);
}

// The high halves of even lanes' products and of odd ones'.
INLINE vector high_halves(vector even, vector odd) {
  return __builtin_shufflevector(
      even, odd, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
}

// The nearest int8.
INLINE bytes narrow(vector value) { return (bytes)_mm512_cvtsepi32_epi8((__m512i)value); }

// Whether a lane is 0.
INLINE int any_zero(vector value) {
  return _mm512_testn_epi32_mask((__m512i)value, (__m512i)value) != 0;
}

// The first `count` < 16 bytes.
INLINE bytes load_some(const int8_t *source, int count) {
  return (bytes)_mm_maskz_loadu_epi8((__mmask16)((1 << count) - 1), source);
}

// `count` values as elements.
INLINE void convert(element *target, const int8_t *source, int count) {
  for (int i = 0; i < count; i += 64) {
    const __mmask64 mask = i + 64 <= count ? ~0ULL : _bzhi_u64(~0ULL, (unsigned)(count - i));
    const __m512i value = _mm512_maskz_loadu_epi8(mask, source + i);
    _mm512_mask_storeu_epi8(target + i, mask, _mm512_xor_si512(value, _mm512_set1_epi8(-128)));
  }
}

// The words of sixteen pixels that are half a word apart.
INLINE vector gathered(const uint8_t *source) {
  const vector lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const vector order = lane * 0x02020202 + 0x03020100;
  return (vector)_mm512_permutexvar_epi8((__m512i)order, *(const __m512i_u *)source);
}

// Stores P channels of sixteen pixels, of which `low` and `high` have four each; up to 128 bytes.
INLINE void store_pixels(const int P, int8_t *target, vector low, vector high) {
  typedef uint8_t positions __attribute__((vector_size(64)));
  UNROLL for (int i = 0; i < (P > 4 ? 128 : 64); i += 64) {
    positions order;
    UNROLL for (int j = 0; j < 64; j++) {
      const int pixel = (i + j) / P, channel = (i + j) % P;
      order[j] = (uint8_t)(channel / 4 * 64 + pixel * 4 + channel % 4);
    }
    const __m512i value = _mm512_permutex2var_epi8((__m512i)low, (__m512i)order, (__m512i)high);
    *(__m512i_u *)(target + i) = value;
  }
}

#define BLOCKS(F)                                                                                 \
  F(SIXTEEN, 1, BROADCAST) F(TWELVE, 2, BROADCAST) F(ONE, 8, BROADCAST) F(ONE, 1, SPLIT)          \
  F(SIXTEEN, 1, LOAD) F(SIXTEEN, 1, THREE) F(EIGHT, 1, NARROW) F(EIGHT, 2, NARROW)
#include "x86_int8.h"
#include "x86_convolution.h"
#include "x86_layer.h"

int NAME(has)(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi")
         && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
         && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}
#endif

// AVX-512 VNNI: sixteen lanes; a word is four uint8 of the image and four int8 weights.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>

#include "octet_kernels.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,bmi2")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define NAME(name) avx512_##name

typedef __m512i vector;
typedef uint8_t element;
enum { LANES = 16, ELEMENTS = 4 };  // elements of a word
// Pixels in a block of 1, 2 and 4 vectors: at most 24 of the 32 registers hold sums.
#define PIXELS_1 12
#define PIXELS_2 12
#define PIXELS_4 6

INLINE vector load(const void *source) { return _mm512_loadu_si512(source); }
INLINE void save(void *target, vector value) { _mm512_storeu_si512(target, value); }
INLINE vector larger(vector a, vector b) { return _mm512_max_epi32(a, b); }

// The word at `source` in every lane.
INLINE vector broadcast(const uint8_t *source) {
  return _mm512_set1_epi32(*(const octet_word *)source);
}

INLINE vector dot(vector sum, vector words, vector weights) {
  return _mm512_dpbusd_epi32(sum, words, weights);
}

// Sixteen requantized values; see octet_x86.h.
INLINE vector requantize(vector sum, const vector *c, int is_rectified) {
  vector even = _mm512_mul_epi32(sum, load(c + 1));
  vector odd = _mm512_mul_epi32(_mm512_srli_epi64(sum, 32), load(c + 2));
  if (is_rectified) {
    even = _mm512_add_epi64(even, load(c + 3));
    odd = _mm512_add_epi64(odd, load(c + 4));
  } else {
    const __mmask8 e = _mm512_movepi64_mask(even), o = _mm512_movepi64_mask(odd);
    even = _mm512_mask_add_epi64(_mm512_add_epi64(even, load(c + 3)), e, even, load(c + 5));
    odd = _mm512_mask_add_epi64(_mm512_add_epi64(odd, load(c + 4)), o, odd, load(c + 6));
  }
  even = _mm512_srlv_epi64(even, load(c + 7));
  odd = _mm512_srlv_epi64(odd, load(c + 8));
  even = _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, 0xA0);
  return _mm512_add_epi32(even, load(c + 9));
}

// Stores `count` ≤ 16 B channels of one pixel, clamped.
INLINE void store(int8_t *target, const vector *values, int B, int count, int lower, int upper) {
  if (B == 4 && count == 64) {
    const vector low = _mm512_packs_epi32(values[0], values[1]);
    const vector high = _mm512_packs_epi32(values[2], values[3]);
    const vector order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    vector bytes = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
    bytes = _mm512_max_epi8(bytes, _mm512_set1_epi8((char)lower));
    save(target, _mm512_min_epi8(bytes, _mm512_set1_epi8((char)upper)));
    return;
  }
  for (int b = 0; b < B; b++, target += 16, count -= 16) {
    __m128i bytes = _mm512_cvtsepi32_epi8(values[b]);
    bytes = _mm_max_epi8(bytes, _mm_set1_epi8((char)lower));
    bytes = _mm_min_epi8(bytes, _mm_set1_epi8((char)upper));
    if (count >= 16) {
      _mm_storeu_si128((__m128i *)target, bytes);
    } else if (count > 0) {
      _mm_mask_storeu_epi8(target, (__mmask16)((1 << count) - 1), bytes);
    }
  }
}

// `count` elements of value `padding`.
INLINE void fill(element *target, int padding, int count) {
  const vector value = _mm512_set1_epi8((char)(padding + 128));
  int i = 0;
  for (; i + 64 <= count; i += 64) save(target + i, value);
  if (i < count) {
    _mm512_mask_storeu_epi8(target + i, _bzhi_u64(~0ULL, (unsigned)(count - i)), value);
  }
}

// `count` values as elements.
INLINE void convert(element *target, const int8_t *source, int count) {
  const vector sign = _mm512_set1_epi8((char)0x80);
  int i = 0;
  for (; i + 64 <= count; i += 64) save(target + i, _mm512_xor_si512(load(source + i), sign));
  if (i < count) {
    const __mmask64 mask = _bzhi_u64(~0ULL, (unsigned)(count - i));
    const vector value = _mm512_maskz_loadu_epi8(mask, source + i);
    _mm512_mask_storeu_epi8(target + i, mask, _mm512_xor_si512(value, sign));
  }
}

#include "x86_convolution.h"

TARGET void octet_run_avx512vnni(const octet_x86_layer *layer, uint8_t *arena) {
  NAME(convolution)(layer, arena);
}

int octet_has_avx512vnni(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi")
         && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
         && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}
#endif

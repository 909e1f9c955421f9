// AVX2: eight lanes; a word is two int16 of the image and two int16 weights.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>

#include "octet_kernels.h"

#define TARGET __attribute__((target("avx2")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define HAS_32_REGISTERS 0
#define NAME(name) avx2_##name

typedef __m256i vector;
typedef int16_t element;
enum { LANES = 8, ELEMENTS = 2 };  // elements of a word
// Pixels in a block of 1 and 2 vectors: at most 12 of the 16 registers hold sums.
#define PIXELS_1 12
#define PIXELS_2 6

INLINE vector load(const void *source) { return _mm256_loadu_si256(source); }
INLINE void save(void *target, vector value) { _mm256_storeu_si256(target, value); }
INLINE vector larger(vector a, vector b) { return _mm256_max_epi32(a, b); }

// The word at `source` in every lane.
INLINE vector broadcast(const uint8_t *source) {
  return _mm256_set1_epi32(*(const octet_word *)source);
}

// Never saturates: |x · w| ≤ 2¹⁴.
INLINE vector dot(vector sum, vector words, vector weights) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(words, weights));
}

// The second or, for a product below zero, the third of three offsets.
INLINE vector rounded(vector product, const vector *offset, int is_rectified) {
  if (is_rectified) return _mm256_add_epi64(product, load(offset));
  const __m256d chosen = _mm256_blendv_pd(
      _mm256_castsi256_pd(load(offset)), _mm256_castsi256_pd(load(offset + 2)),
      _mm256_castsi256_pd(product));
  return _mm256_add_epi64(product, _mm256_castpd_si256(chosen));
}

// Eight requantized values; see octet_x86.h.
INLINE vector requantize(vector sum, const vector *c, int is_rectified) {
  vector even = _mm256_mul_epi32(sum, load(c + 1));
  vector odd = _mm256_mul_epi32(_mm256_srli_epi64(sum, 32), load(c + 2));
  even = _mm256_srlv_epi64(rounded(even, c + 3, is_rectified), load(c + 7));
  odd = _mm256_srlv_epi64(rounded(odd, c + 4, is_rectified), load(c + 8));
  even = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
  return _mm256_add_epi32(even, load(c + 9));
}

// Stores `count` ≤ 8 B channels of one pixel, clamped.
INLINE void store(int8_t *target, const vector *values, int B, int count, int lower, int upper) {
  for (int b = 0; b < B; b += 2, target += 16, count -= 16) {
    const vector next = b + 1 < B ? values[b + 1] : values[b];
    const vector words =
        _mm256_permute4x64_epi64(_mm256_packs_epi32(values[b], next), _MM_SHUFFLE(3, 1, 2, 0));
    __m128i bytes = _mm_packs_epi16(
        _mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    bytes = _mm_max_epi8(bytes, _mm_set1_epi8((char)lower));
    bytes = _mm_min_epi8(bytes, _mm_set1_epi8((char)upper));
    if (b + 1 < B && count >= 16) {
      _mm_storeu_si128((__m128i *)target, bytes);
    } else if (B == 1 && count >= 8) {
      _mm_storel_epi64((__m128i *)target, bytes);
    } else if (count > 0) {
      int8_t kept[16];
      _mm_storeu_si128((__m128i *)kept, bytes);
      __builtin_memcpy(target, kept, (size_t)(count < 16 ? count : 16));
    }
  }
}

// `count` elements of value `padding`.
INLINE void fill(element *target, int padding, int count) {
  const vector value = _mm256_set1_epi16((short)padding);
  int i = 0;
  for (; i + 16 <= count; i += 16) save(target + i, value);
  for (; i < count; i++) target[i] = (element)padding;
}

// `count` values as elements.
INLINE void convert(element *target, const int8_t *source, int count) {
  if (count < 16) {
    for (int i = 0; i < count; i++) target[i] = source[i];
    return;
  }
  // The last sixteen may overlap those before.
  for (int i = 0; i < count; i += 16) {
    const int start = i + 16 <= count ? i : count - 16;
    save(target + start, _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(source + start))));
  }
}

// Two rows of `count` elements, a multiple of 16, as words.
INLINE void interleave(element *target, const element *const *rows, int count) {
  for (int i = 0; i < count; i += 16, target += 32) {
    // So that unpacking within halves of a vector leaves the words in order.
    const vector a = _mm256_permute4x64_epi64(load(rows[0] + i), _MM_SHUFFLE(3, 1, 2, 0));
    const vector b = _mm256_permute4x64_epi64(load(rows[1] + i), _MM_SHUFFLE(3, 1, 2, 0));
    save(target, _mm256_unpacklo_epi16(a, b));
    save(target + 16, _mm256_unpackhi_epi16(a, b));
  }
}

// The words of eight pixels that stand side by side.
INLINE vector gather(const uint8_t *source, vector order) {
  (void)order;
  return load(source);
}

// Stores `count` ≤ 8 pixels of Q ≤ 8 channels, of which each vector has one, clamped.
INLINE void store_pixels(
    int8_t *target, const vector *v, const int Q, int count, const octet_x86_layer *l) {
#define CHANNEL(i) v[(i) < Q ? (i) : 0]
#define FOUR(i)                                                                                   \
  _mm256_shuffle_epi8(                                                                            \
      _mm256_packs_epi16(                                                                         \
          _mm256_packs_epi32(CHANNEL(i), CHANNEL(i + 1)),                                         \
          _mm256_packs_epi32(CHANNEL(i + 2), CHANNEL(i + 3))),                                    \
      order)
  const vector order = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const vector low = _mm256_set1_epi8((char)l->lower), high = _mm256_set1_epi8((char)l->upper);
  const vector a = _mm256_min_epi8(_mm256_max_epi8(FOUR(0), low), high);
  const vector b = _mm256_min_epi8(_mm256_max_epi8(FOUR(4), low), high);
  // Eight bytes a pixel: the first two of each half, then its last two.
  const vector first = _mm256_unpacklo_epi32(a, b), second = _mm256_unpackhi_epi32(a, b);
  int64_t pixels[8];
  save(pixels, _mm256_permute2x128_si256(first, second, 0x20));
  save(pixels + 4, _mm256_permute2x128_si256(first, second, 0x31));
  int8_t bytes[64];
  // Each overwrites what the one before has too many.
  for (int i = 0; i < 8; i++) __builtin_memcpy(bytes + i * Q, pixels + i, 8);
  __builtin_memcpy(target, bytes, (size_t)(count * Q));
}

INLINE vector shift_left(vector value, int shift) {
  return _mm256_sll_epi32(value, _mm_cvtsi32_si128(shift));
}

// What 32 int8 become by a table of 256 values.
INLINE void look_up(const int8_t *source, const void *table, vector *v) {
  for (int i = 0; i < 4; i++) {
    const vector index =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(source + i * LANES)));
    v[i] = _mm256_i32gather_epi32(table, index, 4);
  }
}

INLINE vector plus(vector a, vector b) { return _mm256_add_epi32(a, b); }
INLINE vector zero(void) { return _mm256_setzero_si256(); }
INLINE vector widen(const int8_t *source) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)source));
}

// sum / count, half away from zero. Floats of integers below 2²³ have quotients that truncate as
// theirs.
INLINE vector divide(vector sum, int count) {
  const vector half = _mm256_sign_epi32(_mm256_set1_epi32(count / 2), sum);
  return _mm256_cvttps_epi32(_mm256_div_ps(
      _mm256_cvtepi32_ps(_mm256_add_epi32(sum, half)), _mm256_set1_ps((float)count)));
}

#include "x86_convolution.h"
#include "x86_elementwise.h"
#include "x86_narrow.h"

TARGET void octet_run_avx2(const octet_x86_layer *layer, uint8_t *arena) {
  switch (layer->kind) {
    case OCTET_X86_CONVOLUTION: NAME(convolution)(layer, arena); break;
    case OCTET_X86_DEPTHWISE: NAME(depthwise)(layer, arena); break;
    case OCTET_X86_NARROW: NAME(narrow)(layer, arena); break;
    case OCTET_X86_ADD: NAME(add)(layer, arena); break;
    case OCTET_X86_AVERAGE: NAME(average)(layer, arena); break;
  }
}

int64_t octet_peak_avx2(int64_t rounds) { return NAME(peak)(rounds); }

int octet_has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}
#endif

// AVX-512 VNNI: sixteen lanes; a word is four uint8 of the image and four int8 weights.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>

#include "octet_kernels.h"

#define TARGET                                                                                    \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vnni,bmi2")))
#define INLINE TARGET static inline __attribute__((always_inline))
#define HAS_32_REGISTERS 1
#define NAME(name) avx512_##name

typedef __m512i vector;
typedef uint8_t element;
enum { LANES = 16, ELEMENTS = 4 };  // elements of a word
// Pixels in a block of 1 and 2 vectors: at most 24 of the 32 registers hold sums.
#define PIXELS_1 16
#define PIXELS_2 12

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

// Four rows of `count` elements, a multiple of 64, as words.
INLINE void interleave(element *target, const element *const *rows, int count) {
  // So that unpacking within quarters of a vector leaves the words in order.
  const vector order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (int i = 0; i < count; i += 64, target += 256) {
    const vector a = _mm512_permutexvar_epi32(order, load(rows[0] + i));
    const vector b = _mm512_permutexvar_epi32(order, load(rows[1] + i));
    const vector c = _mm512_permutexvar_epi32(order, load(rows[2] + i));
    const vector d = _mm512_permutexvar_epi32(order, load(rows[3] + i));
    const vector ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
    const vector ab_high = _mm512_unpackhi_epi8(a, b), cd_high = _mm512_unpackhi_epi8(c, d);
    save(target, _mm512_unpacklo_epi16(ab, cd));
    save(target + 64, _mm512_unpackhi_epi16(ab, cd));
    save(target + 128, _mm512_unpacklo_epi16(ab_high, cd_high));
    save(target + 192, _mm512_unpackhi_epi16(ab_high, cd_high));
  }
}

// The words of sixteen pixels at the places that `order` names, within 64 bytes.
INLINE vector gather(const uint8_t *source, vector order) {
  return _mm512_permutexvar_epi8(order, load(source));
}

// Stores `count` ≤ 16 pixels of Q ≤ 8 channels, of which each vector has one, clamped.
INLINE void store_pixels(
    int8_t *target, const vector *v, const int Q, int count, const octet_x86_layer *l) {
#define CHANNEL(i) v[(i) < Q ? (i) : 0]
#define FOUR(i)                                                                                   \
  _mm512_packs_epi16(                                                                             \
      _mm512_packs_epi32(CHANNEL(i), CHANNEL(i + 1)),                                             \
      _mm512_packs_epi32(CHANNEL(i + 2), CHANNEL(i + 3)))
  const vector *orders = octet_x86_part(l, l->orders);
  const vector low = _mm512_set1_epi8((char)l->lower), high = _mm512_set1_epi8((char)l->upper);
  const vector a = _mm512_min_epi8(_mm512_max_epi8(FOUR(0), low), high);
  const vector b = Q > 4 ? _mm512_min_epi8(_mm512_max_epi8(FOUR(4), low), high) : a;
  const unsigned bytes = (unsigned)(count * Q);
  _mm512_mask_storeu_epi8(
      target, _bzhi_u64(~0ULL, bytes), _mm512_permutex2var_epi8(a, load(orders + 1), b));
  if (bytes > 64) {
    _mm512_mask_storeu_epi8(
        target + 64, _bzhi_u64(~0ULL, bytes - 64),
        _mm512_permutex2var_epi8(a, load(orders + 2), b));
  }
}

INLINE vector shift_left(vector value, int shift) {
  return _mm512_sll_epi32(value, _mm_cvtsi32_si128(shift));
}

// What 64 int8 become by a table of 256 values, of which the first bytes stand first, then the
// second ones…
INLINE void look_up(const int8_t *source, const vector *table, vector *v) {
  // So that unpacking within quarters of a vector leaves the values in order.
  const vector order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const vector index = _mm512_permutexvar_epi32(order, load(source));
  const __mmask64 is_negative = _mm512_movepi8_mask(index);
  vector bytes[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++, table += 4) {
    const vector value = _mm512_permutex2var_epi8(load(table), index, load(table + 1));
    bytes[i] = _mm512_mask_blend_epi8(
        is_negative, value, _mm512_permutex2var_epi8(load(table + 2), index, load(table + 3)));
  }
  const vector a = _mm512_unpacklo_epi8(bytes[0], bytes[1]);
  const vector b = _mm512_unpacklo_epi8(bytes[2], bytes[3]);
  const vector c = _mm512_unpackhi_epi8(bytes[0], bytes[1]);
  const vector d = _mm512_unpackhi_epi8(bytes[2], bytes[3]);
  v[0] = _mm512_unpacklo_epi16(a, b);
  v[1] = _mm512_unpackhi_epi16(a, b);
  v[2] = _mm512_unpacklo_epi16(c, d);
  v[3] = _mm512_unpackhi_epi16(c, d);
}

INLINE vector plus(vector a, vector b) { return _mm512_add_epi32(a, b); }
INLINE vector zero(void) { return _mm512_setzero_si512(); }
INLINE vector widen(const int8_t *source) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)source));
}

// sum / count, half away from zero. Floats of integers below 2²³ have quotients that truncate as
// theirs.
INLINE vector divide(vector sum, int count) {
  const __mmask16 negative = _mm512_movepi32_mask(sum);
  const vector half = _mm512_set1_epi32(count / 2);
  sum = _mm512_mask_sub_epi32(_mm512_add_epi32(sum, half), negative, sum, half);
  return _mm512_cvttps_epi32(
      _mm512_div_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps((float)count)));
}

#include "x86_convolution.h"
#include "x86_elementwise.h"
#include "x86_narrow.h"

TARGET void octet_run_avx512vnni(const octet_x86_layer *layer, uint8_t *arena) {
  switch (layer->kind) {
    case OCTET_X86_CONVOLUTION: NAME(convolution)(layer, arena); break;
    case OCTET_X86_DEPTHWISE: NAME(depthwise)(layer, arena); break;
    case OCTET_X86_NARROW: NAME(narrow)(layer, arena); break;
    case OCTET_X86_ADD: NAME(add)(layer, arena); break;
    case OCTET_X86_AVERAGE: NAME(average)(layer, arena); break;
  }
}

int64_t octet_peak_avx512vnni(int64_t rounds) { return NAME(peak)(rounds); }

int octet_has_avx512vnni(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi")
         && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
         && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}
#endif

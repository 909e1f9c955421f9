// The image, and what needs none, for either instruction set: included by x86_avx512.c and
// x86_avx2.c.

// Elements `from` to `to` of a row of the image, and those beside them up to whole vectors.
INLINE void pad(const octet_x86_layer *l, element *row, int from, int to) {
  const vector value = (vector){0} + (int32_t)l->padding;
  const int size = LANES * ELEMENTS;
  for (int i = from / size * size; i < to; i += size) *(vector *)(row + i) = value;
}

TARGET void NAME(copy)(const octet_x86_layer *l, const int8_t *source) {
  element *row = part(l, l->image);
  for (int y = -l->top; y < l->image_height - l->top; y++, row += l->image_row_count) {
    const int is_padding = y < 0 || y >= l->height;
    pad(l, row, 0, is_padding ? l->image_row_count : l->left);
    if (is_padding) continue;
    pad(l, row, l->left + l->copied_count, l->image_row_count);
    convert(row + l->left, source + (ptrdiff_t)y * l->row_count, l->copied_count);
  }
}

TARGET void NAME(take)(
    const octet_x86_layer *l, uint32_t *restrict words, const int8_t *restrict source) {
  const int bits = 32 / ELEMENTS, count = l->copied_count;
  const uint32_t last = l->padding << (32 - bits);
  for (int i = 0; source == NULL && i < count; i++) words[i] = words[i] >> bits | last;
  for (int i = 0; source != NULL && i < count; i++) {
    words[i] = words[i] >> bits | (uint32_t)(source[i] + ELEMENT_OFFSET) << (32 - bits);
  }
}

// `count` values, all lanes' if there are more.
INLINE vector widened(const int8_t *source, int count) {
  const bytes x = count >= LANES ? *(const bytes *)source : load_some(source, count);
  return __builtin_convertvector(x, vector);
}

// a + b or a − b: twin of Add.swift, where the multiplier of a is 1/2.
INLINE vector exact_sum(const vector *c, vector a, vector b) {
  const vector second = b - c[OCTET_X86_SECOND_ZERO];
  const vector low = second * c[OCTET_X86_ADDEND_LOW] + c[OCTET_X86_ADDEND_OFFSET]
                     - (second >> 31 & c[OCTET_X86_ADDEND_TIE]);
  const vector addend = second * c[OCTET_X86_ADDEND_HIGH] + (low >> c[OCTET_X86_ADDEND_SHIFT]);
  const vector sign = c[OCTET_X86_ADDEND_SIGN];
  return requantize(a * c[OCTET_X86_FIRST_FACTOR] + c[OCTET_X86_BIAS] + (addend ^ sign) - sign, c, 0);
}

// Each row of a with a row of b: sum, difference or product.
TARGET void NAME(combine)(
    const octet_x86_layer *l, const void *constants, const int8_t *a, const int8_t *b,
    int8_t *target) {
  // As in x86_convolution.h.
  vector c[OCTET_X86_COMBINED_CONSTANTS];
  UNROLL for (int i = 0; i < OCTET_X86_COMBINED_CONSTANTS; i++) c[i] = ((vector *)constants)[i];
  const int row_count = l->row_count, is_product = l->is_product;
  for (int y = l->height; y > 0; y--, a += l->horizontal_step, b += l->vertical_step) {
    for (int i = 0; i < row_count; i += LANES) {
      const vector first = widened(a + i, row_count - i), second = widened(b + i, row_count - i);
      vector value;
      if (is_product) {
        value = (first - c[OCTET_X86_FIRST_ZERO]) * (second - c[OCTET_X86_SECOND_ZERO]);
        value = requantize(value, c, 0);
      } else {
        value = first * c[OCTET_X86_FIRST] + second * c[OCTET_X86_SECOND] + c[OCTET_X86_HALF];
        const int is_near = any_zero(value & c[OCTET_X86_NEAR]);
        value = is_near ? exact_sum(c, first, second) : value >> c[OCTET_X86_FRACTION];
      }
      store(l, target + i, value, row_count - i);
    }
    target += row_count;
  }
}

// Requantized sums of `height` pixels; at least a vector of channels, the last two may overlap.
TARGET void NAME(mean)(
    const octet_x86_layer *l, const void *constants, const int8_t *source, int8_t *target) {
  const vector *c = constants;
  for (int i = 0; i < l->channels; i += LANES) {
    const int start = i + LANES <= l->channels ? i : l->channels - LANES;
    vector sum = c[OCTET_X86_BIAS];
    const int8_t *pixel = source + start;
    _Pragma("clang loop unroll_count(4)") for (int y = 0; y < l->height; y++) {
      sum += widened(pixel, LANES);
      pixel += l->vertical_step;
    }
    store(l, target + start, requantize(sum, c, 0), LANES);
  }
}

// The largest of `taps` values `step` apart, for `count` values of each pixel: whole vectors, of
// which the last two overlap, or one that reaches past the end.
TARGET void NAME(largest)(
    const octet_x86_layer *l, int8_t *target, const int8_t *source, ptrdiff_t step, int taps,
    int count, int pixels, ptrdiff_t pixel_step) {
  const wide lower = (wide){0} + (int8_t)l->lower, upper = (wide){0} + (int8_t)l->upper;
  for (; pixels > 0; pixels--, source += pixel_step, target += count) {
    for (int i = 0; i < count; i += 4 * LANES) {
      const int start = i + 4 * LANES <= count || i == 0 ? i : count - 4 * LANES;
      wide value = lower;
      for (int k = 0; k < taps; k++) {
        value = __builtin_elementwise_max(value, *(const wide *)(source + start + k * step));
      }
      *(wide *)(target + start) = __builtin_elementwise_min(value, upper);
    }
  }
}

// `rounds` of twelve multiply-adds of whole vectors, that wait for nothing but the units that do
// them; how many products that is.
TARGET int64_t NAME(peak)(int64_t rounds) {
  vector s[12] = {0}, x = {1, 2, 3}, w = x;
  for (int64_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < 12; i++) s[i] = dot(s[i], x, w);
    __asm__ volatile("" : "+x"(x), "+x"(w));
  }
  for (int i = 0; i < 12; i++) __asm__ volatile("" ::"x"(s[i]));
  return rounds * 12 * LANES * ELEMENTS;
}

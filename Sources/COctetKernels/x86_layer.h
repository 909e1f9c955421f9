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

// Twin of Add.swift, where the multiplier of a is 1/2.
TARGET void NAME(add)(
    const octet_x86_layer *l, const void *constants, const int8_t *a, const int8_t *b,
    int8_t *target) {
  // As in x86_convolution.h.
  vector c[OCTET_X86_ADDITION_CONSTANTS];
  UNROLL for (int i = 0; i < OCTET_X86_ADDITION_CONSTANTS; i++) c[i] = ((vector *)constants)[i];
  const vector lower = (vector){0} + l->lower, upper = (vector){0} + l->upper;
  for (int i = 0; i < l->row_count; i += LANES) {
    const int count = l->row_count - i;
    bytes x, y;
    if (count >= LANES) {
      x = *(const bytes *)(a + i);
      y = *(const bytes *)(b + i);
    } else {
      __builtin_memcpy(&x, a + i, (size_t)count);
      __builtin_memcpy(&y, b + i, (size_t)count);
    }
    const vector first = __builtin_convertvector(x, vector) << (l->left_shift - 1);
    const vector second = __builtin_convertvector(y, vector) - c[OCTET_X86_ADDEND_ZERO];
    const vector low = second * c[OCTET_X86_ADDEND_LOW] + c[OCTET_X86_ADDEND_OFFSET]
                       - (second >> 31 & c[OCTET_X86_ADDEND_TIE]);
    const vector high = second * c[OCTET_X86_ADDEND_HIGH] + c[OCTET_X86_BIAS];
    const vector sum = first + high + (low >> c[OCTET_X86_ADDEND_SHIFT]);
    store(target + i, clamp(requantize(sum, c, l->is_rectified), lower, upper), count);
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

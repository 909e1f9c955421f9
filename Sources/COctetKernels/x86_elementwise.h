// Addition of equal shapes and average pool, for either instruction set: included by x86_avx512.c
// and x86_avx2.c. Twins of Add.swift and AveragePool.swift.

// a + b of row_count elements. The multiplier of a is 1/2; what b becomes, less what a's zero point
// does, is in a table of 256 values.
INLINE void NAME(add_all)(
    const int is_rectified, const octet_x86_layer *l, const int8_t *a, const int8_t *b,
    int8_t *target) {
  const vector *stored = octet_x86_part(l, l->constants);
  const void *table = octet_x86_part(l, l->weights);
  // As in x86_convolution.h.
  vector copy[OCTET_X86_CONSTANTS];
#pragma clang loop unroll(full)
  for (int i = 0; i < OCTET_X86_CONSTANTS; i++) copy[i] = load(stored + i);
  for (int i = 0; i < l->row_count; i += 4 * LANES) {
    const int count = l->row_count - i < 4 * LANES ? l->row_count - i : 4 * LANES;
    int8_t last[2][4 * LANES];
    const int8_t *x = a + i, *y = b + i;
    if (count < 4 * LANES) {
      __builtin_memcpy(last[0], x, (size_t)count);
      __builtin_memcpy(last[1], y, (size_t)count);
      x = last[0];
      y = last[1];
    }
    vector v[4];
    look_up(y, table, v);
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
      v[j] = plus(v[j], shift_left(widen(x + j * LANES), l->left_shift - 1));
      v[j] = requantize(v[j], copy, is_rectified);
    }
    store(target + i, v, 4, count, l->lower, l->upper);
  }
}

TARGET static void NAME(add)(const octet_x86_layer *l, uint8_t *arena) {
  const int8_t *a = (const int8_t *)arena + l->input, *b = (const int8_t *)arena + l->input_b;
  int8_t *target = (int8_t *)arena + l->output;
  if (l->is_rectified) {
    NAME(add_all)(1, l, a, b, target);
  } else {
    NAME(add_all)(0, l, a, b, target);
  }
}

// Windows without padding; the input is [batch, height, row_count].
TARGET static void NAME(average)(const octet_x86_layer *l, uint8_t *arena) {
  const int8_t *source = (const int8_t *)arena + l->input;
  int8_t *target = (int8_t *)arena + l->output;
  for (int n = 0; n < l->batch; n++, source += (ptrdiff_t)l->height * l->row_count) {
    for (int y = 0; y < l->output_height; y++) {
      for (int x = 0; x < l->output_width; x++, target += l->channels) {
        const int8_t *window =
            source + (ptrdiff_t)y * l->vertical_step + (ptrdiff_t)x * l->horizontal_step;
        for (int channel = 0; channel + LANES <= l->channels; channel += LANES) {
          vector sum = zero();
          for (int i = 0; i < l->pool_height; i++) {
            const int8_t *row = window + (ptrdiff_t)i * l->row_count + channel;
            for (int j = 0; j < l->pool_width; j++) sum = plus(sum, widen(row + j * l->channels));
          }
          sum = divide(sum, l->pool_height * l->pool_width);
          store(target + channel, &sum, 1, LANES, l->lower, l->upper);
        }
      }
    }
  }
}

// `rounds` of twelve multiply-adds of whole vectors, that wait for nothing but the units that do
// them; how many products that is.
TARGET static int64_t NAME(peak)(int64_t rounds) {
  vector s[12], x = widen((const int8_t[16]){1, 2, 3}), w = x;
  for (int i = 0; i < 12; i++) s[i] = zero();
  for (int64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) s[i] = dot(s[i], x, w);
    __asm__ volatile("" : "+x"(x), "+x"(w));
  }
  for (int i = 0; i < 12; i++) __asm__ volatile("" ::"x"(s[i]));
  return rounds * 12 * LANES * ELEMENTS;
}

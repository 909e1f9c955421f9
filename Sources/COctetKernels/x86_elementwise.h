// Addition of equal shapes and average pool, for either instruction set: included by x86_avx512.c
// and x86_avx2.c. Twins of Add.swift and AveragePool.swift.

// One vector of an input, brought to the sum's scale. `halved`: the multiplier is 1/2.
INLINE vector NAME(scaled)(
    vector value, int zero_point, int shift, const vector *constants, int halved) {
  const vector centred = shift_left(value, -zero_point, shift - halved);
  return halved ? centred : requantize(centred, constants, 0);
}

// Four vectors or, of the last elements, one.
INLINE void NAME(add_block)(
    const int B, const int halved_a, const int halved_b, const octet_x86_layer *l,
    const vector *constants, const int8_t *a, const int8_t *b, int8_t *target, int count) {
  vector v[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < B; i++) {
    const vector x = NAME(scaled)(
        widen(a + i * LANES), l->padding, l->left_shift, constants, halved_a);
    const vector y = NAME(scaled)(
        widen(b + i * LANES), l->padding_b, l->left_shift, constants + OCTET_X86_CONSTANTS,
        halved_b);
    v[i] = requantize(plus(x, y), constants + 2 * OCTET_X86_CONSTANTS, 0);
  }
  store(target, v, B, count, l->lower, l->upper);
}

// a + b; `halved` as above.
INLINE void NAME(add_all)(
    const int halved_a, const int halved_b, const octet_x86_layer *l, const int8_t *a,
    const int8_t *b, int8_t *target) {
  const vector *stored = octet_x86_part(l, l->constants);
  // As in x86_convolution.h.
  vector copy[3 * OCTET_X86_CONSTANTS];
#pragma clang loop unroll(full)
  for (int i = 0; i < (HAS_32_REGISTERS ? 3 : 0) * OCTET_X86_CONSTANTS; i++) {
    copy[i] = load(stored + i);
  }
  const vector *constants = HAS_32_REGISTERS ? copy : stored;
  int i = 0;
  for (; i + 4 * LANES <= l->row_count; i += 4 * LANES) {
    NAME(add_block)(4, halved_a, halved_b, l, constants, a + i, b + i, target + i, 4 * LANES);
  }
  for (; i < l->row_count; i += LANES) {
    const int count = l->row_count - i < LANES ? l->row_count - i : LANES;
    int8_t last_a[LANES] = {0}, last_b[LANES] = {0};
    __builtin_memcpy(last_a, a + i, (size_t)count);
    __builtin_memcpy(last_b, b + i, (size_t)count);
    NAME(add_block)(1, halved_a, halved_b, l, constants, last_a, last_b, target + i, count);
  }
}

TARGET static void NAME(add)(const octet_x86_layer *l, uint8_t *arena) {
  const int8_t *a = (const int8_t *)arena + l->input, *b = (const int8_t *)arena + l->input_b;
  int8_t *target = (int8_t *)arena + l->output;
  if (l->halved_a && l->halved_b) {
    NAME(add_all)(1, 1, l, a, b, target);
  } else if (l->halved_a) {
    NAME(add_all)(1, 0, l, a, b, target);
  } else if (l->halved_b) {
    NAME(add_all)(0, 1, l, a, b, target);
  } else {
    NAME(add_all)(0, 0, l, a, b, target);
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

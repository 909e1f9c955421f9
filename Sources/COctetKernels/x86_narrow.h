// Convolution with at most eight output channels and the pool that follows, for either instruction
// set: the lanes are pixels. Twin of Convolution+Portable.swift.
//
//     copy the input into the padded image
//     for each row, for each vector of pixels after the pool:
//       for each position of the pool's window, two at a time:
//         sums[2][Q] = bias
//         for each word k of the patch:            the pixels' words at taps[k], gathered
//           sums[i][q] += words[i] · weights[k][q]
//         keep the larger sums
//       requantize, transpose to [pixel, channel], clamp, store

INLINE void NAME(narrow_sums)(
    const int Q, const int W, const octet_x86_layer *l, const uint8_t *first,
    const uint8_t *second, vector *s) {
  const vector *constants = octet_x86_part(l, l->constants);
  const vector order = load(octet_x86_part(l, l->orders));
  const uint8_t *weights = octet_x86_part(l, l->weights);
#pragma clang loop unroll(full)
  for (int i = 0; i < W * Q; i++) s[i] = load(constants + OCTET_X86_CONSTANTS * (i % Q));
  const int32_t *tap = octet_x86_part(l, l->taps), *end = tap + l->word_count;
  for (; tap < end; tap++, weights += 4 * Q) {
    const vector x = gather(first + *tap, order);
    const vector y = gather(second + *tap, order);
#pragma clang loop unroll(full)
    for (int q = 0; q < Q; q++) {
      const vector w = broadcast(weights + 4 * q);
      s[q] = dot(s[q], x, w);
      if (W == 2) s[Q + q] = dot(s[Q + q], y, w);
    }
  }
}

INLINE void NAME(narrow_row)(
    const int Q, const octet_x86_layer *l, const element *row, int8_t *target) {
  const int positions = l->pool_height * l->pool_width;
  const vector *constants = octet_x86_part(l, l->constants);
  const ptrdiff_t step = (ptrdiff_t)l->pool_stride_width * l->horizontal_step;
  for (int x = 0; x < l->output_width; x += LANES, target += LANES * Q) {
    vector best[8], s[16];
    for (int i = 0; i < positions; i += 2) {
      const element *pixel[2];
      for (int j = 0; j < 2; j++) {
        const int position = i + j < positions ? i + j : i;
        pixel[j] = row + x * step + position % l->pool_width * l->horizontal_step
                   + position / l->pool_width * (ptrdiff_t)l->vertical_step;
      }
      const uint8_t *first = (const uint8_t *)pixel[0], *second = (const uint8_t *)pixel[1];
      if (i + 1 < positions) {
        NAME(narrow_sums)(Q, 2, l, first, second, s);
#pragma clang loop unroll(full)
        for (int q = 0; q < Q; q++) s[q] = larger(s[q], s[Q + q]);
      } else {
        NAME(narrow_sums)(Q, 1, l, first, first, s);
      }
#pragma clang loop unroll(full)
      for (int q = 0; q < Q; q++) best[q] = i == 0 ? s[q] : larger(best[q], s[q]);
    }
#pragma clang loop unroll(full)
    for (int q = 0; q < Q; q++) {
      best[q] = requantize(best[q], constants + OCTET_X86_CONSTANTS * q, l->is_rectified);
    }
    const int count = l->output_width - x < LANES ? l->output_width - x : LANES;
    store_pixels(target, best, Q, count, l);
  }
}

#define NARROW(Q)                                                                                 \
  TARGET static void NAME(narrow_row_##Q)(                                                        \
      const octet_x86_layer *l, const element *row, int8_t *target) {                             \
    NAME(narrow_row)(Q, l, row, target);                                                          \
  }
NARROW(1) NARROW(2) NARROW(3) NARROW(4) NARROW(5) NARROW(6) NARROW(7) NARROW(8)

TARGET static void NAME(narrow)(const octet_x86_layer *l, uint8_t *arena) {
  static void (*const rows[])(const octet_x86_layer *, const element *, int8_t *) = {
      NAME(narrow_row_1), NAME(narrow_row_2), NAME(narrow_row_3), NAME(narrow_row_4),
      NAME(narrow_row_5), NAME(narrow_row_6), NAME(narrow_row_7), NAME(narrow_row_8)};
  const int8_t *source = (const int8_t *)arena + l->input;
  int8_t *target = (int8_t *)arena + l->output;
  for (int n = 0; n < l->batch; n++) {
    NAME(copy)(l, source);
    const element *row = octet_x86_part(l, l->image);
    for (int y = 0; y < l->output_height; y++) {
      rows[l->channels - 1](l, row, target);
      row += (ptrdiff_t)l->pool_stride_height * l->vertical_step;
      target += (ptrdiff_t)l->output_width * l->channels;
    }
    source += (ptrdiff_t)l->height * l->row_count;
  }
}

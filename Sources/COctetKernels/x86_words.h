// The sums of a block, for either instruction set and int8 or int16: included by x86_int8.h and
// x86_int16.h; see x86_convolution.h.

// Products of the even lanes: one instruction.
INLINE longs product(vector a, vector b) {
  return ((longs)a << 32 >> 32) * ((longs)b << 32 >> 32);
}

// Requantized sums; see octet_x86.h.
INLINE vector requantize(vector sum, const vector *c, int is_rectified) {
  if (!is_rectified) sum <<= c[OCTET_X86_LEFT_SHIFT];
  const vector odd_sum = (vector)((unsigned_longs)sum >> 32);
  const longs even = product(sum, c[OCTET_X86_MULTIPLIER]) + (longs)c[OCTET_X86_OFFSET];
  const longs odd = product(odd_sum, c[OCTET_X86_MULTIPLIER + 1]) + (longs)c[OCTET_X86_OFFSET + 1];
  vector high = high_halves((vector)even, (vector)odd);
  if (!is_rectified) high += sum >> 31 & c[OCTET_X86_TIE];
  return (high >> c[OCTET_X86_SHIFT]) + c[OCTET_X86_ZERO];
}

// A word is broadcast; loaded (depthwise); gathered from a vector of pixels (narrow); broadcast for
// three columns of the kernel, where a word of column x is one of column x − 1 for the next pixel;
// broadcast for sums of their own (split), which hide the latency of the dots of a single pixel.
enum { BROADCAST, LOAD, NARROW, THREE, SPLIT, PARTS = OCTET_X86_PARTS };

// Adds words of the patch, of each of K columns of the kernel, for each of P pixels.
INLINE void add_words(
    const int P, const int B, const int K, const int mode, const octet_x86_layer *l,
    const uint8_t *word, const vector *weights, vector *s) {
  const ptrdiff_t step = l->horizontal_step;
  UNROLL for (int p = 0; p < P + K - 1; p++) {
    const uint8_t *source = word + (p % 3) * step;
    if (p % 3 == 2) word += 3 * step;
    const vector x = mode == LOAD ? *(const vector *)source : broadcast(source);
    UNROLL for (int i = 0; i < K * B; i++) {
      const int pixel = p - i / B;
      if (pixel < 0 || pixel >= P) continue;
      s[pixel * B + i % B] = dot(s[pixel * B + i % B], x, weights[i]);
    }
  }
}

// Adds the words from `tap` to `end`; the weights behind them.
INLINE const uint8_t *add_patch(
    const int P, const int B, const int mode, const octet_x86_layer *l, const octet_x86_place *r,
    const int32_t *tap, const int32_t *end, const uint8_t *weights, vector *s) {
  const int K = mode == THREE ? 3 : mode == SPLIT ? PARTS : 1;
  UNROLL for (int i = 1; mode == SPLIT && i < PARTS; i++) s[i] = (vector){0};
  for (; tap < end; tap += K, weights += 4 * K * B * LANES) {
    if (mode == SPLIT) {
      UNROLL for (int i = 0; i < K; i++) {
        s[i] = dot(s[i], broadcast(r->pixel + tap[i]), ((const vector *)weights)[i]);
      }
    } else {
      add_words(P, B, K, mode, l, r->pixel + *tap, (const vector *)weights, s);
    }
  }
  UNROLL for (int i = 1; mode == SPLIT && i < PARTS; i++) s[0] += s[i];
  return weights;
}

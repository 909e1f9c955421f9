// Convolution, fully connected and the pool that follows, for either instruction set: included by
// x86_avx512.c and x86_avx2.c. Twin of Convolution+Portable.swift.
//
//     for each block of B vectors of channels, for each row, for each block of P pixels:
//       sums[P][B] = bias
//       for each word k of the patch:                      its distance in the image is taps[k]
//         sums[p][b] += words[p] · weights[k][b]           P broadcasts and B loads for P · B dots
//       requantize, clamp, store                           or, with a pool, keep the larger sums
//
// 1. No patches are copied: a row of the kernel is KW · C consecutive elements of the image, cut
//    into words; the last word of a row may reach into its neighbours, with weights of 0.
// 2. P and B are constants in each instance, so that the sums stay in registers.
// 3. Depthwise, each lane has words of its own: the image's rows are interleaved first, so that a
//    word holds neighbours of a column; then the loop is the same with loads for broadcasts.
// 4. Three pixels share a base register (base, + step, + 2 · step); more would not fit.
// 5. Narrow, at most eight channels before a pool: lanes are pixels, P channels and B columns of
//    the pool's window.

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

// Stores the values of `count` lanes, of all if there are fewer, clamped.
INLINE void store(const octet_x86_layer *l, int8_t *target, vector value, int count) {
  bytes kept = narrow(value);
  if (l->is_clamped) {
    const bytes lower = (bytes){0} + (int8_t)l->lower, upper = (bytes){0} + (int8_t)l->upper;
    kept = __builtin_elementwise_min(__builtin_elementwise_max(kept, lower), upper);
  }
  if (count >= LANES) {
    *(bytes *)target = kept;
  } else if (count > 0) {
    store_some(target, kept, count);
  }
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

// Adds a word of the patch for each of P channels.
INLINE void add_narrow_word(
    const int P, const int B, const octet_x86_layer *l, const uint8_t *word,
    const uint8_t *weights, vector *s) {
  const vector x[2] = {gathered(word), gathered(word + (B - 1) * l->column_step)};
  UNROLL for (int p = 0; p < P; p++) {
    const vector weight = broadcast(weights + 4 * p);
    UNROLL for (int b = 0; b < B; b++) s[p * B + b] = dot(s[p * B + b], x[b], weight);
  }
}

// Requantizes and stores the sums of P pixels.
INLINE void finish(
    const int P, const int B, const int is_rectified, const octet_x86_layer *l,
    const octet_x86_place *r, const vector *s) {
  // A copy in registers, where they suffice: bytes that are stored might be constants for all that
  // C knows.
  vector copy[2 * OCTET_X86_CONSTANTS];
  const int copies = B <= 2 && HAS_32_REGISTERS;
  const vector *constants = r->constants;
  UNROLL for (int i = 0; copies && i < B * OCTET_X86_CONSTANTS; i++) copy[i] = constants[i];
  if (copies) constants = copy;
  int8_t *target = r->target;
  const int count = r->count;
  UNROLL for (int i = 0; i < P * B; i++) {
    const vector *c = constants + OCTET_X86_CONSTANTS * (i % B);
    const vector value = requantize(s[i], c, is_rectified);
    store(l, target + i % B * LANES, value, count - i % B * LANES);
    if (i % B == B - 1) target += l->channels;
  }
}

// Narrow: transposes the sums of P channels to [pixel, channel]. Outputs that are still to come may
// be written, up to `end`.
INLINE void finish_narrow(
    const int P, const int is_rectified, const octet_x86_layer *l, const octet_x86_place *r,
    const vector *s) {
  const vector lower = (vector){0} + l->lower, upper = (vector){0} + l->upper;
  const vector *constants = r->constants;
  vector words[2] = {0};
  UNROLL for (int p = 0; p < P && p < 8; p++) {
    const vector value = requantize(s[p], constants + OCTET_X86_CONSTANTS * p, is_rectified);
    words[p / 4] |= (clamp(value, lower, upper) & 255) << p % 4 * 8;
  }
  int8_t last[8 * LANES];
  const ptrdiff_t left = r->end - r->target;
  store_pixels(P, left < 8 * LANES ? last : r->target, words[0], words[1]);
  if (left < 8 * LANES) {
    __builtin_memcpy(r->target, last, (size_t)(left < LANES * P ? left : LANES * P));
  }
}

INLINE void block(
    const int P, const int B, const int mode, const int is_rectified, const octet_x86_layer *l,
    const octet_x86_place *r) {
  const int K = mode == THREE ? 3 : mode == SPLIT ? PARTS : 1;
  const vector *constants = r->constants;
  vector s[24], *sums = r->sums;
  UNROLL for (int i = 0; i < P * B; i++) {
    s[i] = constants[OCTET_X86_CONSTANTS * (mode == NARROW ? i / B : i % B)];
  }
  const uint8_t *weights = r->weights;
  const int32_t *tap = part(l, l->taps), *end = tap + l->word_count;
  UNROLL for (int i = 1; mode == SPLIT && i < PARTS; i++) s[i] = (vector){0};
  for (; tap < end; tap += K, weights += 4 * (mode == NARROW ? P : K * B * LANES)) {
    if (mode == NARROW) {
      add_narrow_word(P, B, l, r->pixel + *tap, weights, s);
    } else if (mode == SPLIT) {
      UNROLL for (int i = 0; i < K; i++) {
        s[i] = dot(s[i], broadcast(r->pixel + tap[i]), ((const vector *)weights)[i]);
      }
    } else {
      add_words(P, B, K, mode, l, r->pixel + *tap, (const vector *)weights, s);
    }
  }
  UNROLL for (int i = 1; mode == SPLIT && i < PARTS; i++) s[0] += s[i];
  if (mode == NARROW) {
    // One sum is left of those of neighbours.
    UNROLL for (int p = 0; p < P; p++) s[p] = larger(s[p * B], s[p * B + B - 1]);
  }
  const int count = mode == NARROW ? P : P * B;
  if (!r->is_first) {
    UNROLL for (int i = 0; i < count; i++) s[i] = larger(s[i], sums[i]);
  }
  if (!r->is_finished) {
    UNROLL for (int i = 0; i < count; i++) sums[i] = s[i];
  } else if (mode == NARROW) {
    finish_narrow(P, is_rectified, l, r, s);
  } else {
    finish(P, B, is_rectified, l, r, s);
  }
}

// One kernel for each kind and width that the file's BLOCKS lists, in the order of octet_x86.h; for
// no other is there one to choose.
#define PAIR(F, a, b, ...) F(a, __VA_ARGS__) F(b, __VA_ARGS__)
#define FOUR(F, a, b, c, d, ...) PAIR(F, a, b, __VA_ARGS__) PAIR(F, c, d, __VA_ARGS__)
#define ONE(F, ...) F(1, __VA_ARGS__)
#define SIX(F, ...) FOUR(F, 1, 2, 3, 4, __VA_ARGS__) PAIR(F, 5, 6, __VA_ARGS__)
#define EIGHT(F, ...) SIX(F, __VA_ARGS__) PAIR(F, 7, 8, __VA_ARGS__)
#define TWELVE(F, ...) EIGHT(F, __VA_ARGS__) FOUR(F, 9, 10, 11, 12, __VA_ARGS__)
#define SIXTEEN(F, ...) TWELVE(F, __VA_ARGS__) FOUR(F, 13, 14, 15, 16, __VA_ARGS__)
#define BLOCK(P, B, mode, is_rectified)                                                           \
  _Static_assert(P * B <= MOST_SUMS, "the sums stay in registers");                               \
  TARGET static void block_##P##_##B##_##mode##_##is_rectified(                                   \
      const octet_x86_layer *l, const octet_x86_place *r) {                                       \
    block(P, B, mode, is_rectified, l, r);                                                        \
  }
#define NAME_OF(P, B, mode, is_rectified) block_##P##_##B##_##mode##_##is_rectified,
#define DEFINITIONS(WIDTHS, B, mode) WIDTHS(BLOCK, B, mode, 0) WIDTHS(BLOCK, B, mode, 1)
#define NAMES(WIDTHS, B, mode) {{WIDTHS(NAME_OF, B, mode, 0)}, {WIDTHS(NAME_OF, B, mode, 1)}},
BLOCKS(DEFINITIONS)

octet_x86_block NAME(block)(int kind, int width, int is_rectified) {
  enum { MOST = OCTET_X86_MOST_COLUMNS };
  static const octet_x86_block blocks[OCTET_X86_KINDS][2][MOST] = {BLOCKS(NAMES)};
  return width > 0 && width <= MOST ? blocks[kind][is_rectified][width - 1] : NULL;
}

// The maxima of the sums of neighbouring columns, requantized.
INLINE void pool(const octet_x86_layer *l, octet_x86_place *r, const vector *sums) {
  const vector *constants = r->constants;
  const int B = r->vector_count, count = r->count;
  int8_t *target = r->target;
  for (int x = 0; x < l->output_width; x++, target += l->channels) {
    for (int b = 0; b < B; b++) {
      vector sum = sums[b];
      for (int i = 1; i < l->pool_width; i++) sum = larger(sum, sums[i * B + b]);
      r->constants = constants + OCTET_X86_CONSTANTS * b;
      r->target = target + b * LANES;
      r->count = count - b * LANES;
      finish(1, 1, l->is_rectified, l, r, &sum);
    }
    sums += l->pool_stride_width * B;
  }
  r->constants = constants;
  r->count = count;
}

// Blocks of nearly equal width; the last one may repeat columns of the one before. The place moves:
// it is not copied, since what was just written by parts is slow to read as a whole.
TARGET void NAME(run)(
    const octet_x86_layer *l, octet_x86_block run, octet_x86_place *r, int height) {
  const int is_pooled = l->pool_height * l->pool_width > 1;
  const int last = l->convolved_width - l->block_width;
  const uint8_t *const image = r->pixel;
  int8_t *target = r->target;
  vector *const sums = r->sums;
  for (int y = 0; y < height; y++, target += (ptrdiff_t)l->output_width * l->channels) {
    const uint8_t *pixel = image + (ptrdiff_t)y * l->pool_stride_height * l->vertical_step;
    for (int i = 0; i < l->pool_height; i++, pixel += l->vertical_step) {
      r->is_first = i == 0;
      r->is_finished = !is_pooled || (l->is_narrow && i == l->pool_height - 1);
      for (int j = 0; j < l->block_count; j++) {
        const ptrdiff_t x = j * l->block_width < last ? j * l->block_width : last;
        r->pixel = pixel + x * l->horizontal_step;
        r->target = target + x * l->target_step;
        r->sums = sums + x * r->vector_count;
        run(l, r);
      }
    }
    r->target = target;
    if (!r->is_finished) pool(l, r, sums);
  }
}

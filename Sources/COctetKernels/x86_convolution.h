// Convolution, fully connected and the pool that follows, for either instruction set: included by
// x86_avx512.c and x86_avx2.c, which name the vectors. Twin of Convolution+Portable.swift.
//
//     copy the input into the padded image
//     for each block of B vectors of channels, for each row, for each block of P pixels:
//       sums[P][B] = bias
//       for each word k of the patch:                      its offset in the image is taps[k]
//         sums[p][b] += words[p] · weights[k][b]           P broadcasts and B loads for P · B dots
//       requantize, clamp, store                           or, with a pool, keep the larger sums
//
// 1. No patches are copied: a row of the kernel is KW · C consecutive elements of the image, cut
//    into words; the last word of a row may reach into its neighbours, with weights of 0.
// 2. P and B are constants in each instance, so that the sums stay in registers.
// 3. Depthwise, each lane has words of its own: the image's rows are interleaved first, so that a
//    word holds neighbours of a column; then the loop is the same with loads for broadcasts.
// 4. Three pixels share a base register (base, + step, + 2 · step); more would not fit.

typedef void NAME(block_kernel)(
    const octet_x86_layer *, const uint8_t *pixel, const vector *weights, const vector *constants,
    int8_t *target, int count, vector *sums, int is_first);

// A mode is the number of vectors B, or one of these for a single vector: depthwise; three columns
// of the kernel at once, see `add_three_words`.
enum { DEPTHWISE = 0, THREE = 3 };

// Requantizes and stores the sums of P pixels.
INLINE void NAME(finish)(
    const int P, const int B, const int is_rectified, const octet_x86_layer *l, const vector *s,
    const vector *constants, int8_t *target, int count) {
  // A copy in registers, where they suffice: bytes that are stored might be constants for all that
  // C knows.
  vector copy[2 * OCTET_X86_CONSTANTS];
  const int copies = B <= 2 && HAS_32_REGISTERS;
#pragma clang loop unroll(full)
  for (int i = 0; i < (copies ? B : 0) * OCTET_X86_CONSTANTS; i++) copy[i] = load(constants + i);
  const vector *c = copies ? copy : constants;
#pragma clang loop unroll(full)
  for (int p = 0; p < P; p++) {
    vector v[8];
#pragma clang loop unroll(full)
    for (int b = 0; b < B; b++) {
      v[b] = requantize(s[p * B + b], c + OCTET_X86_CONSTANTS * b, is_rectified);
    }
    store(target + (ptrdiff_t)p * l->channels, v, B, count, l->lower, l->upper);
  }
}

// Adds a word of the patch for each of P pixels.
INLINE void NAME(add_word)(
    const int P, const int B, const int is_depthwise, const uint8_t *word, ptrdiff_t step,
    const vector *weights, vector *s) {
  vector w[8];
#pragma clang loop unroll(full)
  for (int b = 0; b < B; b++) w[b] = load(weights + b);
#pragma clang loop unroll(full)
  for (int p = 0; p < P; p++) {
    const uint8_t *source = word + (p % 3) * step;
    if (p % 3 == 2) word += 3 * step;
    const vector x = is_depthwise ? load(source) : broadcast(source);
#pragma clang loop unroll(full)
    for (int b = 0; b < B; b++) s[p * B + b] = dot(s[p * B + b], x, w[b]);
  }
}

// Adds words that stand one below the other in three columns of the kernel: a word of column x is
// one of column x − 1 for the pixel on its right.
INLINE void NAME(add_three_words)(
    const int P, const uint8_t *word, ptrdiff_t step, const vector *weights, vector *s) {
  const vector w[3] = {load(weights), load(weights + 1), load(weights + 2)};
#pragma clang loop unroll(full)
  for (int p = 0; p < P + 2; p++) {
    const vector x = broadcast(word + (p % 3) * step);
    if (p % 3 == 2) word += 3 * step;
#pragma clang loop unroll(full)
    for (int i = 0; i < 3; i++) {
      if (p - i >= 0 && p - i < P) s[p - i] = dot(s[p - i], x, w[i]);
    }
  }
}

INLINE void NAME(block)(
    const int P, const int B, const int mode, const octet_x86_layer *l, const uint8_t *pixel,
    const vector *weights, const vector *constants, int8_t *target, int count, vector *sums,
    int is_first) {
  const ptrdiff_t step = l->horizontal_step * (ptrdiff_t)sizeof(element);
  vector s[24];
#pragma clang loop unroll(full)
  for (int i = 0; i < P * B; i++) s[i] = load(constants + OCTET_X86_CONSTANTS * (i % B));
  const int32_t *tap = octet_x86_part(l, l->taps), *end = tap + l->word_count;
  if (mode == THREE) {
    for (; tap < end; tap += 3, weights += 3) {
      NAME(add_three_words)(P, pixel + *tap, step, weights, s);
    }
  } else {
    for (; tap < end; tap++, weights += B) {
      NAME(add_word)(P, B, mode == DEPTHWISE, pixel + *tap, step, weights, s);
    }
  }
  if (sums) {
#pragma clang loop unroll(full)
    for (int i = 0; i < P * B; i++) {
      save(sums + i, is_first ? s[i] : larger(s[i], load(sums + i)));
    }
    return;
  }
  if (l->is_rectified) {
    NAME(finish)(P, B, 1, l, s, constants, target, count);
  } else {
    NAME(finish)(P, B, 0, l, s, constants, target, count);
  }
}

#define INSTANCE(P, B)                                                                            \
  TARGET static void NAME(block_##P##_##B)(                                                       \
      const octet_x86_layer *l, const uint8_t *pixel, const vector *w, const vector *c,           \
      int8_t *target, int count, vector *sums, int is_first) {                                    \
    const int width = B == DEPTHWISE || B == THREE ? 1 : B;                                       \
    NAME(block)(P, width, B, l, pixel, w, c, target, count, sums, is_first);                      \
  }
#define UP_TO_6(B)                                                                                \
  INSTANCE(1, B) INSTANCE(2, B) INSTANCE(3, B) INSTANCE(4, B) INSTANCE(5, B) INSTANCE(6, B)
#define UP_TO_12(B)                                                                               \
  UP_TO_6(B) INSTANCE(7, B) INSTANCE(8, B) INSTANCE(9, B) INSTANCE(10, B) INSTANCE(11, B)         \
  INSTANCE(12, B)
#define UP_TO_16(B) UP_TO_12(B) INSTANCE(13, B) INSTANCE(14, B) INSTANCE(15, B) INSTANCE(16, B)
#define N(P, B) NAME(block_##P##_##B)
#define TABLE_6(B) N(1, B), N(2, B), N(3, B), N(4, B), N(5, B), N(6, B)
#define TABLE_12(B) TABLE_6(B), N(7, B), N(8, B), N(9, B), N(10, B), N(11, B), N(12, B)
#define TABLE_16(B) TABLE_12(B), N(13, B), N(14, B), N(15, B), N(16, B)
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

PASTE(UP_TO_, PIXELS_1)(0)
PASTE(UP_TO_, PIXELS_1)(1)
PASTE(UP_TO_, PIXELS_2)(2)
PASTE(UP_TO_, PIXELS_1)(3)
INSTANCE(1, 8)
static NAME(block_kernel) *const NAME(kernels_0)[] = {PASTE(TABLE_, PIXELS_1)(0)};
static NAME(block_kernel) *const NAME(kernels_1)[] = {PASTE(TABLE_, PIXELS_1)(1)};
static NAME(block_kernel) *const NAME(kernels_2)[] = {PASTE(TABLE_, PIXELS_2)(2)};
static NAME(block_kernel) *const NAME(kernels_3)[] = {PASTE(TABLE_, PIXELS_1)(3)};
static NAME(block_kernel) *const NAME(kernels_8)[] = {N(1, 8)};

// The padded image of one sample.
TARGET static void NAME(copy)(const octet_x86_layer *l, const int8_t *source) {
  element *row = octet_x86_part(l, l->image);
  const int available = l->image_row_count - l->left;
  const int count = l->row_count < available ? l->row_count : available;
  for (int y = -l->top; y < l->image_height - l->top; y++, row += l->image_row_count) {
    if (y < 0 || y >= l->height) {
      fill(row, l->padding, l->image_row_count);
      continue;
    }
    if (l->left > 0) fill(row, l->padding, l->left);
    convert(row + l->left, source + (ptrdiff_t)y * l->row_count, count);
    if (count < available) fill(row + l->left + count, l->padding, available - count);
  }
}

// One row of the convolution, all columns, in blocks of nearly equal size; the last one may repeat
// columns of the one before.
TARGET static void NAME(row)(
    const octet_x86_layer *l, NAME(block_kernel) *const *kernels, int B, int most,
    const element *pixel, const vector *weights, const vector *constants, int8_t *target,
    int count, int is_first) {
  const int width = l->convolved_width;
  const int blocks = (width + most - 1) / most;
  const int P = (width + blocks - 1) / blocks;
  const int is_pooled = l->pool_height * l->pool_width > 1;
  vector *sums = is_pooled ? octet_x86_part(l, l->scratch) : NULL;
  for (int block = 0; block < blocks; block++) {
    const ptrdiff_t x = block * P < width - P ? block * P : width - P;
    kernels[P - 1](
        l, (const uint8_t *)(pixel + x * l->horizontal_step), weights, constants,
        target + x * l->channels, count, is_pooled ? sums + x * B : NULL, is_first);
  }
}

// The maxima of the sums of neighbouring columns, requantized.
TARGET static void NAME(pool)(
    const octet_x86_layer *l, int B, const vector *constants, int8_t *target, int count) {
  const vector *sums = octet_x86_part(l, l->scratch);
  for (int x = 0; x < l->output_width; x++, target += l->channels) {
    for (int b = 0; b < B; b++) {
      vector sum = load(sums + b);
      for (int i = 1; i < l->pool_width; i++) sum = larger(sum, load(sums + i * B + b));
      const vector value =
          requantize(sum, constants + OCTET_X86_CONSTANTS * b, l->is_rectified);
      store(target + b * LANES, &value, 1, count - b * LANES, l->lower, l->upper);
    }
    sums += l->pool_stride_width * B;
  }
}

TARGET static void NAME(convolution)(const octet_x86_layer *l, uint8_t *arena) {
  const int8_t *source = (const int8_t *)arena + l->input;
  int8_t *target = (int8_t *)arena + l->output;
  const int is_pooled = l->pool_height * l->pool_width > 1;
  for (int n = 0; n < l->batch; n++) {
    NAME(copy)(l, source);
    const vector *weights = octet_x86_part(l, l->weights);
    const vector *constants = octet_x86_part(l, l->constants);
    for (int channel = 0; channel < l->channels;) {
      const int count = l->channels - channel;
      const int is_column = l->convolved_width == 1 && !is_pooled;
      const int B = octet_x86_block(count, LANES, is_column);
      NAME(block_kernel) *const *kernels =
          l->takes_three ? NAME(kernels_3)
          : B == 8       ? NAME(kernels_8)
          : B == 2       ? NAME(kernels_2)
                         : NAME(kernels_1);
      const int most = B == 8 ? 1 : B == 2 ? PIXELS_2 : PIXELS_1;
      const int kept = count < B * LANES ? count : B * LANES;
      for (int y = 0; y < l->output_height; y++) {
        int8_t *row = target + (ptrdiff_t)y * l->output_width * l->channels + channel;
        for (int i = 0; i < l->pool_height; i++) {
          const element *pixel =
              (const element *)octet_x86_part(l, l->image)
              + (ptrdiff_t)(y * l->pool_stride_height + i) * l->vertical_step;
          NAME(row)(l, kernels, B, most, pixel, weights, constants, row, kept, i == 0);
        }
        if (is_pooled) NAME(pool)(l, B, constants, row, kept);
      }
      weights += (ptrdiff_t)l->word_count * B;
      constants += OCTET_X86_CONSTANTS * B;
      channel += B * LANES;
    }
    source += (ptrdiff_t)l->height * l->row_count;
    target += (ptrdiff_t)l->output_height * l->output_width * l->channels;
  }
}

TARGET static void NAME(depthwise)(const octet_x86_layer *l, uint8_t *arena) {
  const int8_t *source = (const int8_t *)arena + l->input;
  int8_t *target = (int8_t *)arena + l->output;
  const int groups = (l->kernel_height + ELEMENTS - 1) / ELEMENTS;
  element *words = octet_x86_part(l, l->scratch);
  for (int n = 0; n < l->batch; n++) {
    NAME(copy)(l, source);
    const element *image = octet_x86_part(l, l->image);
    for (int y = 0; y < l->output_height; y++) {
      const element *top = image + (ptrdiff_t)y * l->vertical_step;
      for (int group = 0; group < groups; group++) {
        const element *rows[ELEMENTS];
        for (int i = 0; i < ELEMENTS; i++) {
          // Rows past the kernel's have weights of 0.
          const int row = group * ELEMENTS + i;
          rows[i] = top + (row < l->kernel_height ? row : 0) * (ptrdiff_t)l->row_step;
        }
        interleave(
            words + (ptrdiff_t)group * ELEMENTS * l->image_row_count, rows, l->image_row_count);
      }
      const vector *weights = octet_x86_part(l, l->weights);
      const vector *constants = octet_x86_part(l, l->constants);
      for (int channel = 0; channel < l->channels; channel += LANES) {
        const int left = l->channels - channel;
        NAME(row)(
            l, NAME(kernels_0), 1, PIXELS_1, words + channel * ELEMENTS, weights, constants,
            target + channel, left < LANES ? left : LANES, 1);
        weights += l->word_count;
        constants += OCTET_X86_CONSTANTS;
      }
      target += (ptrdiff_t)l->output_width * l->channels;
    }
    source += (ptrdiff_t)l->height * l->row_count;
  }
}

// Convolution, fully connected and the pool that follows, for either instruction set and
// int8 or int16: included by x86_*.c behind what a block does, x86_int8.h or x86_int16.h. Twin of
// Convolution+Portable.swift.
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
#ifdef HAS_POOLS
#define DEFINITIONS(WIDTHS, B, mode) WIDTHS(BLOCK, B, mode, 0) WIDTHS(BLOCK, B, mode, 1)
#define NAMES(WIDTHS, B, mode) {{WIDTHS(NAME_OF, B, mode, 0)}, {WIDTHS(NAME_OF, B, mode, 1)}},
#else
// Of int16, blocks are the same whether or not their sums are rectified.
#define DEFINITIONS(WIDTHS, B, mode) WIDTHS(BLOCK, B, mode, 0)
#define NAMES(WIDTHS, B, mode) {{WIDTHS(NAME_OF, B, mode, 0)}, {WIDTHS(NAME_OF, B, mode, 0)}},
#endif
BLOCKS(DEFINITIONS)

octet_x86_block NAME(block)(int kind, int width, int is_rectified) {
  enum { MOST = OCTET_X86_MOST_COLUMNS };
  static const octet_x86_block blocks[OCTET_X86_KINDS][2][MOST] = {BLOCKS(NAMES)};
  return width > 0 && width <= MOST ? blocks[kind][is_rectified][width - 1] : NULL;
}

// Blocks of nearly equal width; the last one may repeat columns of the one before. The place moves:
// it is not copied, since what was just written by parts is slow to read as a whole.
TARGET void NAME(run)(
    const octet_x86_layer *l, octet_x86_block run, octet_x86_place *r, int height) {
  const int is_pooled = l->pool_height * l->pool_width > 1;
  const int last = l->convolved_width - l->block_width;
  const uint8_t *const image = r->pixel;
  operand *target = (operand *)r->target;
  vector *const sums = r->sums;
  for (int y = 0; y < height; y++, target += (ptrdiff_t)l->output_width * l->channels) {
    const uint8_t *pixel = image + (ptrdiff_t)y * l->pool_stride_height * l->vertical_step;
    for (int i = 0; i < l->pool_height; i++, pixel += l->vertical_step) {
      r->is_first = i == 0;
      r->is_finished = !is_pooled || (l->is_narrow && i == l->pool_height - 1);
      for (int j = 0; j < l->block_count; j++) {
        const ptrdiff_t x = j * l->block_width < last ? j * l->block_width : last;
        r->pixel = pixel + x * l->horizontal_step;
        r->target = (int8_t *)(target + x * l->target_step);
        r->sums = sums + x * r->vector_count;
        run(l, r);
      }
    }
    r->target = (int8_t *)target;
#ifdef HAS_POOLS
    if (!r->is_finished) pool(l, r, sums);
#endif
  }
}

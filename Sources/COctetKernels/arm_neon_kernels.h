// Kernels with NEON: included once for each instruction set, with NAME(x) and USE_DOT defined.
//
//     tile:     for each channel c: for each patch p:
//                 sum = bias[c] + Σₖ weights[c][k] · patch[p][k]
//               maximum of the window or each pixel, requantize, clamp, store
//     connect:  the same for one patch that lies in the input itself
//     narrow:   tile, where all its patches together are at most eight rows of eight bytes
//
// 1. Blocks of channels and four patches stay in registers; sums of 16 taps (SDOT: of 4) are made
//    in the lanes and added across once at the end.
// 2. Without SDOT: products of int8 fill int16. Two of them still fit, 2 · 127 · 128 < 2¹⁵, because
//    weights are at least −127; then VPADAL adds pairs to int32.
// 3. The last of a patch is masked to a multiple of 16, so that the weights read beyond a row, the
//    next row's or the 16 bytes that end every blob's weights, add nothing.
// 4. Narrow patches are not copied: eight loads fill a table of 64 bytes, from which TBL takes each
//    patch, with zeros after its end.
// 5. Requantization of all channels of a block at once: VQRDMULH is `highMultiply`, and VRSHL
//    rounds ties up, which taking 1 off negative values turns into away from zero.

// Adds Σ w · x to the lanes of `sum`.
INLINE int32x4_t NAME(add)(int32x4_t sum, int8x16_t w, int8x16_t x) {
#if USE_DOT
  return vdotq_s32(sum, w, x);
#else
  int16x8_t products = vmull_s8(vget_low_s8(w), vget_low_s8(x));
  return vpadalq_s16(sum, vmlal_s8(products, vget_high_s8(w), vget_high_s8(x)));
#endif
}

// Adds 16 taps of `rows` channels and four patches to lanes[rows][4], and steps to the next.
INLINE void NAME(step)(
    const int8_t *w[4], int rows, const int8x16_t x[4], int32x4_t lanes[4][4]) {
  UNROLLED for (int row = 0; row < rows; row++, w++) {
    int8x16_t weights = vld1q_s8(*w);
    *w += 16;
    UNROLLED for (int p = 0; p < 4; p++) lanes[row][p] = NAME(add)(lanes[row][p], weights, x[p]);
  }
}

// sums[p] = the sums of `rows` channels, 1, 2 or 4, over patch p.
INLINE void NAME(multiply)(
    const int8_t *weights, int32_t depth, const int8_t *const patches[4], int8x16_t mask, int rows,
    int32x4_t sums[4]) {
  int32x4_t lanes[4][4];
  int8x16_t x[4];
  const int8_t *w[4], *from[4] = {patches[0], patches[1], patches[2], patches[3]};
  UNROLLED for (int row = 0; row < rows; row++) {
    w[row] = weights + row * depth;
    UNROLLED for (int p = 0; p < 4; p++) lanes[row][p] = vdupq_n_s32(0);
  }
#pragma clang loop unroll(disable)
  for (const int8_t *end = from[0] + (depth & ~15); from[0] < end;) {
    UNROLLED for (int p = 0; p < 4; p++) x[p] = vld1q_s8(from[p]), from[p] += 16;
    NAME(step)(w, rows, x, lanes);
  }
  if (depth & 15) {
    UNROLLED for (int p = 0; p < 4; p++) x[p] = vandq_s8(vld1q_s8(from[p]), mask);
    NAME(step)(w, rows, x, lanes);
  }
  UNROLLED for (int p = 0; p < 4; p++) {
    // Without a fourth channel its lane is never stored.
    sums[p] = add_across(
        lanes[0][p], lanes[rows > 1 ? 1 : 0][p], lanes[rows > 2 ? 2 : 0][p],
        lanes[rows > 2 ? 3 : 0][p], rows);
  }
}

INLINE void NAME(tile_rows)(
    const octet_channels *channels, const octet_tile *to, const int8_t *const patches[4],
    int8x16_t mask, int32_t index, int rows) {
  int32x4_t sums[4];
  NAME(multiply)(
      channels->weights + index * channels->depth, channels->depth, patches, mask, rows, sums);
  finish_rows(channels, to, index, rows, sums);
}

void NAME(tiles)(
    const octet_patches *patches, const octet_channels *channels, octet_tile *tile,
    int8_t *values) {
  // Copies, because the compiler cannot know that stores to the arena leave the originals be.
  const octet_patches source = *patches;
  const octet_channels local = *channels;
  octet_tile to = *tile;
  int8x16_t mask = first_lanes(local.depth & 15);
  for (int32_t repeat = tile->repeat_count; repeat > 0; repeat--, next_tile(&to)) {
    const int8_t *places[4];
    gather_tile(&source, &to, local.depth, values, places);
    int32_t index = 0;
#if defined(__aarch64__)
    for (; index + 4 <= local.channels; index += 4) {
      NAME(tile_rows)(&local, &to, places, mask, index, 4);
    }
#endif
    for (; index + 2 <= local.channels; index += 2) {
      NAME(tile_rows)(&local, &to, places, mask, index, 2);
    }
    if (index < local.channels) NAME(tile_rows)(&local, &to, places, mask, index, 1);
  }
  tile->column = to.column, tile->left = to.left, tile->target = to.target;
}

#if defined(__aarch64__)
// As `tile_rows`, of at most 16 · `halves` taps that stand in x[patch][half], then zeros.
INLINE void NAME(narrow_rows)(
    const octet_channels *channels, const octet_tile *to, const int8x16_t x[4][2], int32_t index,
    int rows, int halves) {
  const int8_t *w = channels->weights + index * channels->depth;
  int32x4_t lanes[4][4], sums[4];
  UNROLLED for (int row = 0; row < rows; row++, w += channels->depth) {
    UNROLLED for (int p = 0; p < 4; p++) lanes[row][p] = vdupq_n_s32(0);
    UNROLLED for (int half = 0; half < halves; half++) {
      int8x16_t weights = vld1q_s8(w + 16 * half);
      UNROLLED for (int p = 0; p < 4; p++) {
        lanes[row][p] = NAME(add)(lanes[row][p], weights, x[p][half]);
      }
    }
  }
  UNROLLED for (int p = 0; p < 4; p++) {
    sums[p] = add_across(
        lanes[0][p], lanes[rows > 1 ? 1 : 0][p], lanes[rows > 2 ? 2 : 0][p],
        lanes[rows > 2 ? 3 : 0][p], rows);
  }
  finish_rows(channels, to, index, rows, sums);
}

INLINE void NAME(narrow)(
    const octet_patches *patches, const octet_channels *channels, octet_tile *tile,
    const uint8_t *indices, int halves) {
  const octet_channels local = *channels;
  octet_tile to = *tile;
  const int8_t *from = place(patches, to.row, to.column);
  int32_t row_byte_count = patches->row_byte_count, row_count = patches->narrow_row_count;
  int32_t step = to.column_advance * patches->column_step;
  for (int32_t repeat = tile->repeat_count; repeat > 0; repeat--, next_tile(&to), from += step) {
    const int8_t *next = from;
    int8x16x4_t rows = {{vdupq_n_s8(0), vdupq_n_s8(0), vdupq_n_s8(0), vdupq_n_s8(0)}};
    UNROLLED for (int pair = 0; pair < 4; pair++, next += 2 * row_byte_count) {
      if (2 * pair >= row_count) break;
      const int8_t *below = 2 * pair + 1 < row_count ? next + row_byte_count : next;
      rows.val[pair] = vcombine_s8(vld1_s8(next), vld1_s8(below));
    }
    int8x16_t x[4][2];
    UNROLLED for (int p = 0; p < 4; p++) {
      UNROLLED for (int half = 0; half < halves; half++) {
        x[p][half] = vqtbl4q_s8(rows, vld1q_u8(indices + 32 * p + 16 * half));
      }
    }
    int32_t index = 0;
    for (; index + 4 <= local.channels; index += 4) {
      NAME(narrow_rows)(&local, &to, x, index, 4, halves);
    }
    for (; index + 2 <= local.channels; index += 2) {
      NAME(narrow_rows)(&local, &to, x, index, 2, halves);
    }
    if (index < local.channels) NAME(narrow_rows)(&local, &to, x, index, 1, halves);
  }
  tile->column = to.column, tile->left = to.left, tile->target = to.target;
}

void NAME(narrow_tiles)(
    const octet_patches *patches, const octet_channels *channels, octet_tile *tile,
    const uint8_t *indices) {
  if (channels->depth > 16) {
    NAME(narrow)(patches, channels, tile, indices, 2);
  } else {
    NAME(narrow)(patches, channels, tile, indices, 1);
  }
}
#endif

// The sums of `rows` channels with the values themselves and then their last `depth` % 16.
INLINE int32x4_t NAME(connect_rows)(
    const octet_channels *channels, const int8_t *values, int8x16_t tail, int32_t index, int rows) {
  int32_t depth = channels->depth, whole = depth & ~15;
  const int8_t *w = channels->weights + index * depth;
  int32x4_t lanes[4];
  UNROLLED for (int row = 0; row < rows; row++) lanes[row] = vdupq_n_s32(0);
  for (int32_t k = 0; k < whole; k += 16) {
    int8x16_t x = vld1q_s8(values + k);
    UNROLLED for (int row = 0; row < rows; row++) {
      lanes[row] = NAME(add)(lanes[row], vld1q_s8(w + row * depth + k), x);
    }
  }
  if (whole < depth) {
    UNROLLED for (int row = 0; row < rows; row++) {
      lanes[row] = NAME(add)(lanes[row], vld1q_s8(w + row * depth + whole), tail);
    }
  }
  return add_across(
      lanes[0], lanes[rows > 1 ? 1 : 0], lanes[rows > 2 ? 2 : 0], lanes[rows > 2 ? 3 : 0], rows);
}

void NAME(connect)(
    const octet_channels *channels, const int8_t *values, int32_t offset, int8_t *target) {
  const octet_channels local = *channels;
  int8_t tail[16] = {0};
  for (int32_t k = local.depth & ~15; k < local.depth; k++) tail[k & 15] = values[k];
  int8x16_t rest = vld1q_s8(tail);
  int32x4_t offsets = vdupq_n_s32(offset);
  int32_t index = 0;
  for (; index + 4 <= local.channels; index += 4) {
    int32x4_t sum = NAME(connect_rows)(&local, values, rest, index, 4);
    store(target + index, 4, quantized(&local, index, 4, vsubq_s32(sum, offsets)));
  }
  for (; index < local.channels; index++) {
    int32x4_t sum = NAME(connect_rows)(&local, values, rest, index, 1);
    store(target + index, 1, quantized(&local, index, 1, vsubq_s32(sum, offsets)));
  }
}

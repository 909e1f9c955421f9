// How patches are gathered from the input on ARM cores.
//
//     patch[(ky · KW + kx) · C + c] = origin[y + ky · DH, x + kx · DW, c]
//
// 1. The origin is the image itself, or where windows reach beyond it a band of its rows with zero
//    points around, copied once for each output row: so no patch needs a check.
// 2. Without dilation and groups a kernel row is one run of bytes; otherwise each tap is one.
// 3. Runs are copied by words, the last of which overlaps the one before: nothing is read or
//    written beyond a run. Cores that fault on unaligned words copy bytes.
// 4. The patch below another is the same one run later, so in a pool window of two rows one gather,
//    a run longer, serves two pixels.
#pragma once

#include "octet_kernels.h"

typedef int8_t *restrict bytes_to;
typedef const int8_t *restrict bytes_from;

#define COPY_BY(word_byte_count)                                               \
  if (count >= (word_byte_count)) {                                            \
    int8_t *last = to + count - (word_byte_count);                             \
    const int8_t *last_from = from + count - (word_byte_count);                \
    for (; to < last; to += (word_byte_count), from += (word_byte_count)) {    \
      __builtin_memcpy(to, from, (word_byte_count));                           \
    }                                                                          \
    __builtin_memcpy(last, last_from, (word_byte_count));                      \
    return;                                                                    \
  }

static inline void copy_bytes(bytes_to to, bytes_from from, int32_t count) {
#if defined(__ARM_NEON)
  COPY_BY(16)
#endif
#if defined(__ARM_FEATURE_UNALIGNED)
  COPY_BY(4)
#endif
  for (; count > 0; count--) *to++ = *from++;
}

// Of a patch, `count` values from byte `skip` of run `run` on.
typedef struct {
  int32_t run, skip, count;
} patch_part;

// Where the patch of a pixel starts.
static inline const int8_t *place(const octet_patches *p, int32_t row, int32_t column) {
  return p->origin + (row * p->row_step + column * p->column_step);
}

// Writes a part of the patch that starts at `from`, or more than it has: then it goes on with the
// runs below it.
static inline void gather(const octet_patches *p, const int8_t *from, patch_part part, int8_t *to) {
  int32_t run = p->run_byte_count, step = p->kernel_row_step, tap = part.run;
  if (p->runs_per_row > 1) {
    for (; tap >= p->runs_per_row; tap -= p->runs_per_row) from += step;
    for (int32_t skip = part.skip; part.count > 0; skip = 0) {
      int32_t count = run - skip < part.count ? run - skip : part.count;
      copy_bytes(to, from + (tap * p->run_step + skip), count);
      to += count, part.count -= count;
      if (++tap == p->runs_per_row) tap = 0, from += step;
    }
    return;
  }
  from += tap * step;
  int8_t *end = to + part.count;
#if defined(__ARM_FEATURE_UNALIGNED)
  // First layers: part of nothing, one or two words a run.
  if (run >= 4 && run <= 8 && part.skip == 0) {
#if defined(__ARM_NEON)
    // What is written beyond a run is overwritten by the next, and scratch has room after the last.
    if (p->can_overread) {
      for (; to < end; to += run, from += step) __builtin_memcpy(to, from, 8);
      return;
    }
#endif
    for (; to + run <= end; to += run, from += step) {
      __builtin_memcpy(to, from, 4);
      __builtin_memcpy(to + run - 4, from + run - 4, 4);
    }
  }
#endif
  for (int32_t skip = part.skip; to < end; skip = 0, from += step) {
    int32_t count = run - skip < end - to ? run - skip : (int32_t)(end - to);
    copy_bytes(to, from + skip, count);
    to += count;
  }
}

// The pixel after (`row`, `column`) in a tile, unless it was the last.
static inline void next_pixel(const octet_tile *tile, int32_t lane, int32_t *row, int32_t *column) {
  if (lane + 1 >= tile->count) return;
  if (++*column == tile->left + tile->width) *column = tile->left, ++*row;
}

// Whether a tile is a window of two by two pixels whose lower patches are the upper ones a run
// later.
static inline bool has_shared_runs(const octet_patches *p, const octet_tile *tile) {
  return tile->width == 2 && tile->count == 4 && p->row_step == p->kernel_row_step &&
         p->runs_per_row == 1;
}

// The tile beside it.
static inline void next_tile(octet_tile *tile) {
  tile->column += tile->column_advance, tile->left += tile->column_advance;
  tile->target += tile->target_advance;
}

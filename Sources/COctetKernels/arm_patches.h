// How patches are gathered from the input on ARM cores.
//
//     patch[(ky · KW + kx) · C + c] = input[y + ky · DH, x + kx · DW, c]  or the zero point outside
//
// 1. Without dilation and groups a kernel row is one run of bytes in the input; otherwise each tap
//    is one.
// 2. Runs are copied by words, the last of which overlaps the one before: nothing is read or
//    written beyond a run. Cores that fault on unaligned words copy bytes.
// 3. A patch inside the image with short runs, as first layers have, is two words a run.
#pragma once

#include "octet_kernels.h"

typedef int8_t *restrict bytes_to;
typedef const int8_t *restrict bytes_from;

#define COPY_BY(word_byte_count)                                           \
  if (count >= (word_byte_count)) {                                        \
    int32_t last = count - (word_byte_count), index = 0;                   \
    for (; index < last; index += (word_byte_count)) {                     \
      __builtin_memcpy(to + index, from + index, (word_byte_count));       \
    }                                                                      \
    __builtin_memcpy(to + last, from + last, (word_byte_count));           \
    return;                                                                \
  }

static inline void copy_bytes(bytes_to to, bytes_from from, int32_t count) {
#if defined(__ARM_NEON)
  COPY_BY(16)
  COPY_BY(8)
#endif
#if defined(__ARM_FEATURE_UNALIGNED)
  COPY_BY(4)
#endif
  for (; count > 0; count--) *to++ = *from++;
}

static inline void fill_bytes(bytes_to to, int8_t value, int32_t count) {
  for (; count > 0; count--) *to++ = value;
}

static inline int32_t between(int32_t value, int32_t lower, int32_t upper) {
  return value < lower ? lower : value > upper ? upper : value;
}

// Of a patch, `count` values from byte `skip` of run `run` on.
typedef struct {
  int32_t run, skip, count;
} patch_part;

// Runs that are kernel rows: all have the same columns, so the same bytes lie in the image.
static void gather_rows(
    const octet_patches *p, int32_t y, int32_t x, patch_part part, int8_t *to) {
  int32_t run_byte_count = p->run_byte_count, step = p->dilation_height * p->row_byte_count;
  int32_t first = between(-x, 0, p->run_tap_count) * p->tap_byte_count;
  int32_t end = between(p->width - x, 0, p->run_tap_count) * p->tap_byte_count;
  y += part.run * p->dilation_height;
  int32_t offset = y * p->row_byte_count + x * p->pixel_byte_count;
  int32_t skip = part.skip, left = part.count;
  while (left > 0) {
    int32_t count = run_byte_count - skip;
    if (count > left) count = left;
    if (y < 0 || y >= p->height) {
      fill_bytes(to, p->zero_point, count);
    } else if (end - first == run_byte_count) {
      copy_bytes(to, p->image + (offset + skip), count);
    } else {
      int32_t before = between(first - skip, 0, count);
      int32_t inside = between(end - skip, before, count) - before;
      fill_bytes(to, p->zero_point, before);
      copy_bytes(to + before, p->image + (offset + skip + before), inside);
      fill_bytes(to + before + inside, p->zero_point, count - before - inside);
    }
    to += count, left -= count, skip = 0;
    y += p->dilation_height, offset += step;
  }
}

// Runs that are single taps.
static void gather_taps(
    const octet_patches *p, int32_t y, int32_t x, patch_part part, int8_t *to) {
  int32_t tap = part.run, skip = part.skip, left = part.count;
  for (; tap >= p->kernel_width; tap -= p->kernel_width) y += p->dilation_height;
  while (left > 0) {
    int32_t column = x + tap * p->dilation_width, count = p->tap_byte_count - skip;
    if (count > left) count = left;
    if (y < 0 || y >= p->height || column < 0 || column >= p->width) {
      fill_bytes(to, p->zero_point, count);
    } else {
      copy_bytes(to, p->image + y * p->row_byte_count + column * p->pixel_byte_count + skip, count);
    }
    to += count, left -= count, skip = 0;
    if (++tap == p->kernel_width) tap = 0, y += p->dilation_height;
  }
}

// Writes a part of the patch of the convolution's pixel (`row`, `column`).
static inline void gather(
    const octet_patches *p, int32_t row, int32_t column, patch_part part, int8_t *to) {
  int32_t y = row * p->stride_height - p->padding_top;
  int32_t x = column * p->stride_width - p->padding_left;
#if defined(__ARM_FEATURE_UNALIGNED)
  if (part.count == p->short_depth && (uint32_t)y < p->inside_height &&
      (uint32_t)x < p->inside_width) {
    int32_t step = p->dilation_height * p->row_byte_count, run = p->run_byte_count;
    const int8_t *from = p->image + (y * p->row_byte_count + x * p->pixel_byte_count);
    for (const int8_t *end = to + part.count; to < end; to += run, from += step) {
      __builtin_memcpy(to, from, 4);
      __builtin_memcpy(to + run - 4, from + run - 4, 4);
    }
    return;
  }
#endif
  if (p->run_tap_count > 1 || p->kernel_width == 1) {
    gather_rows(p, y, x, part, to);
  } else {
    gather_taps(p, y, x, part, to);
  }
}

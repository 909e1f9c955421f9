#pragma clang diagnostic ignored "-Wnullability-completeness"
// The kernels of ARM cores: what Convolution+CortexM.swift, Convolution+NEON.swift and their
// FullyConnected twins call.
//
// Names: a *patch* is the input of one output pixel, `depth` values; a *tile* is four patches.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#if defined(__arm__) || defined(__aarch64__)

// Whether the machine may have NEON, which it reports at run time. Cores without have kernels of
// their own, chosen when the firmware is built: with SMLAD (Cortex-M4, M7, ARMv6), with MLA (M3),
// or with MULS alone (M0). A constant, so that firmware holds one of the two.
static inline bool octet_may_have_neon(void) {
#if defined(__arm__) && (__ARM_ARCH_PROFILE == 'M' || __ARM_ARCH == 6)
  return false;
#else
  return true;
#endif
}

// The widest word that is loaded and stored at any address.
#if defined(__ARM_NEON)
#define OCTET_WORD_BYTE_COUNT 16
#elif defined(__ARM_FEATURE_UNALIGNED)
#define OCTET_WORD_BYTE_COUNT 4
#else
#define OCTET_WORD_BYTE_COUNT 1
#endif

// Sums of untrusted models may wrap, which C leaves open for signed numbers.
static inline int32_t octet_add(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

// Output channels: weights [channels, depth]; the rest one for each channel.
typedef struct {
  const int8_t *_Nonnull weights;
  const int32_t *_Nonnull bias;
  const int32_t *_Nonnull multipliers;
  const int8_t *_Nonnull shifts;
  int32_t channels;
  int32_t depth;
  // Of the output.
  int32_t zero_point, lower, upper;
} octet_channels;

// Where patches come from: the input channels of one group. A *run* is contiguous: a row of the
// kernel, or with dilation or groups one tap. Steps and counts are bytes.
typedef struct {
  const int8_t *origin;       // the patch of the first pixel of an output row
  int32_t row_step, column_step;  // from a pixel of the convolution to those below and beside
  int32_t kernel_row_step;
  int32_t run_byte_count, run_step, runs_per_row;
  int32_t can_overread;       // eight bytes may be read from the start of each run
  int32_t row_byte_count;
  int32_t narrow_row_count;   // rows that a tile reaches over
} octet_patches;

// Rows of the image with zero points around them, all channels.
typedef struct {
  const int8_t *image;        // [image_height, image_row_byte_count]
  int8_t *rows;               // [row_count, row_byte_count]
  int32_t image_height, image_row_byte_count;
  int32_t row_count, row_byte_count;
  int32_t left_byte_count, inside_byte_count;  // of zero points; of the image after them
  int8_t zero_point;
} octet_band;

// Fills all of the band with zero points; then with the rows from `row` on, which may lie outside
// the image.
void octet_clear_band(const octet_band *band);
void octet_fill_band(const octet_band *band, int32_t row);

// Up to four pixels of the convolution, in rows of `width` from column `left` on, and where their
// sums go. Rows count from the output row's first. Then `repeat_count` − 1 more such tiles beside.
typedef struct {
  int32_t row, column;        // of the first
  int32_t left, width, count;
  int32_t is_pool;            // all go to one pixel; otherwise each to its own
  int32_t is_first, is_last;  // tile of the pool window
  int8_t *_Nonnull target;             // [count or 1, stride], the first channel of the first pixel
  int32_t *_Nonnull maxima;            // [channels], of the tiles before in a pool window of several
  int32_t stride;             // channels from one output pixel to the next
  int32_t repeat_count, column_advance, target_advance;
} octet_tile;

#if defined(__arm__)
// MARK: Cores without vectors, and ARMv7 where NEON is missing

// Bytes of one tap of four widened patches: int16 with SMLAD, otherwise int32.
#if defined(__ARM_FEATURE_DSP)
#define OCTET_TAP_BYTE_COUNT 8
#else
#define OCTET_TAP_BYTE_COUNT 16
#endif

// Channels whose sums are kept at a time.
#define OCTET_SUM_CHANNEL_COUNT 16

typedef struct {
  void *widened;             // block_count · OCTET_TAP_BYTE_COUNT bytes, 4-aligned
  int32_t *sums;             // [OCTET_SUM_CHANNEL_COUNT or all, 4]
  int8_t *values;            // [value_byte_count], with SMLAD at least 4 · block_count
  int32_t block_count;       // taps of a block, a multiple of 4
  int32_t value_byte_count;
  // With SMLAD: each run is a block of its own, or several, and read in place; without values.
  bool takes_runs;
} octet_core_scratch;

// Convolution: all channels of the tiles, and steps past them.
void octet_core_tiles(
    const octet_patches *patches, const octet_channels *channels, octet_tile *tile,
    const octet_core_scratch *scratch);

// Fully connected: target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k].
void octet_core_connect(
    const octet_channels *channels, const int8_t *values, int32_t offset, int8_t *target);
#endif

typedef struct { const int8_t *at[4]; } octet_places;
octet_places octet_gather_tile(
    const octet_patches *p, const octet_tile *tile, int32_t depth, int8_t *values);
#endif

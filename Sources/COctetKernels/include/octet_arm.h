// The kernels of ARM cores: what Convolution+CortexM.swift, Convolution+NEON.swift and their
// FullyConnected twins call.
//
// Names: a *patch* is the input of one output pixel, `depth` values; a *tile* is four patches.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#if defined(__arm__) || defined(__aarch64__)

// Whether the machine may have NEON, which it reports at run time. Cores without have kernels of
// their own, chosen when the firmware is built: with SMLAD (Cortex-M4, M7, ARMv6), with MLA (M3), or
// with MULS alone (M0). A constant, so that firmware holds one of the two.
static inline bool octet_may_have_neon(void) {
#if defined(__arm__) && (__ARM_ARCH_PROFILE == 'M' || __ARM_ARCH == 6)
  return false;
#else
  return true;
#endif
}

// Output channels: weights [channels, depth]; the rest one for each channel.
typedef struct {
  const int8_t *weights;
  const int32_t *bias;
  const int32_t *multipliers;
  const int8_t *shifts;
  int32_t channels;
  int32_t depth;
  // Of the output.
  int32_t zero_point, lower, upper;
} octet_channels;

// Where the sums of a tile go.
typedef struct {
  int8_t *target;       // [pixel_count or 1, stride], the first channel of the first pixel
  int32_t *maxima;      // [channels], of the tiles before in a pool window of several
  int32_t stride;       // channels from one output pixel to the next
  int32_t pixel_count;  // 1…4 patches are pixels of their own; 0: they are one pool window's
  int32_t is_first, is_last;  // tile of the pool window
} octet_destination;

#if defined(__arm__)
// Bytes of one tap of a tile: int16 with SMLAD, otherwise int32.
#if defined(__ARM_FEATURE_DSP)
#define OCTET_TAP_BYTE_COUNT 8
#else
#define OCTET_TAP_BYTE_COUNT 16
#endif

// MARK: Cores without vectors, and ARMv7 where NEON is missing

// Writes patch `lane`, 0…3, of a tile: `count` values, a multiple of 4, from `values`, 4-aligned.
void octet_core_widen(const int8_t *values, void *tile, int32_t lane, int32_t count);

// sums[c][p] (+)= Σₖ weights[c · depth + k] · tile[k][p] over `count` taps, a multiple of 4: up to
// three weights after the last are read, which the tile's zeros take out.
void octet_core_multiply(
    const octet_channels *channels, const int8_t *weights, const void *tile, int32_t count,
    int32_t *sums, int32_t is_first);

// Bias, maximum, requantization: sums[channels][4] to int8.
void octet_core_finish(
    const octet_channels *channels, const octet_destination *to, const int32_t *sums);

// Fully connected: target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k].
void octet_core_connect(
    const octet_channels *channels, const int8_t *values, int32_t offset, int8_t *target);
#endif

// MARK: NEON

// What this machine has: 0 nothing, 1 NEON, 2 the dot product too.
int32_t octet_neon_level(void);

// Convolution of one tile: patches [4, stride], each zero-filled to a multiple of 16.
void octet_neon_tile(
    const octet_channels *channels, const octet_destination *to, const int8_t *patches,
    int32_t stride);
void octet_neon_connect(
    const octet_channels *channels, const int8_t *values, int32_t offset, int8_t *target);

#if defined(__aarch64__)
// The same with SDOT.
void octet_dot_tile(
    const octet_channels *channels, const octet_destination *to, const int8_t *patches,
    int32_t stride);
void octet_dot_connect(
    const octet_channels *channels, const int8_t *values, int32_t offset, int8_t *target);
#endif
#endif

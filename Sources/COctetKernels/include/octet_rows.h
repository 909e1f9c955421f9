// What the loops over rows of weights take, for all instruction sets with such loops.
#pragma once

#include <stdint.h>

#define OCTET_LEAF static inline __attribute__((always_inline))

// SIMD4<Int32> in Swift.
typedef int32_t octet_words __attribute__((ext_vector_type(4)));

// Where four rows of `count` values start.
typedef struct {
  const int8_t *_Nonnull a, *_Nonnull b, *_Nonnull c, *_Nonnull d;
} octet_rows;

// What becomes of sums of one output: its zero point, and the bounds that results are clamped to.
typedef struct {
  int32_t zero_point, lower, upper;
} octet_range;

// A window of a depthwise layer: taps inside the image are those of the kernel's rows `top` to
// `bottom` and columns `left` to `right`; all others are `padding`. Steps are bytes.
typedef struct {
  const int8_t *_Nonnull values, *_Nonnull weights;
  int32_t rows, columns, top, bottom, left, right;
  int32_t row_step, column_step, channels, padding;
} octet_window;

// Bias, multipliers and shifts of eight channels.
typedef struct {
  const int32_t *_Nonnull bias, *_Nonnull multipliers;
  const int8_t *_Nonnull shifts;
} octet_eight;

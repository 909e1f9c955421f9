// Kernels for AVX2 and AVX-512 VNNI. Sources/OctetRuntime/X86 prepares layers for them once and
// drives them.
#pragma once

#include <stddef.h>
#include <stdint.h>

// What the kernels need of a layer. An element is a value of the image: uint8 (q + 128) for
// AVX-512, int16 for AVX2 and where activations are int16. A word is 4 bytes: four or two elements.
// A vector has as many lanes of 4 bytes as the registers; each is an output channel. Steps are in
// bytes (`target_step`: in outputs), counts in elements.
typedef struct octet_x86_layer octet_x86_layer;
typedef struct octet_x86_place octet_x86_place;

// Computes a block: some columns of a row, some channels.
typedef void (*octet_x86_block)(const octet_x86_layer *, const octet_x86_place *);

struct octet_x86_layer {
  // The image: a padded copy of the input.
  int64_t image;                                 // bytes from the layer's own address
  int32_t height, row_count;                     // of the input
  int32_t copied_count;                          // of a row: what windows reach
  int32_t top, left;                             // rows of padding; elements of it
  int32_t image_height, image_row_count;         // the latter a multiple of 64
  uint32_t padding;                              // a word of elements of the zero point

  // Windows.
  int64_t taps;                                  // [word_count] distances of a patch's words in the
  int32_t word_count;                            // image; bytes from the layer's own address
  int32_t vertical_step, horizontal_step;
  int32_t column_step;                           // narrow: to the next column of the pool's window
  int32_t convolved_width;                       // columns that the output needs
  int32_t block_width, block_count;              // columns at once
  int32_t is_narrow;                             // lanes are columns
  int32_t pool_height, pool_width, pool_stride_height, pool_stride_width;
  int32_t output_width, channels;
  int32_t target_step;                           // from a column's outputs to the next one's
  int32_t lower, upper;
  int32_t is_clamped;                            // to less than an int8
  int32_t is_rectified;                          // lower ≥ zero point: ties below zero are moot;
                                                 // and all shifts are to the right
  int32_t is_product;                            // not a sum or difference
  int32_t has_long_sums;                         // int16: of 64 bits, see Weighted16.swift
  int32_t run_word_count;                        // int16: words whose products 32 bits hold, a
                                                 // multiple of 3 and of OCTET_X86_PARTS, or all

  // For blocks of one, two and eight vectors of channels; narrow, of all channels. Those that the
  // layer has blocks for are there, or it is not a layer: see X86Layer.findBlocks.
  octet_x86_block one, two, eight;
};

// What a block computes: all columns of a row, some channels.
struct octet_x86_place {
  const uint8_t *pixel;                          // the first one's window in the image
  const void *weights;                           // [word_count, vectors] vectors; narrow:
                                                 // [word_count, channels] words
  const void *constants;                         // [vectors, 9] vectors, see below
  int8_t *target;
  const int8_t *end;                             // of the output
  void *sums;                                    // for the pool: vectors
  int32_t vector_count;                          // sums of a column
  int32_t count;                                 // channels to store
  int32_t is_first, is_finished;                 // no sums yet; no more to come
};

// Kinds of blocks: vectors of channels at once; one for a single pixel, whose words come in parts;
// depthwise; three columns of the kernel; narrow, for one or two columns of the pool's window.
enum {
  OCTET_X86_ONE, OCTET_X86_TWO, OCTET_X86_EIGHT, OCTET_X86_SPLIT, OCTET_X86_DEPTHWISE,
  OCTET_X86_THREE, OCTET_X86_NARROW_ONE, OCTET_X86_NARROW_TWO, OCTET_X86_KINDS
};
enum { OCTET_X86_MOST_COLUMNS = 16, OCTET_X86_PARTS = 8 };

// Vectors of constants for each vector of channels. The double rounding of FixedPoint.swift is one
// addition and one shift of the 64-bit product, as floors of floors collapse: with s = −shift ≥ 1,
//
//     ((p + 2³⁰) >> 31) rounded by 2ˢ  =  (p + 2³⁰ + 2³⁰⁺ˢ − (p < 0 ? 2³¹ : 0)) >> (31 + s)
//
// of which the high half is shifted by s − 1. Of sums that may be below zero or are shifted left,
// the product is that of twice the sum, so that 2³¹ is 1 in the high half, which is shifted by s:
// they are below 2³⁰⁺ˢʰⁱᶠᵗ. Even and odd lanes are multiplied apart.
enum {
  OCTET_X86_BIAS = 0,            // int32 for each lane
  OCTET_X86_MULTIPLIER = 1,      // int32 for each lane, and for each odd one in the place before it
  OCTET_X86_OFFSET = 3,          // int64, of even lanes, of odd ones
  OCTET_X86_SHIFT = 5,           // of the high half
  OCTET_X86_ZERO = 6,            // the zero point
  OCTET_X86_LEFT_SHIFT = 7,      // of the sum, and at least 1; where not all is rectified
  OCTET_X86_TIE = 8,             // 1 in the high half where s ≥ 1: its bits are a negative sum's
  OCTET_X86_CONSTANTS = 9
};

// Of sums of 64 bits, which are multiplied with 15 and rounded once: (sum + bias) · multiplier +
// half >> shift, in int64 of even lanes and then of odd ones. OCTET_X86_BIAS is 0.
enum {
  OCTET_X86_LONG_BIAS = 1, OCTET_X86_LONG_MULTIPLIER = 3, OCTET_X86_LONG_HALF = 5,
  OCTET_X86_LONG_SHIFT = 7
};

// After those of two inputs' combination. A product needs zero points alone. A sum is
//
//     a · FIRST + b · SECOND + HALF >> FRACTION
//
// unless a lane is so near a tie that it might differ from the double roundings of Add.swift: then
// the bits NEAR are 0. Exactly, a's multiplier is ±1/2, FIRST_FACTOR once it is shifted left; b's
// is high · 2ᵏ + low, where the formula above shifts by k once both sides are divided by
// 2^left_shift.
enum {
  OCTET_X86_FIRST_ZERO = 9, OCTET_X86_SECOND_ZERO, OCTET_X86_FIRST, OCTET_X86_SECOND,
  OCTET_X86_HALF, OCTET_X86_FRACTION, OCTET_X86_NEAR, OCTET_X86_FIRST_FACTOR,
  OCTET_X86_ADDEND_HIGH, OCTET_X86_ADDEND_LOW, OCTET_X86_ADDEND_OFFSET, OCTET_X86_ADDEND_TIE,
  OCTET_X86_ADDEND_SHIFT, OCTET_X86_ADDEND_SIGN, OCTET_X86_COMBINED_CONSTANTS
};

// Whether the processor and the operating system have the instructions; as many multiply-adds as
// it can do, and how many these are; the kernel for blocks of so many columns, narrow of so many
// channels, or null where there is none; the padded image of one sample; depthwise, a row of the
// input, or of padding (null), for words of neighbours in a column; rows of the output; a + b,
// a − b or a · b; maxima.
#define OCTET_X86_LAYER_FUNCTIONS(set)                                                            \
  octet_x86_block octet_block_##set(int kind, int width, int is_rectified);                       \
  void octet_copy_##set(const octet_x86_layer *, const void *source);                             \
  void octet_take_##set(const octet_x86_layer *, uint32_t *words, const void *source);            \
  void octet_run_##set(                                                                           \
      const octet_x86_layer *, octet_x86_block, octet_x86_place *, int height);
#define OCTET_X86_FUNCTIONS(set)                                                                  \
  int octet_has_##set(void);                                                                      \
  int64_t octet_peak_##set(int64_t rounds);                                                       \
  OCTET_X86_LAYER_FUNCTIONS(set)                                                                  \
  void octet_combine_##set(                                                                       \
      const octet_x86_layer *, const void *constants, const int8_t *a, const int8_t *b,           \
      int8_t *target);                                                                            \
  void octet_largest_##set(                                                                       \
      const octet_x86_layer *, int8_t *target, const int8_t *source, ptrdiff_t step, int taps,    \
      int count, int pixels, ptrdiff_t pixel_step);
OCTET_X86_FUNCTIONS(avx2)
OCTET_X86_FUNCTIONS(avx512vnni)
OCTET_X86_LAYER_FUNCTIONS(avx2_int16)
OCTET_X86_LAYER_FUNCTIONS(avx512vnni_int16)

// Kernels for AVX2 and AVX-512 VNNI, and the layers that they run, prepared once by Swift
// (Sources/OctetRuntime/X86).
#pragma once

#include <stdint.h>

// What a layer needs, in its order of use. An element is a value of the image: uint8 (q + 128) for
// AVX-512, int16 for AVX2. A word is 4 bytes: four or two elements. A vector has as many lanes of
// 4 bytes as the registers; each is an output channel.
typedef struct {
  int64_t kind;                                  // OCTET_X86_CONVOLUTION…
  // In the arena, in bytes.
  int64_t input, output;

  // The image: a padded copy of the input.
  int32_t batch, height, row_count;              // of the input; values in a row of it
  int32_t top, left;                             // rows of padding; elements of it
  int32_t image_height, image_row_count;         // in elements
  int32_t padding;                               // the zero point

  // Windows, as distances in the image, in elements.
  int32_t vertical_step, horizontal_step;
  int32_t convolved_width;                       // columns that the output needs
  int32_t pool_height, pool_width, pool_stride_height, pool_stride_width;
  int32_t output_height, output_width, channels;
  int32_t word_count;                            // of a patch
  int32_t lower, upper;
  int32_t is_rectified;                          // lower ≥ zero point: ties below zero are moot

  // Whether words stand in threes, of neighbouring columns of the kernel, for one vector.
  int32_t takes_three;

  // Depthwise: rows that are interleaved and the distance between them in the image.
  int32_t kernel_height, row_step;

  // Addition of row_count elements: the second input; bits that the first is shifted before its
  // multiplier of 1/2.
  int64_t input_b;
  int32_t left_shift;

  // Bytes from the layer's own address.
  int64_t taps;                                  // [word_count]: byte offsets in the image
  int64_t weights;                               // [vectors / B, word_count, B] vectors;
                                                 // narrow: [word_count, channels] words;
                                                 // addition: [256] int32, in AVX-512 [4, 256] bytes
  int64_t constants;                             // [vectors, 10] vectors, see below
  int64_t orders;                                // narrow, AVX-512: [3] vectors of byte positions
  int64_t image;
  int64_t scratch;                               // sums of a row; depthwise: interleaved rows
} octet_x86_layer;

enum {
  OCTET_X86_CONVOLUTION, OCTET_X86_DEPTHWISE, OCTET_X86_NARROW, OCTET_X86_ADD, OCTET_X86_AVERAGE
};

// Vectors of constants for each vector of channels. The double rounding of FixedPoint.swift is one
// addition and one shift of the 64-bit product, as floors of floors collapse: with s = −shift ≥ 1,
//
//     ((p + 2³⁰) >> 31) rounded by 2ˢ  =  (p + 2³⁰ + 2³⁰⁺ˢ − (p < 0 ? 2³¹ : 0)) >> (31 + s)
//
// and (p + 2³⁰) >> 31 with s = 0. The shift is logical: 2⁶² is added before, its quotient taken off
// after. Even and odd lanes are multiplied apart.
enum {
  OCTET_X86_BIAS = 0,            // int32 for each lane
  OCTET_X86_MULTIPLIER = 1,      // int32 for each lane, and for each odd one in the place before it
  OCTET_X86_OFFSET = 3,          // int64, of even lanes, of odd ones
  OCTET_X86_NEGATIVE_OFFSET = 5, // for products below zero
  OCTET_X86_SHIFT = 7,
  OCTET_X86_RESULT_OFFSET = 9,   // int32: the zero point less the quotient
  OCTET_X86_CONSTANTS = 10
};

// What stands `offset` bytes from the layer.
static inline void *octet_x86_part(const octet_x86_layer *layer, int64_t offset) {
  return (char *)layer + offset;
}

// Four bytes anywhere.
typedef int32_t octet_word __attribute__((aligned(1), may_alias));

// Whether the processor and the operating system have the instructions.
int octet_has_avx2(void);
int octet_has_avx512vnni(void);

// Runs a layer on the arena.
void octet_run_avx2(const octet_x86_layer *layer, uint8_t *arena);
void octet_run_avx512vnni(const octet_x86_layer *layer, uint8_t *arena);

// B, the vectors of channels that are computed together, when `count` channels are left; a layer
// of one pixel takes eight, for sums enough to hide the latency of the dots. (Four, with half the
// pixels, is slower on AVX2 and no faster on AVX-512.)
static inline int octet_x86_block(int count, int lanes, int is_one_pixel) {
  const int vectors = (count + lanes - 1) / lanes;
  return is_one_pixel && vectors > 4 ? 8 : vectors > 1 ? 2 : 1;
}

// Does as many multiply-adds as the processor can, for measuring the peak; how many.
int64_t octet_peak_avx2(int64_t rounds);
int64_t octet_peak_avx512vnni(int64_t rounds);

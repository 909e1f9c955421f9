// Inner loops and instructions that Swift cannot name. Each is the twin of a Swift function.
#pragma once

#include "octet_core.h"

// The high half of 2·a·b, rounded to nearest: `highMultiply` of FixedPoint.swift.
static inline int32_t octet_high_multiply(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

// (high · 2¹⁶ + low) · multiplier / 2^(16 + exponent), halves up; exponent 1…46:
// `requantizeWide` of FixedPoint.swift, without 64-bit shifts, which are calls.
static inline int32_t octet_requantize_wide(
    int32_t high, int32_t low, int32_t multiplier, int32_t exponent) {
  int64_t product = (int64_t)high * multiplier + ((int64_t)low * multiplier >> 16);
  uint32_t lower = (uint32_t)product;
  int32_t upper = (int32_t)(product >> 32);
  if (exponent > 32) return (upper + (1 << (exponent - 33))) >> (exponent - 32);
  uint32_t half = (uint32_t)1 << (exponent - 1);
  lower += half;
  upper += lower < half;
  return exponent == 32 ? upper
                        : (int32_t)((uint32_t)upper << (32 - exponent) | lower >> exponent);
}

// a·b / 2⁸ of factors from 0 on, rounded down, saturated: `Demand.workCount`.
static inline int32_t octet_scaled_product(int32_t a, int32_t b) {
  return (int64_t)a * b >> 39 ? INT32_MAX : (int32_t)((int64_t)a * b >> 8);
}

// The widest word that cores load and store at any address.
#if defined(__ARM_NEON) || defined(__riscv_vector)
#define OCTET_WORD_BYTE_COUNT 16
#elif defined(__ARM_FEATURE_UNALIGNED)
#define OCTET_WORD_BYTE_COUNT 4
#else
#define OCTET_WORD_BYTE_COUNT 1
#endif

#if defined(__x86_64__)
#include "octet_x86.h"
#endif

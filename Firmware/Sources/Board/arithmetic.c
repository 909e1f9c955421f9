// Arithmetic that 32-bit ARM cores without the instructions ask for by the names of the ARM
// run-time ABI (RTABI 4.3.1, 4.2). Only what is used is linked.

#if defined(__arm__)
#include <stdint.h>

typedef struct {
  uint32_t quotient, remainder;
} division;

// Restoring division, one bit at a time. By zero: quotient 0, as the core's own instruction.
static division divide(uint32_t a, uint32_t b) {
  division result = {0, a};
  if (b == 0 || a < b) return result;
  int shift = 0;
  while (b <= a >> 1) {
    b <<= 1;
    shift++;
  }
  for (; shift >= 0; shift--, b >>= 1) {
    result.quotient <<= 1;
    if (result.remainder >= b) {
      result.remainder -= b;
      result.quotient |= 1;
    }
  }
  return result;
}

// Quotient in r0, remainder in r1: a 64-bit result under the procedure call standard.
static uint64_t pack(division d) { return (uint64_t)d.remainder << 32 | d.quotient; }

uint64_t __aeabi_uidivmod(uint32_t a, uint32_t b) { return pack(divide(a, b)); }
uint32_t __aeabi_uidiv(uint32_t a, uint32_t b) { return divide(a, b).quotient; }

uint64_t __aeabi_idivmod(int32_t a, int32_t b) {
  division d = divide(a < 0 ? -(uint32_t)a : (uint32_t)a, b < 0 ? -(uint32_t)b : (uint32_t)b);
  if ((a ^ b) < 0) d.quotient = -d.quotient;
  if (a < 0) d.remainder = -d.remainder;
  return pack(d);
}
int32_t __aeabi_idiv(int32_t a, int32_t b) { return (int32_t)__aeabi_idivmod(a, b); }

#if __ARM_ARCH_ISA_THUMB == 1
// ARMv6-M has no long multiplication: four 16-bit products.
static uint64_t multiply(uint32_t a, uint32_t b) {
  uint32_t aLow = a & 0xFFFF, aHigh = a >> 16, bLow = b & 0xFFFF, bHigh = b >> 16;
  uint32_t low = aLow * bLow;
  uint32_t middle = aHigh * bLow + (low >> 16);  // ≤ (2¹⁶−1)² + 2¹⁶−1 < 2³²
  uint32_t other = aLow * bHigh + (middle & 0xFFFF);
  uint32_t high = aHigh * bHigh + (middle >> 16) + (other >> 16);
  return (uint64_t)high << 32 | other << 16 | (low & 0xFFFF);
}

int64_t __aeabi_lmul(int64_t a, int64_t b) {
  uint32_t aLow = (uint32_t)a, bLow = (uint32_t)b;
  uint32_t cross = aLow * (uint32_t)(b >> 32) + bLow * (uint32_t)(a >> 32);
  return (int64_t)(multiply(aLow, bLow) + ((uint64_t)cross << 32));
}
#endif
#endif

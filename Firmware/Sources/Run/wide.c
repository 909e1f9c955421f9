// 64-bit arithmetic that compilers ask for by name on machines without the instructions: 32-bit
// ARM (RTABI 4.2, 4.1), and RISC-V where the linker's optimizer does not know of the A extension.
// octet-run has one thread, so that what it does at once is atomic.

#include <stddef.h>
#include <stdint.h>

#if defined(__arm__)
__attribute__((used)) static uint64_t divide(uint64_t a, uint64_t b, uint64_t *remainder) {
  uint64_t quotient = 0;
  *remainder = a;
  if (b == 0 || a < b) return 0;
  int shift = __builtin_clzll(b) - __builtin_clzll(a);
  b <<= shift;
  for (; shift >= 0; shift--, b >>= 1) {
    quotient <<= 1;
    if (*remainder >= b) {
      *remainder -= b;
      quotient |= 1;
    }
  }
  return quotient;
}

// Quotient in r0 and r1, remainder in r2 and r3, which no C function can return.
__attribute__((naked)) void __aeabi_uldivmod(void) {
  __asm volatile(
      "push {r4, lr}\n sub sp, sp, #16\n add r4, sp, #8\n str r4, [sp]\n bl divide\n"
      "ldr r2, [sp, #8]\n ldr r3, [sp, #12]\n add sp, sp, #16\n pop {r4, pc}");
}

static uint32_t low(uint64_t a) { return (uint32_t)a; }
static uint32_t high(uint64_t a) { return (uint32_t)(a >> 32); }
static uint64_t pair(uint32_t high, uint32_t low) {
  union {
    uint32_t words[2];
    uint64_t value;
  } whole = {{low, high}};
  return whole.value;
}

// `b` in 0…63, by words: a shift of 64 bits in C would call these again.
uint64_t __aeabi_llsl(uint64_t a, int b) {
  if (b == 0) return a;
  if (b >= 32) return pair(low(a) << (b - 32), 0);
  return pair(high(a) << b | low(a) >> (32 - b), low(a) << b);
}
uint64_t __aeabi_llsr(uint64_t a, int b) {
  if (b == 0) return a;
  if (b >= 32) return pair(0, high(a) >> (b - 32));
  return pair(high(a) >> b, low(a) >> b | high(a) << (32 - b));
}

// The float ABI's helpers take and give numbers in integer registers.
#define SOFT __attribute__((pcs("aapcs")))
SOFT double __aeabi_ul2d(uint64_t a) { return high(a) * 4294967296.0 + low(a); }
SOFT float __aeabi_ul2f(uint64_t a) {
  // To odd at 32 bits more than a float holds, so that the one rounding below is right.
  int shift = a ? 32 - __builtin_clzll(a) : 0;
  if (shift <= 0) return (float)low(a);
  uint64_t kept = a >> shift;
  if (kept << shift != a) kept |= 1;
  float power = 1;
  for (; shift; shift--) power *= 2;
  return (float)low(kept) * power;
}
SOFT float __aeabi_l2f(int64_t a) {
  return a < 0 ? -__aeabi_ul2f(-(uint64_t)a) : __aeabi_ul2f((uint64_t)a);
}
SOFT uint64_t __aeabi_d2ulz(double a) {
  if (!(a > 0)) return 0;
  if (a >= 18446744073709551616.0) return UINT64_MAX;
  uint32_t upper = (uint32_t)(a / 4294967296.0);
  return pair(upper, (uint32_t)(a - upper * 4294967296.0));
}
#elif defined(__riscv)
uint64_t __atomic_load_8(const volatile void *at, int order) {
  (void)order;
  return *(const volatile uint64_t *)at;
}
void __atomic_store_8(volatile void *at, uint64_t value, int order) {
  (void)order;
  *(volatile uint64_t *)at = value;
}
uint64_t __atomic_fetch_add_8(volatile void *at, uint64_t value, int order) {
  (void)order;
  uint64_t old = *(volatile uint64_t *)at;
  *(volatile uint64_t *)at = old + value;
  return old;
}
uint64_t __atomic_fetch_sub_8(volatile void *at, uint64_t value, int order) {
  return __atomic_fetch_add_8(at, -value, order);
}
_Bool __atomic_compare_exchange_8(
    volatile void *at, void *expected, uint64_t value, _Bool weak, int success, int failure) {
  (void)weak, (void)success, (void)failure;
  uint64_t old = *(volatile uint64_t *)at;
  if (old != *(uint64_t *)expected) {
    *(uint64_t *)expected = old;
    return 0;
  }
  *(volatile uint64_t *)at = value;
  return 1;
}
#endif

// Vectors, reset, and what the compiler and liboctet.a ask of a C library: nothing else is linked.

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict target, const void *restrict source, size_t count) {
  uint8_t *to = target;
  const uint8_t *from = source;
  while (count--) *to++ = *from++;
  return target;
}

void *memset(void *target, int value, size_t count) {
  uint8_t *to = target;
  while (count--) *to++ = (uint8_t)value;
  return target;
}

size_t strlen(const char *text) {
  size_t count = 0;
  while (text[count]) count++;
  return count;
}

// By their names in the ARM run-time ABI.
#define ALIAS(name) __attribute__((alias(#name)))
void __aeabi_memcpy(void *, const void *, size_t) ALIAS(memcpy);
void __aeabi_memcpy4(void *, const void *, size_t) ALIAS(memcpy);
void __aeabi_memcpy8(void *, const void *, size_t) ALIAS(memcpy);
void __aeabi_memset(void *target, size_t count, int value) { memset(target, value, count); }
void __aeabi_memset4(void *, size_t, int) ALIAS(__aeabi_memset);
void __aeabi_memset8(void *, size_t, int) ALIAS(__aeabi_memset);
void __aeabi_memclr(void *target, size_t count) { memset(target, 0, count); }
void __aeabi_memclr4(void *, size_t) ALIAS(__aeabi_memclr);
void __aeabi_memclr8(void *, size_t) ALIAS(__aeabi_memclr);

int main(void);
extern uint32_t data_start[], data_end[], data_source[], bss_start[], bss_end[], stack_top[];

void reset(void) {
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;  // the floating-point unit, for our own code
  __asm volatile("dsb\n isb" ::: "memory");
  memcpy(data_start, data_source, (size_t)((char *)data_end - (char *)data_start));
  memset(bss_start, 0, (size_t)((char *)bss_end - (char *)bss_start));
  main();
  for (;;) __asm volatile("wfi");
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (void *)reset};

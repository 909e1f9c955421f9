// The memory functions that compilers call without being asked: mostly to copy what a kernel knows
// of its layer. Small first, but on 64-bit cores by words, which load from any address.

#include <stddef.h>
#include <stdint.h>

// A loop here must not become a call of itself, whatever flags a program is compiled with.
#if __has_attribute(no_builtin)
#define PLAIN __attribute__((no_builtin))
#else
#define PLAIN
#endif

#if defined(__aarch64__)
typedef uint64_t __attribute__((aligned(1), may_alias)) word;
#endif

PLAIN void *memcpy(void *restrict target, const void *restrict source, size_t count) {
  uint8_t *to = target;
  const uint8_t *from = source;
#if defined(__aarch64__)
  for (; count >= sizeof(word); count -= sizeof(word), to += sizeof(word), from += sizeof(word)) {
    *(word *)to = *(const word *)from;
  }
#endif
  while (count--) *to++ = *from++;
  return target;
}

PLAIN void *memmove(void *target, const void *source, size_t count) {
  uint8_t *to = target;
  const uint8_t *from = source;
  if (to <= from) return memcpy(target, source, count);
  while (count--) to[count] = from[count];
  return target;
}

PLAIN void *memset(void *target, int value, size_t count) {
  uint8_t *to = target;
#if defined(__aarch64__)
  const word bytes = (uint8_t)value * 0x0101010101010101u;
  for (; count >= sizeof(word); count -= sizeof(word), to += sizeof(word)) *(word *)to = bytes;
#endif
  while (count--) *to++ = (uint8_t)value;
  return target;
}

PLAIN int memcmp(const void *a, const void *b, size_t count) {
  const uint8_t *left = a, *right = b;
  for (; count; count--, left++, right++) {
    if (*left != *right) return *left - *right;
  }
  return 0;
}

PLAIN size_t strlen(const char *text) {
  size_t count = 0;
  while (text[count]) count++;
  return count;
}

#if defined(__arm__)
// The same by their names in the ARM run-time ABI (RTABI 4.3.4). `memset` takes its arguments in
// another order there.
#define ALIAS(name) __attribute__((alias(#name)))
void __aeabi_memcpy(void *, const void *, size_t) ALIAS(memcpy);
void __aeabi_memcpy4(void *, const void *, size_t) ALIAS(memcpy);
void __aeabi_memcpy8(void *, const void *, size_t) ALIAS(memcpy);
void __aeabi_memmove(void *, const void *, size_t) ALIAS(memmove);
void __aeabi_memmove4(void *, const void *, size_t) ALIAS(memmove);
void __aeabi_memmove8(void *, const void *, size_t) ALIAS(memmove);

void __aeabi_memset(void *target, size_t count, int value) { memset(target, value, count); }
void __aeabi_memset4(void *, size_t, int) ALIAS(__aeabi_memset);
void __aeabi_memset8(void *, size_t, int) ALIAS(__aeabi_memset);
void __aeabi_memclr(void *target, size_t count) { memset(target, 0, count); }
void __aeabi_memclr4(void *, size_t) ALIAS(__aeabi_memclr);
void __aeabi_memclr8(void *, size_t) ALIAS(__aeabi_memclr);
#endif

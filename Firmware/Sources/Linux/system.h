// Raw Linux system calls: the kernel's interface never changes, so a program that brings no libc
// runs on any kernel since 4.4 (RISC-V: since 4.15, its first).
#pragma once

#include <stdint.h>

#if defined(__arm__)
enum { SYS_EXIT = 1, SYS_READ = 3, SYS_WRITE = 4, SYS_OPENAT = 322, SYS_MMAP2 = 192 };
enum { SYS_CLOCK_GETTIME = 263, SYS_LSEEK = 19, SYS_CLOSE = 6, SYS_IOCTL = 54, SYS_MUNMAP = 91 };
#else  // The generic numbers of asm-generic/unistd.h.
enum { SYS_EXIT = 93, SYS_READ = 63, SYS_WRITE = 64, SYS_OPENAT = 56, SYS_MMAP = 222 };
enum { SYS_CLOCK_GETTIME = 113, SYS_LSEEK = 62, SYS_CLOSE = 57, SYS_IOCTL = 29, SYS_MUNMAP = 215 };
#endif

// The result, or the negated error number.
static inline long system_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__aarch64__)
  register long x8 __asm("x8") = number, x0 __asm("x0") = a, x1 __asm("x1") = b;
  register long x2 __asm("x2") = c, x3 __asm("x3") = d, x4 __asm("x4") = e, x5 __asm("x5") = f;
  __asm volatile("svc 0"
                 : "+r"(x0)
                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                 : "memory", "cc");
  return x0;
#elif defined(__arm__)
  register long r7 __asm("r7") = number, r0 __asm("r0") = a, r1 __asm("r1") = b;
  register long r2 __asm("r2") = c, r3 __asm("r3") = d, r4 __asm("r4") = e, r5 __asm("r5") = f;
  __asm volatile("svc 0"
                 : "+r"(r0)
                 : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
                 : "memory", "cc");
  return r0;
#elif defined(__riscv)
  register long a7 __asm("a7") = number, a0 __asm("a0") = a, a1 __asm("a1") = b;
  register long a2 __asm("a2") = c, a3 __asm("a3") = d, a4 __asm("a4") = e, a5 __asm("a5") = f;
  __asm volatile("ecall"
                 : "+r"(a0)
                 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                 : "memory");
  return a0;
#else
  #error "A new architecture needs its system call here and its entry in startup.c."
#endif
}

// What files ask of the kernel, for firmware and for octet-run.

#include "kernel.h"

#include "system.h"

const char *linux_meaning(long error) {
  switch (-error) {
  case 2: return "there is no such file or folder";
  case 5: return "the device failed";
  case 12: return "there is not enough memory";
  case 13: return "permission denied";
  case 16: return "another program is using it";
  case 19: case 29: return "this is not a regular file, which can be mapped";
  case 20: return "a part of the path is not a folder";
  case 21: return "this is a folder";
  case 25: return "this is not a camera";
  case 28: return "no space is left";
  case 30: return "the file system is read-only";
  case 32: return "nobody reads the pipe";
  default: return "the system refused";
  }
}

long linux_map(long descriptor, linux_mapping mapping, size_t byte_count, uint32_t offset) {
  enum { READ = 1, WRITE = 2, SHARED = 1, PRIVATE = 2, ANONYMOUS = 0x20 };
  long protection = mapping == LINUX_FILE ? READ : READ | WRITE;
  long flags = mapping == LINUX_DEVICE   ? SHARED
               : mapping == LINUX_MEMORY ? PRIVATE | ANONYMOUS
                                         : PRIVATE;
#if defined(__arm__)
  // This call counts in units of 4,096 bytes.
  return system_call(
      SYS_MMAP2, 0, (long)byte_count, protection, flags, descriptor, (long)(offset >> 12));
#else
  return system_call(SYS_MMAP, 0, (long)byte_count, protection, flags, descriptor, offset);
#endif
}

long linux_map_file(long descriptor, size_t *byte_count) {
  enum { SEEK_END = 2 };
  long end = system_call(SYS_LSEEK, descriptor, 0, SEEK_END, 0, 0, 0);
  // Reading nothing tells a folder from a file.
  long error = system_call(SYS_READ, descriptor, 0, 0, 0, 0, 0);
  if (error < 0 || end < 0) return error < 0 ? error : end;
  *byte_count = (size_t)end;
  // Nothing to map; the validator says what that means.
  return end == 0 ? 0 : linux_map(descriptor, LINUX_FILE, (size_t)end, 0);
}

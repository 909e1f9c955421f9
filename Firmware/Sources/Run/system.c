// The kernel's side of octet-run.

#include "../Linux/system.h"
#include "kernel.h"
#include "linux.h"
#include "run.h"

enum { INTERRUPTED = -4 };

long run_argument_count(void) { return linux_argument_count; }
const char *run_argument(long index) { return linux_arguments[index]; }

uint64_t run_nanoseconds(void) {
  enum { CLOCK_MONOTONIC = 1 };
  // The kernel's long times of the generic and of the ARM call.
  struct {
    long seconds, nanoseconds;
  } now;
  system_call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
  return (uint64_t)now.seconds * 1000000000u + (uint64_t)now.nanoseconds;
}

_Noreturn void run_exit(int status) {
  for (;;) system_call(SYS_EXIT, status, 0, 0, 0, 0, 0);
}

const char *run_meaning(long error) { return linux_meaning(error); }

static long open_file(const char *path, long flags) {
  enum { CURRENT_FOLDER = -100 };
  return system_call(SYS_OPENAT, CURRENT_FOLDER, (long)path, flags, 0644, 0, 0);
}

long run_open(const char *path) { return open_file(path, 0); }

long run_create(const char *path) {
  enum { WRITE = 01, CREATE = 0100, TRUNCATE = 01000 };
  return open_file(path, WRITE | CREATE | TRUNCATE);
}

void run_close(long descriptor) { system_call(SYS_CLOSE, descriptor, 0, 0, 0, 0, 0); }

static long transfer(long number, long descriptor, const void *bytes, size_t byte_count) {
  size_t done = 0;
  while (done < byte_count) {
    long count = system_call(
        number, descriptor, (long)bytes + (long)done, (long)(byte_count - done), 0, 0, 0);
    if (count == INTERRUPTED) continue;
    if (count < 0) return count;
    if (count == 0) break;
    done += (size_t)count;
  }
  return (long)done;
}

long run_read(long descriptor, void *bytes, size_t byte_count) {
  return transfer(SYS_READ, descriptor, bytes, byte_count);
}

long run_write(long descriptor, const void *bytes, size_t byte_count) {
  long count = transfer(SYS_WRITE, descriptor, bytes, byte_count);
  return count < 0 ? count : 0;
}

long run_map(long descriptor, const void **bytes, size_t *byte_count) {
  long address = linux_map_file(descriptor, byte_count);
  if (linux_is_error(address)) return address;
  *bytes = (const void *)address;
  return 0;
}

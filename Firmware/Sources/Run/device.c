// What a camera's driver is asked by; a test brings a camera of its own in place of this file.

#include "device.h"

#include "../Linux/system.h"
#include "kernel.h"

long device_open(const char *path) {
  enum { CURRENT_FOLDER = -100, READ_AND_WRITE = 2 };
  return system_call(SYS_OPENAT, CURRENT_FOLDER, (long)path, READ_AND_WRITE, 0, 0, 0);
}

long device_control(long descriptor, unsigned long request, void *argument) {
  enum { INTERRUPTED = -4 };
  for (;;) {
    long result = system_call(SYS_IOCTL, descriptor, (long)request, (long)argument, 0, 0, 0);
    if (result != INTERRUPTED) return result;
  }
}

long device_map(long descriptor, size_t byte_count, uint32_t offset) {
  return linux_map(descriptor, LINUX_DEVICE, byte_count, offset);
}

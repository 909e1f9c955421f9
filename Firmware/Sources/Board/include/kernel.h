// Memory and words of the Linux kernel.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the kernel's error numbers mean that files and devices give; takes them negated.
const char *linux_meaning(long error);

// A file to read, a device's memory to read and write, or new memory of zeros.
typedef enum { LINUX_FILE, LINUX_DEVICE, LINUX_MEMORY } linux_mapping;

// The address, or a negated error number: the last page of addresses holds those.
long linux_map(long descriptor, linux_mapping mapping, size_t byte_count, uint32_t offset);
static inline bool linux_is_error(long address) { return (unsigned long)address > -4096ul; }

// The whole file, mapped read-only: pages are read when they are used, and shared. The address (0
// for an empty file), or a negated error number.
long linux_map_file(long descriptor, size_t *byte_count);

// The kernel's three calls for a device; results below 0 are negated error numbers.
#pragma once

#include <stddef.h>
#include <stdint.h>

long device_open(const char *path);
long device_control(long descriptor, unsigned long request, void *argument);
long device_map(long descriptor, size_t byte_count, uint32_t offset);

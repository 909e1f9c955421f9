// The heap of octet-run, for pictures and texts: blocks of powers of two, kept in lists when they
// are free; above 64 KiB the kernel's own mappings, given back at once. One thread.

#include <stddef.h>
#include <stdint.h>

#include "../Linux/system.h"
#include "kernel.h"
#include "run.h"

enum { LEAST_CLASS = 5, CLASS_COUNT = 17, CHUNK_BYTE_COUNT = 1 << 18, HEADER_BYTE_COUNT = 16 };

// Before each block; `byte_count` is a mapping's, or 0.
typedef struct {
  uintptr_t class_index;
  size_t byte_count;
} header;
_Static_assert(sizeof(header) <= HEADER_BYTE_COUNT, "a header keeps blocks aligned");

typedef struct link {
  struct link *next;
} link;

static link *free_blocks[CLASS_COUNT];
static uint8_t *chunk;
static size_t chunk_left;

static uint8_t *memory(size_t byte_count) {
  long address = linux_map(-1, LINUX_MEMORY, byte_count, 0);
  if (!linux_is_error(address)) return (uint8_t *)address;
  static const char text[] = "octet-run: there is not enough memory for this picture\n";
  run_write(RUN_STANDARD_ERROR, text, sizeof text - 1);
  run_exit(71);
}

static void *block(size_t byte_count) {
  if (byte_count > (1u << (CLASS_COUNT - 1))) {
    header *start = (header *)memory(byte_count);
    start->byte_count = byte_count;
    return start;
  }
  uintptr_t class_index = LEAST_CLASS;
  while ((size_t)1 << class_index < byte_count) class_index++;
  size_t rounded = (size_t)1 << class_index;
  link *found = free_blocks[class_index];
  if (found) {
    free_blocks[class_index] = found->next;
  } else {
    if (chunk_left < rounded) {
      // What is left of the old chunk is not used again: less than one block in 256 KiB.
      chunk = memory(CHUNK_BYTE_COUNT);
      chunk_left = CHUNK_BYTE_COUNT;
    }
    found = (link *)chunk;
    chunk += rounded;
    chunk_left -= rounded;
  }
  header *start = (header *)found;
  *start = (header){class_index, 0};
  return start;
}

// Swift asks for no more than 16 bytes of alignment; blocks have that.
int posix_memalign(void **result, size_t alignment, size_t byte_count) {
  if (alignment > HEADER_BYTE_COUNT || byte_count > PTRDIFF_MAX - HEADER_BYTE_COUNT) return 22;
  *result = (uint8_t *)block(byte_count + HEADER_BYTE_COUNT) + HEADER_BYTE_COUNT;
  return 0;
}

void free(void *bytes) {
  if (!bytes) return;
  header *start = (header *)((uint8_t *)bytes - HEADER_BYTE_COUNT);
  if (start->byte_count) {
    system_call(SYS_MUNMAP, (long)start, (long)start->byte_count, 0, 0, 0, 0);
    return;
  }
  link *freed = (link *)start;
  uintptr_t class_index = start->class_index;
  freed->next = free_blocks[class_index];
  free_blocks[class_index] = freed;
}

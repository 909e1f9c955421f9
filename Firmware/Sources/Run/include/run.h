// What octet-run asks of Linux: system.c and camera.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Arguments and time

long run_argument_count(void);
const char *run_argument(long index);

// A clock that only goes forward.
uint64_t run_nanoseconds(void);

_Noreturn void run_exit(int status);

// MARK: Files. A negative result is a negated error number, whose meaning `run_meaning` tells.

const char *run_meaning(long error);

enum { RUN_STANDARD_INPUT, RUN_STANDARD_OUTPUT, RUN_STANDARD_ERROR };

// A descriptor of the file, which is read, or made and written from its start.
long run_open(const char *path);
long run_create(const char *path);
void run_close(long descriptor);

// How many bytes came: fewer than `byte_count` only at the end.
long run_read(long descriptor, void *bytes, size_t byte_count);
// 0, or an error.
long run_write(long descriptor, const void *bytes, size_t byte_count);
// The file's bytes, read-only; 0 bytes for an empty file.
long run_map(long descriptor, const void **bytes, size_t *byte_count);

// MARK: Cameras (Video4Linux)

typedef struct {
  long descriptor;
  // What the driver gives, which need not be what it was asked for. `format` is the four letters
  // of V4L2, the first in the lowest byte; `stride` is the bytes of a row of the first plane.
  uint32_t width, height, format, stride;
  // Where the driver lays frames down.
  struct {
    const void *bytes;
    size_t byte_count;
  } buffers[4];
  uint32_t buffer_count;
  uint32_t current;
} run_camera;

// Opens the device and starts it. `formats` are those that the caller can read, the best first;
// a size of 0 leaves the choice to the driver.
long run_camera_start(
    run_camera *camera, const char *path, uint32_t width, uint32_t height, const uint32_t *formats,
    size_t format_count);

// Waits for a frame and points to it; it stays until `run_camera_return`.
long run_camera_take(run_camera *camera, const void **bytes, size_t *byte_count);
long run_camera_return(run_camera *camera);

// No format that the caller can read.
#define RUN_CAMERA_FORMAT (-4000)

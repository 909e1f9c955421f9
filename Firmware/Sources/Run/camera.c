// Frames of a camera: the driver fills mapped buffers, which go round between it and us.

#include "device.h"
#include "kernel.h"
#include "run.h"
#include "video.h"

enum { BUFFER_COUNT = 4, NOT_A_CAMERA = -25 };

// The first of `formats` that the driver offers; 0 for none.
static uint32_t choose(long descriptor, const uint32_t *formats, size_t format_count) {
  size_t best = format_count;
  // A driver ends the list with an error; one that never does is not asked for ever.
  for (uint32_t index = 0; index < 256; index++) {
    video_description description = {.index = index, .type = VIDEO_CAPTURE};
    if (device_control(descriptor, VIDEO_DESCRIBE_FORMAT, &description) < 0) break;
    for (size_t rank = 0; rank < best; rank++) {
      if (formats[rank] == description.format) best = rank;
    }
  }
  return best < format_count ? formats[best] : 0;
}

static long set_format(run_camera *camera, uint32_t width, uint32_t height, uint32_t wanted) {
  video_format format = {.type = VIDEO_CAPTURE};
  long error = device_control(camera->descriptor, VIDEO_GET_FORMAT, &format);
  if (error < 0) return error;
  if (width && height) {
    format.picture.width = width;
    format.picture.height = height;
  }
  format.picture.format = wanted;
  format.picture.stride = 0;
  format.picture.byte_count = 0;
  error = device_control(camera->descriptor, VIDEO_SET_FORMAT, &format);
  if (error < 0) return error;
  if (format.picture.format != wanted) return RUN_CAMERA_FORMAT;
  camera->width = format.picture.width;
  camera->height = format.picture.height;
  camera->format = wanted;
  camera->stride = format.picture.stride;
  return 0;
}

static long map_buffers(run_camera *camera) {
  video_request request = {.count = BUFFER_COUNT, .type = VIDEO_CAPTURE, .memory = VIDEO_MAPPED};
  long error = device_control(camera->descriptor, VIDEO_REQUEST_BUFFERS, &request);
  if (error < 0) return error;
  camera->buffer_count = request.count < BUFFER_COUNT ? request.count : BUFFER_COUNT;
  if (!camera->buffer_count) return NOT_A_CAMERA;
  for (uint32_t index = 0; index < camera->buffer_count; index++) {
    video_buffer buffer = {.index = index, .type = VIDEO_CAPTURE, .memory = VIDEO_MAPPED};
    error = device_control(camera->descriptor, VIDEO_QUERY_BUFFER, &buffer);
    if (error < 0) return error;
    long address = device_map(camera->descriptor, buffer.byte_count, buffer.offset);
    if (linux_is_error(address)) return address;
    camera->buffers[index].bytes = (const void *)address;
    camera->buffers[index].byte_count = buffer.byte_count;
    camera->current = index;
    error = run_camera_return(camera);
    if (error < 0) return error;
  }
  return 0;
}

long run_camera_start(
    run_camera *camera, const char *path, uint32_t width, uint32_t height, const uint32_t *formats,
    size_t format_count) {
  *camera = (run_camera){.descriptor = device_open(path)};
  if (camera->descriptor < 0) return camera->descriptor;
  video_capability capability = {.version = 0};
  if (device_control(camera->descriptor, VIDEO_QUERY_CAPABILITY, &capability) < 0) {
    return NOT_A_CAMERA;
  }
  uint32_t can = capability.capabilities & VIDEO_HAS_CAPS ? capability.device_capabilities
                                                          : capability.capabilities;
  if (!(can & VIDEO_CAPTURE) || !(can & VIDEO_STREAMING)) return NOT_A_CAMERA;
  uint32_t format = choose(camera->descriptor, formats, format_count);
  if (!format) return RUN_CAMERA_FORMAT;
  long error = set_format(camera, width, height, format);
  if (error < 0) return error;
  error = map_buffers(camera);
  if (error < 0) return error;
  int type = VIDEO_CAPTURE;
  return device_control(camera->descriptor, VIDEO_START, &type);
}

long run_camera_take(run_camera *camera, const void **bytes, size_t *byte_count) {
  video_buffer buffer = {.type = VIDEO_CAPTURE, .memory = VIDEO_MAPPED};
  long error = device_control(camera->descriptor, VIDEO_DEQUEUE, &buffer);
  if (error < 0) return error;
  if (buffer.index >= camera->buffer_count) return NOT_A_CAMERA;
  camera->current = buffer.index;
  size_t room = camera->buffers[buffer.index].byte_count;
  *bytes = camera->buffers[buffer.index].bytes;
  *byte_count = buffer.used_byte_count < room ? buffer.used_byte_count : room;
  return 0;
}

long run_camera_return(run_camera *camera) {
  video_buffer buffer = {
    .index = camera->current, .type = VIDEO_CAPTURE, .memory = VIDEO_MAPPED};
  return device_control(camera->descriptor, VIDEO_QUEUE, &buffer);
}

// Video4Linux's single-planar capture, as linux/videodev2.h lays it out; a test compares the two.
#pragma once

#include <stdint.h>

enum { VIDEO_CAPTURE = 1, VIDEO_MAPPED = 1, VIDEO_STREAMING = 0x04000000 };
enum { VIDEO_HAS_CAPS = (int)0x80000000 };

typedef struct {
  uint8_t driver[16], card[32], bus[32];
  uint32_t version, capabilities, device_capabilities, reserved[3];
} video_capability;

typedef struct {
  uint32_t index, type, flags;
  uint8_t description[32];
  uint32_t format, reserved[4];
} video_description;

typedef struct {
  uint32_t type;
  union {
    struct {
      uint32_t width, height, format, field, stride, byte_count, colorspace, private_words[5];
    } picture;
    uint8_t bytes[200];
    // Other members of the union are pointers, which move it to a multiple of 8 on 64 bits.
    void *alignment;
  };
} video_format;

typedef struct {
  uint32_t count, type, memory, capabilities, flags;
} video_request;

typedef struct {
  uint32_t index, type, used_byte_count, flags, field;
  long time[2];
  uint32_t time_code[4], sequence, memory;
  union {
    uint32_t offset;
    unsigned long pointer;
  };
  uint32_t byte_count, reserved[2];
} video_buffer;

#define VIDEO_CALL(direction, number, type) \
  ((unsigned long)(direction) << 30 | sizeof(type) << 16 | 'V' << 8 | (number))
#define VIDEO_QUERY_CAPABILITY VIDEO_CALL(2, 0, video_capability)
#define VIDEO_DESCRIBE_FORMAT VIDEO_CALL(3, 2, video_description)
#define VIDEO_GET_FORMAT VIDEO_CALL(3, 4, video_format)
#define VIDEO_SET_FORMAT VIDEO_CALL(3, 5, video_format)
#define VIDEO_REQUEST_BUFFERS VIDEO_CALL(3, 8, video_request)
#define VIDEO_QUERY_BUFFER VIDEO_CALL(3, 9, video_buffer)
#define VIDEO_QUEUE VIDEO_CALL(3, 15, video_buffer)
#define VIDEO_DEQUEUE VIDEO_CALL(3, 17, video_buffer)
#define VIDEO_START VIDEO_CALL(1, 18, int)

// The rows of the input with zero points around them: see arm_patches.h.

#if defined(__arm__) || defined(__aarch64__)
#include "arm_patches.h"

static void fill_bytes(int8_t *to, int8_t value, int32_t count) {
  for (int8_t *end = to + count; to < end; to++) *to = value;
}

void octet_clear_band(const octet_band *band) {
  fill_bytes(band->rows, band->zero_point, band->row_count * band->row_byte_count);
}

void octet_fill_band(const octet_band *band, int32_t row) {
  int8_t *to = band->rows + band->left_byte_count;
  for (int32_t end = row + band->row_count; row < end; row++, to += band->row_byte_count) {
    if (row >= 0 && row < band->image_height) {
      copy_bytes(to, band->image + row * band->image_row_byte_count, band->inside_byte_count);
    } else {
      fill_bytes(to, band->zero_point, band->inside_byte_count);
    }
  }
}
#endif

// The rows of the input with zero points around them: see arm_patches.h.

#if defined(__arm__) || defined(__aarch64__)
#include "arm_patches.h"

void octet_fill_band(const octet_band *band, int32_t row) {
  int8_t *to = band->rows;
  int32_t width = band->row_byte_count, left = band->left_byte_count;
  int32_t inside = band->inside_byte_count, right = width - left - inside;
  for (int32_t end = row + band->row_count; row < end; row++, to += width) {
    if (row < 0 || row >= band->image_height) {
      fill_bytes(to, band->zero_point, width);
    } else {
      fill_bytes(to, band->zero_point, left);
      copy_bytes(to + left, band->image + row * band->image_row_byte_count, inside);
      fill_bytes(to + left + inside, band->zero_point, right);
    }
  }
}
#endif

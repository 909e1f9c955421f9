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

octet_places octet_gather_tile(
    const octet_patches *p, const octet_tile *tile, int32_t depth, int8_t *values) {
  octet_places places;
  int32_t row = tile->row, column = tile->column, stride = (depth + 15) & ~15;
  bool is_shared = has_shared_runs(p, tile);
  patch_part part = {0, 0, depth + (is_shared ? p->run_byte_count : 0)};
  if (is_shared) {
    for (int32_t lane = 0; lane < 2; lane++, values += 2 * stride) {
      gather(p, place(p, row, column + lane), part, values);
      places.at[lane] = values, places.at[lane + 2] = values + p->run_byte_count;
    }
    return places;
  }
  for (int32_t lane = 0; lane < 4; lane++, values += stride) {
    gather(p, place(p, row, column), part, values);
    places.at[lane] = values;
    next_pixel(tile, lane, &row, &column);
  }
  return places;
}
#endif

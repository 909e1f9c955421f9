// The image, for either instruction set and int8 or int16: included by x86_*.c.

// Elements `from` to `to` of a row of the image, and those beside them up to whole vectors.
INLINE void pad(const octet_x86_layer *l, element *row, int from, int to) {
  const vector value = (vector){0} + (int32_t)l->padding;
  const int size = LANES * ELEMENTS;
  for (int i = from / size * size; i < to; i += size) *(vector *)(row + i) = value;
}

TARGET void NAME(copy)(const octet_x86_layer *l, const void *source) {
  element *row = part(l, l->image);
  for (int y = -l->top; y < l->image_height - l->top; y++, row += l->image_row_count) {
    const int is_padding = y < 0 || y >= l->height;
    pad(l, row, 0, is_padding ? l->image_row_count : l->left);
    if (is_padding) continue;
    pad(l, row, l->left + l->copied_count, l->image_row_count);
    const operand *from = (const operand *)source + (ptrdiff_t)y * l->row_count;
    convert(row + l->left, from, l->copied_count);
  }
}

TARGET void NAME(take)(
    const octet_x86_layer *l, uint32_t *restrict words, const void *restrict from) {
  const operand *restrict source = from;
  const int bits = 32 / ELEMENTS, count = l->copied_count;
  const uint32_t last = l->padding << (32 - bits);
  for (int i = 0; source == NULL && i < count; i++) words[i] = words[i] >> bits | last;
  for (int i = 0; source != NULL && i < count; i++) {
    words[i] = words[i] >> bits | (uint32_t)(source[i] + ELEMENT_OFFSET) << (32 - bits);
  }
}

// multiply: the product of two matrices of floats (no lanes).

INLINE void NAME(multiply_block)(
  ptrdiff_t k, const float *a, ptrdiff_t aRow, ptrdiff_t aColumn, const float *b, ptrdiff_t bRow,
  float *c, ptrdiff_t cRow, ptrdiff_t columns, int accumulate, const int rows
) {
  V sums[8 * GEMM_VECTORS];
  UNROLL for (int i = 0; i < rows * GEMM_VECTORS; i++) sums[i] = (V){0};
  for (ptrdiff_t p = 0; p < k; p++) {
    const U *line = (const U *)(b + p * bRow);
    V values[GEMM_VECTORS];
    UNROLL for (int v = 0; v < GEMM_VECTORS; v++) values[v] = line[v];
    UNROLL for (int i = 0; i < rows; i++) {
      const float factor = a[i * aRow + p * aColumn];
      UNROLL for (int v = 0; v < GEMM_VECTORS; v++) {
        sums[i * GEMM_VECTORS + v] += values[v] * factor;
      }
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    float *target = c + i * cRow;
    UNROLL for (int v = 0; v < GEMM_VECTORS; v++) {
      const ptrdiff_t left = columns - 16 * v;
      const V sum = sums[i * GEMM_VECTORS + v];
      U *whole = (U *)(target + 16 * v);
      if (left >= 16) *whole = accumulate ? *whole + sum : sum;
      else {
        for (ptrdiff_t j = 0; j < left; j++) {
          const float old = accumulate ? target[16 * v + j] : 0;
          target[16 * v + j] = old + ((const float *)&sum)[j];
        }
      }
    }
  }
}

// Columns in panels of GEMM_VECTORS vectors; a panel of B that is not contiguous or not full is
// copied to the stack first, GEMM_DEPTH rows at a time.
static void NAME(multiply)(
  ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t aRow, ptrdiff_t aColumn,
  const float *b, ptrdiff_t bRow, ptrdiff_t bColumn, float *c, ptrdiff_t cRow, int accumulate
) {
  enum { width = 16 * GEMM_VECTORS, depth = 256 };
  float panel[depth * width];
  for (ptrdiff_t j = 0; j < n; j += width) {
    const ptrdiff_t columns = n - j < width ? n - j : width;
    for (ptrdiff_t p = 0; p < k || p == 0; p += depth) {
      const ptrdiff_t rows = k - p < depth ? k - p : depth;
      const float *source = b + p * bRow + j * bColumn;
      ptrdiff_t sourceRow = bRow;
      if (columns < width || bColumn != 1) {
        for (ptrdiff_t q = 0; q < rows; q++) {
          for (ptrdiff_t i = 0; i < columns; i++) {
            panel[q * width + i] = source[q * bRow + i * bColumn];
          }
          for (ptrdiff_t i = columns; i < width; i++) panel[q * width + i] = 0;
        }
        source = panel;
        sourceRow = width;
      }
      const int adds = accumulate || p > 0;
      ptrdiff_t i = 0;
      for (; i + GEMM_ROWS <= m; i += GEMM_ROWS) {
        NAME(multiply_block)(
          rows, a + i * aRow + p * aColumn, aRow, aColumn, source, sourceRow, c + i * cRow + j,
          cRow, columns, adds, GEMM_ROWS);
      }
      for (; i < m; i++) {
        NAME(multiply_block)(
          rows, a + i * aRow + p * aColumn, aRow, aColumn, source, sourceRow, c + i * cRow + j,
          cRow, columns, adds, 1);
      }
    }
  }
}

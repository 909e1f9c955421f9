// Makes room for the next instruction set.
#undef SET
#undef SET_NAME
#undef MAX_PIXELS
#undef MAX_OUTPUTS
#undef MAX_ROW_OUTPUTS
#undef MAX_COLUMN_OUTPUTS
#undef SUM_KERNELS
#undef SUM_OUTPUTS
#undef GEMM_ROWS
#undef GEMM_VECTORS

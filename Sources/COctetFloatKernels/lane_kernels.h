// The kernels, written once over a sixteen-float vector and compiled once for each instruction
// set (float_kernels.c includes this file with other blocking constants each time).
//
// Constants: MAX_PIXELS × MAX_OUTPUTS accumulators for images, MAX_ROW_OUTPUTS for one pixel;
// SUM_KERNELS × SUM_OUTPUTS for correlate; GEMM_ROWS × GEMM_VECTORS for multiply.

#define UNROLL _Pragma("clang loop unroll(full)")
#define BROADCAST(value) ((V){0} + (value))
#define SELECT(mask, a, b) ((V)(((mask) & (I)(a)) | (~(mask) & (I)(b))))
#define MAXIMUM(a, b) SELECT((a) > (b), (a), (b))

#include "lane_contract.h"
#include "lane_correlate.h"
#include "lane_elementwise.h"
#include "lane_multiply.h"
#include "lane_pool.h"

static const octet_float_kernels NAME(kernels) = {
  SET_NAME,
  NAME(multiply),
  NAME(contract),
  NAME(correlate),
  NAME(sum_lanes),
  NAME(sum_pixels),
  NAME(max_pool),
  NAME(max_pool_backward),
  NAME(average_pool),
  NAME(average_pool_backward),
  NAME(relu),
  NAME(relu_backward),
  NAME(add),
  NAME(load_images),
  NAME(update_sgd),
  NAME(update_adam),
};

#undef UNROLL
#undef BROADCAST
#undef SELECT
#undef MAXIMUM

#include "octet_float_kernels.h"

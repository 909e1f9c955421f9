#include "octet_kernels.h"

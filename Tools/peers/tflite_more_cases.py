"""Random models of one operator that changes single elements, or moves, joins or reduces them."""

import numpy as np
from tflite_builder import BOOL, FLOAT, INT32, OPERATORS, RandomModels, options


class MoreCases(RandomModels):
    def values(self, tensor):
        """Random values for an input."""
        if tensor.type == FLOAT:
            low, high = self.reach
            return self.random.uniform(low, high, tensor.shape).astype(np.float32)
        return self.random.integers(self.least, 128, tensor.shape).astype(np.int8)

    # What inputs reach: reals of float models, and the least code.
    reach, least = (-4, 4), -128

    # Functions of one element

    def negate(self):
        return self.one(OPERATORS.NEG, output=self.own(), options=options("NegOptions"))

    # Two inputs

    def squared_difference(self):
        return self.binary(OPERATORS.SQUARED_DIFFERENCE)

    NAMES = ["negate", "squared_difference"]

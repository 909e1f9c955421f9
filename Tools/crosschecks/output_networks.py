"""The networks of the outputs' cross-check: a module and the shape of its pictures.

Weights are random.
"""

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

NETWORKS = {}


def network(shape, **layers):
    """A module of `layers`, applied by the decorated function."""
    def make(function):
        def build():
            module = nn.Module.__new__(type(function.__name__, (nn.Module,), {"forward": function}))
            nn.Module.__init__(module)
            for name, layer in layers.items():
                setattr(module, name, layer())
            return module
        NETWORKS[function.__name__] = (build, shape)
        return function
    return make


C = lambda *a, **k: lambda: nn.Conv2d(*a, **k)
D = lambda *a, **k: lambda: nn.Linear(*a, **k)
GRAY, COLOUR = (1, 28, 28), (3, 32, 32)


class LayerNorm2d(nn.LayerNorm):
    """ConvNeXt's: over the channels of each pixel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


@network(COLOUR, a=C(3, 16, 3, 2, 1), b=C(16, 32, 3, 2, 1), c=D(32, 16), d=D(16, 10))
def cosine_similarity(self, x):
    x = F.relu(self.b(F.relu(self.a(x)))).mean((2, 3))
    x = self.c(x)
    x = x * torch.rsqrt((x * x).sum(1, keepdim=True) + 1e-6)
    return F.linear(x, F.normalize(self.d.weight, dim=1).detach())


@network(GRAY, a=C(1, 16, 3, padding=1), b=C(16, 32, 3, padding=1, groups=4),
         c=C(32, 32, 3, padding=1, groups=8), d=D(32 * 49, 10))
def grouped_max_pool(self, x):
    x = F.max_pool2d(F.relu(self.a(x)), 2)
    x = F.max_pool2d(F.relu(self.b(x)), 2)
    return self.d(F.relu(self.c(x)).flatten(1))


@network(GRAY, a=C(1, 16, 3, 2, 1), n=lambda: nn.GroupNorm(4, 16), b=C(16, 32, 3, 2, 1),
         m=lambda: nn.GroupNorm(8, 32), d=D(32, 10))
def group_norm(self, x):
    x = F.relu(self.n(self.a(x)))
    return self.d(F.relu(self.m(self.b(x))).mean((2, 3)))


@network(GRAY, a=C(1, 16, 3, 2, 1), n=lambda: nn.InstanceNorm2d(16, affine=True),
         b=C(16, 32, 3, 2, 1), m=lambda: nn.InstanceNorm2d(32, affine=True), d=D(32 * 49, 10))
def instance_norm(self, x):
    x = F.relu(self.n(self.a(x)))
    return self.d(F.relu(self.m(self.b(x))).flatten(1))


@network(COLOUR, stem=C(3, 16, 4, 4), n=lambda: LayerNorm2d(16),
         b=C(16, 16, 7, padding=3, groups=16), m=lambda: LayerNorm2d(16),
         c=C(16, 64, 1), d=C(64, 16, 1), k=lambda: nn.LayerNorm(16), e=D(16, 10))
def convnext(self, x):
    x = self.n(self.stem(x))
    x = x + self.d(F.gelu(self.c(self.m(self.b(x)))))
    return self.e(self.k(x.mean((2, 3))))


@network(COLOUR, a=C(3, 16, 3, 2, 1), b=C(16, 16, 3, padding=1),
         t=lambda: nn.ConvTranspose2d(16, 8, 4, 2, 1), c=C(8, 1, 3, padding=1))
def sigmoid_picture(self, x):
    x = F.relu(self.b(F.relu(self.a(x))))
    return torch.sigmoid(self.c(F.relu(self.t(x))))


@network(COLOUR, a=C(3, 16, 3, 2, 1), b=C(16, 6, 1), c=C(16, 3, 1))
def yolo_head(self, x):
    x = F.relu(self.a(x))
    return torch.cat([10 * self.b(x), torch.sigmoid(self.c(x))], 1)


@network(COLOUR, a=C(3, 16, 3, 2, 1), b=C(16, 16, 3, padding=1), c=C(16, 8, 3, padding=1))
def max_of_tanh(self, x):
    x = 4 * self.b(F.relu(self.a(x)))
    return self.c(torch.maximum(x, torch.tanh(x - 1)))


@network(COLOUR, a=C(3, 16, 3, 2, 1), b=C(16, 16, 3, padding=1), c=C(16, 32, 3, 2, 1), d=D(32, 10))
def silu(self, x):
    x = F.silu(self.a(x))
    x = x + F.silu(self.b(x))
    return self.d(F.silu(self.c(x)).mean((2, 3)))


@network(COLOUR, a=C(3, 16, 3, 2, 1), b=C(16, 32, 3, 2, 1), d=D(32, 10))
def gelu(self, x):
    x = F.gelu(self.b(F.gelu(self.a(x)))).mean((2, 3))
    return self.d(x)


NETWORKS["squeezenet"] = (
    lambda: torchvision.models.squeezenet1_1(weights=None, num_classes=10), (3, 64, 64))
NETWORKS["mobilenet_v2_0.35"] = (
    lambda: torchvision.models.mobilenet_v2(weights=None, width_mult=0.35), (3, 96, 96))

"""The networks of the PyTorch cross-check: pictures of 1 × 28 × 28 in, 10 numbers out, unless said
otherwise. Weights are random."""

import torch
from torch import nn
from torch.nn import functional as F

NETWORKS = {}


def network(forward=None, **layers):
    """A module of `layers`, applied by `forward(self, x)`."""
    def make(function):
        def build():
            module = nn.Module.__new__(type(function.__name__, (nn.Module,), {"forward": function}))
            nn.Module.__init__(module)
            for name, layer in layers.items():
                setattr(module, name, layer())
            return module
        NETWORKS[function.__name__] = build
        return function
    return make


def sequential(name, *parts):
    NETWORKS[name] = lambda: nn.Sequential(*[part() for part in parts])


C = lambda *a, **k: lambda: nn.Conv2d(*a, **k)
D = lambda *a, **k: lambda: nn.Linear(*a, **k)


@network(a=C(1, 6, 5, padding=2), b=C(6, 16, 5), c=D(400, 120), d=D(120, 84), e=D(84, 10))
def lenet(self, x):
    x = F.max_pool2d(F.relu(self.a(x)), 2)
    x = F.max_pool2d(F.relu(self.b(x)), 2)
    x = x.view(x.size(0), -1)
    return F.log_softmax(self.e(F.relu(self.d(F.relu(self.c(x))))), dim=1)


@network(a=C(1, 20, 5), b=C(20, 50, 5), c=D(800, 50), d=D(50, 10))
def lenet_caffe(self, x):
    x = F.max_pool2d(self.a(x), 2, 2)
    x = F.max_pool2d(self.b(x), 2, 2)
    x = x.reshape(-1, 800)
    return F.softmax(self.d(F.relu(self.c(x))), -1)


@network(a=C(1, 6, 5), b=C(6, 16, 5), c=D(256, 84), d=D(84, 10), drop=lambda: nn.Dropout(0.5),
         drop2=lambda: nn.Dropout2d())
def lenet_tanh(self, x):
    x = F.avg_pool2d(torch.tanh(self.a(x)), 2)
    x = F.avg_pool2d(torch.sigmoid(self.b(x)), 2)
    x = torch.flatten(self.drop2(x), 1)
    return self.d(self.drop(torch.tanh(self.c(x))))


@network(a=C(1, 8, 3, padding=1, bias=False), n=lambda: nn.BatchNorm2d(8), b=C(8, 8, 3, padding=1),
         m=lambda: nn.BatchNorm2d(8), c=D(8, 10))
def residual(self, x):
    x = F.relu(self.n(self.a(x)))
    y = F.relu(self.m(self.b(x)))
    x = F.relu(x + y)
    return self.c(F.adaptive_avg_pool2d(x, 1).squeeze(-1).squeeze(-1))


@network(a=C(1, 8, 3, 2, 1), b=C(8, 8, 3, 1, 1, groups=8), c=C(8, 16, 1), d=D(16, 10),
         h=lambda: nn.Hardswish(), s=lambda: nn.Hardsigmoid())
def mobile(self, x):
    x = self.h(self.a(x))
    x = self.s(self.b(x))
    x = F.relu6(self.c(x))
    return self.d(x.mean([2, 3]))


@network(a=C(1, 8, 3, padding=1), b=C(8, 8, 1), c=C(8, 8, 1), d=D(8, 10))
def squeeze_excite(self, x):
    x = F.relu(self.a(x))
    gate = torch.sigmoid(self.c(F.relu(self.b(F.adaptive_avg_pool2d(x, (1, 1))))))
    x = x * gate
    return self.d(x.mean(dim=(2, 3), keepdim=True).flatten(1))


@network(a=C(1, 4, 1), b=C(1, 4, 3, padding=1), c=C(1, 4, 5, padding=2), e=D(12 * 49, 10))
def inception(self, x):
    x = torch.cat([self.a(x), self.b(x), F.relu(self.c(x))], dim=1)
    x = F.max_pool2d(x, 3, 4, 1)
    return self.e(x.contiguous().view(x.shape[0], x.shape[1] * x.shape[2] * x.shape[3]))


@network(a=C(1, 8, 3, 2, 1), t=lambda: nn.ConvTranspose2d(8, 4, 3, 2, 1, 1),
         b=C(4, 1, 3, padding=1))
def segment(self, x):
    return self.b(F.leaky_relu(self.t(F.relu(self.a(x))), 0.1))


@network(a=C(1, 8, 3, 2, 1), b=C(8, 2, 3, padding=1))
def upsample(self, x):
    x = F.relu(self.a(x))
    return self.b(F.interpolate(x, scale_factor=2, mode="nearest"))


@network(a=C(1, 8, 3, 2, 1), b=C(8, 2, 3, padding=1))
def bilinear(self, x):
    x = F.relu(self.a(x))
    x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return F.interpolate(self.b(x), size=(19, 23), mode="bilinear", align_corners=True)


@network(a=C(1, 8, 3, 2, 1))
def resize_to_other(self, x):
    y = F.relu(self.a(x))
    return F.interpolate(y, size=x.shape[2:], mode="bilinear")[:, :1] + x


@network(a=C(1, 4, 3), p=lambda: nn.ReflectionPad2d(1), q=lambda: nn.ReplicationPad2d((1, 2, 0, 1)))
def paddings(self, x):
    x = self.p(x)
    x = self.q(F.relu(self.a(x)))
    return F.pad(x, (1, 1, 2, 0), value=0.25)


@network(a=C(1, 8, 3, padding=1), b=C(4, 4, 3, padding=1), c=D(8, 10))
def shuffle(self, x):
    x = F.relu(self.a(x))
    left, right = x.chunk(2, dim=1)
    x = torch.cat([left, F.relu(self.b(right))], 1)
    n, c, h, w = x.shape
    x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)
    return self.c(x.mean(3).mean(2))


@network(a=C(1, 6, 3, padding=1), b=D(28, 5))
def arrange(self, x):
    x = F.relu(self.a(x)).permute(0, 2, 3, 1)
    first, second, third = torch.split(x, [1, 2, 3], dim=3)
    x = torch.cat([third, first, second], -1).permute(0, 3, 1, 2)
    x = self.b(x.unsqueeze(1).squeeze(1))
    return x[:, ::2, 1:-1, :3].flatten(2)


@network(a=C(1, 8, 3, padding=2, dilation=2), b=C(8, 8, 3, padding=1, groups=2),
         p=lambda: nn.PReLU(8), c=C(8, 10, 1))
def grouped(self, x):
    x = self.p(self.a(x))
    x = F.elu(self.b(x))
    return torch.amax(self.c(x), dim=(2, 3))


@network(a=C(1, 4, 3), m=lambda: nn.AdaptiveMaxPool2d(1), d=D(4, 10))
def global_max(self, x):
    return self.d(torch.flatten(self.m(F.relu(self.a(x))), 1))


@network(a=C(1, 4, 3, 2), d=D(4 * 16, 10))
def adaptive(self, x):
    return self.d(F.avg_pool2d(F.relu(self.a(x)), 3, 3, 0).flatten(1))


@network(a=D(784, 64), b=D(64, 32, bias=False), c=D(32, 10), n=lambda: nn.BatchNorm1d(64))
def mlp(self, x):
    x = self.n(self.a(x.reshape(x.shape[0], -1)))
    x = F.gelu(x)
    return torch.clamp(self.c(F.silu(self.b(x))), -1, 1)


@network(a=lambda: nn.Conv1d(28, 8, 3, padding=1), b=lambda: nn.Conv1d(8, 4, 3, stride=2),
         n=lambda: nn.BatchNorm1d(8), d=D(4, 10))
def sequence(self, x):
    x = F.relu(self.n(self.a(x.squeeze(1))))
    x = F.max_pool1d(x, 2)
    return self.d(F.relu(self.b(x)).mean(-1))


@network(a=C(1, 8, 3, padding=1), n=lambda: nn.LocalResponseNorm(3),
         i=lambda: nn.InstanceNorm2d(8, affine=True), d=D(8, 10))
def normalized(self, x):
    x = self.i(self.n(F.relu(self.a(x))))
    return self.d(x.sum((2, 3)) / 784)


@network(a=C(1, 8, 3, padding=1), b=C(1, 8, 3, padding=1), d=D(8 * 196, 10))
def arithmetic(self, x):
    a, b = self.a(x), self.b(x)
    y = torch.maximum(a * 2 - 1, torch.minimum(b, a / 3 + 0.5))
    y = 1.0 - y.abs()
    return self.d(F.avg_pool2d(y, 3, 2, 1, count_include_pad=False).view(x.size()[0], -1))


@network(a=C(1, 8, 3, padding=1), b=C(8, 4, 3, padding=1))
def pixel_shuffle(self, x):
    return F.pixel_shuffle(self.b(F.relu(self.a(x))), 2)


@network(a=C(1, 4, (1, 5), (1, 2), (0, 2)), b=C(4, 4, (3, 1), (2, 1), (1, 0)), d=D(4 * 196, 10),
         s=lambda: nn.Softmax(dim=1))
def rectangular(self, x):
    x = F.hardtanh(self.b(F.relu6(self.a(x))))
    return self.s(self.d(x.flatten(start_dim=1)))


sequential("plain_sequential", C(1, 8, 3, bias=False), lambda: nn.BatchNorm2d(8), nn.ReLU,
           lambda: nn.MaxPool2d(2), C(8, 16, 3, padding="same"), nn.LeakyReLU,
           lambda: nn.AvgPool2d(2, ceil_mode=True), nn.Flatten, D(16 * 49, 10),
           lambda: nn.LogSoftmax(dim=-1))


@network(a=D(28, 16), q=D(16, 16), k=D(16, 16), v=D(16, 16), d=D(16, 10),
         n=lambda: nn.LayerNorm(16))
def attention(self, x):
    x = self.a(x.squeeze(1))
    weights = torch.softmax(self.q(x) @ self.k(x).transpose(1, 2) / 4, -1)
    return self.d(self.n(weights @ self.v(x)).mean(1))


@network(a=C(1, 16, 7, 7), q=D(16, 16), k=D(16, 16), v=D(16, 16), d=D(16, 10))
def sigmoid_attention(self, x):
    x = self.a(x).flatten(2).transpose(1, 2)

    def heads(y):
        return y.view(y.shape[0], 16, 4, 4).transpose(1, 2)
    weights = torch.sigmoid(4 * heads(self.q(x)) @ heads(self.k(x)).transpose(-2, -1)) / 16
    y = (weights @ heads(self.v(x))).transpose(1, 2).reshape(x.shape[0], 16, 16)
    return self.d((x + F.relu(y)).mean(1))


@network(a=C(1, 8, 3, 2, 1), b=C(1, 8, 3, 2, 1), d=D(64, 10))
def bilinear_pooling(self, x):
    a, b = F.relu(self.a(x)).flatten(2), torch.tanh(self.b(x)).flatten(2)
    return self.d(torch.bmm(a, b.transpose(1, 2)).flatten(1) / 196)


@network(a=C(1, 8, 3, 2, 1), b=D(8, 10))
def two_outputs(self, x):
    y = F.relu(self.a(x))
    return self.b(y.mean((2, 3))), y


@network(a=C(1, 16, 4, 4, 2), m=lambda: nn.MultiheadAttention(16, 4, batch_first=True),
         d=D(16, 10))
def multihead_attention(self, x):
    x = self.a(x).flatten(2).transpose(1, 2)
    return self.d(self.m(x, x, x)[0].mean(1))


@network(a=D(28, 48), d=D(16, 10))
def causal_attention(self, x):
    q, k, v = self.a(x.squeeze(1)).chunk(3, -1)
    mask = torch.triu(torch.full((28, 28), float("-inf")), 1)
    return self.d((torch.softmax(q @ k.transpose(1, 2) / 4 + mask, -1) @ v).mean(1))


@network(a=C(1, 8, 3, 1, 1), n=lambda: nn.LayerNorm(8), w=D(8, 8), d=D(8, 10))
def windows(self, x):
    x = self.n(self.a(x).permute(0, 2, 3, 1))
    b = x.shape[0]
    x = x.view(b, 4, 7, 4, 7, 8).permute(0, 1, 3, 2, 4, 5).reshape(-1, 49, 8)
    x = F.relu(self.w(x)).view(b, 4, 4, 7, 7, 8).permute(0, 1, 3, 2, 4, 5).reshape(b, 28, 28, 8)
    return self.d(x.mean((1, 2)))


@network(a=C(1, 8, 3, 2), b=C(2, 1, 7, padding=3), d=D(8, 10))
def spatial_attention(self, x):
    x = F.relu(self.a(x))
    maps = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
    return self.d(F.normalize((x * torch.sigmoid(self.b(maps))).mean((2, 3)), dim=1))


@network(u=lambda: nn.PixelUnshuffle(2), a=C(4, 8, 3), s=nn.Softplus, d=D(8, 10))
def pixel_unshuffle(self, x):
    return self.d(self.s(self.a(self.u(x))).mean((2, 3)))

"""The networks of `octet train --list` as somebody would write them with PyTorch."""

import torch
from torch import cat, nn


def lenet(normalized=False, average=False):
    def activation(module):
        return [module, nn.ReLU()] if normalized else [nn.ReLU()]
    pool = nn.AvgPool2d if average else nn.MaxPool2d
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), *activation(nn.BatchNorm2d(6)), pool(2),
        nn.Conv2d(6, 16, 5), *activation(nn.BatchNorm2d(16)), pool(2), nn.Flatten(),
        nn.Linear(400, 120), *activation(nn.BatchNorm1d(120)),
        nn.Linear(120, 84), *activation(nn.BatchNorm1d(84)), nn.Linear(84, 10))


def lenet_tutorial():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(120, 84), nn.ReLU(), nn.Dropout(0.5), nn.Linear(84, 10))


def classifier(inputs):
    return [nn.Flatten(), nn.Linear(inputs, 256), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10)]


def convolution(inputs, outputs, kernel):
    return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.ReLU()]


def alexnet():
    return nn.Sequential(
        *convolution(1, 24, 5), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        *convolution(24, 48, 5), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        *convolution(48, 64, 3), *convolution(64, 64, 3), *convolution(64, 48, 3),
        nn.MaxPool2d(3, 2), *classifier(48 * 2 * 2))


def vgg():
    return nn.Sequential(
        *convolution(1, 24, 3), nn.MaxPool2d(2), *convolution(24, 48, 3), nn.MaxPool2d(2),
        *convolution(48, 96, 3), *convolution(96, 96, 3), nn.MaxPool2d(2),
        *classifier(96 * 3 * 3))


def nin():
    def block(inputs, outputs, kernel):
        return (convolution(inputs, outputs, kernel) + convolution(outputs, outputs, 1)
                + convolution(outputs, outputs, 1))
    return nn.Sequential(
        *block(1, 24, 5), nn.MaxPool2d(3, 2), *block(24, 48, 5), nn.MaxPool2d(3, 2),
        *block(48, 96, 3), nn.Dropout(0.5), *convolution(96, 10, 3), nn.Conv2d(10, 10, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Inception(nn.Module):
    def __init__(self, inputs, one, three, five, pooled):
        super().__init__()
        self.branches = nn.ModuleList([
            nn.Sequential(*convolution(inputs, one, 1)),
            nn.Sequential(*convolution(inputs, three[0], 1), *convolution(*three, 3)),
            nn.Sequential(*convolution(inputs, five[0], 1), *convolution(*five, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), *convolution(inputs, pooled, 1))])

    def forward(self, x):
        return cat([branch(x) for branch in self.branches], 1)


def googlenet():
    return nn.Sequential(
        *convolution(1, 24, 5), nn.MaxPool2d(3, 2, 1),
        *convolution(24, 24, 1), *convolution(24, 48, 3),
        Inception(48, 16, (24, 32), (4, 8), 8), nn.MaxPool2d(3, 2, 1),
        Inception(64, 24, (32, 48), (8, 16), 16), Inception(104, 32, (48, 64), (8, 16), 16),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def normalized(inputs, outputs, kernel, stride=1, groups=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups,
                      bias=False), nn.BatchNorm2d(outputs)]


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            *normalized(inputs, outputs, 3, stride), nn.ReLU(), *normalized(outputs, outputs, 3))
        self.shortcut = (nn.Identity() if stride == 1
                         else nn.Sequential(*normalized(inputs, outputs, 1, stride)))

    def forward(self, x):
        return nn.functional.relu(self.body(x) + self.shortcut(x))


def resnet(blocks=1):
    layers = [*normalized(1, 16, 3), nn.ReLU()]
    inputs = 16
    for outputs in (16, 32, 64):
        for _ in range(blocks):
            layers.append(Residual(inputs, outputs, 1 if inputs == outputs else 2))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Dense(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, growth, 3, padding=1))

    def forward(self, x):
        return cat([x, self.body(x)], 1)


def densenet():
    def block(inputs):
        return [Dense(inputs + 12 * index, 12) for index in range(4)]
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1), nn.MaxPool2d(2), *block(24),
        nn.BatchNorm2d(72), nn.ReLU(), nn.Conv2d(72, 36, 1), nn.AvgPool2d(2), *block(36),
        nn.BatchNorm2d(84), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(84, 10))


def separated(inputs, outputs, stride, activation):
    return [*normalized(inputs, inputs, 3, stride, inputs), activation(),
            *normalized(inputs, outputs, 1), activation()]


def mobilenet():
    layers, inputs = [*normalized(1, 16, 3), nn.ReLU6()], 16
    for outputs, stride in ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        layers += separated(inputs, outputs, stride, nn.ReLU6)
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def ds_cnn():
    layers = [*normalized(1, 64, 3, 2), nn.ReLU()]
    for _ in range(4):
        layers += separated(64, 64, 1, nn.ReLU)
    return nn.Sequential(
        *layers, nn.Dropout(0.2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class ConnectedMaps(nn.Module):
    """C3 of 1998: every map sees some of the six before it."""

    TABLE = ([[(m + k) % 6 for k in range(3)] for m in range(6)]
             + [[(m + k) % 6 for k in range(4)] for m in range(6)]
             + [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], list(range(6))])

    def __init__(self):
        super().__init__()
        seen = torch.zeros(16, 6, dtype=torch.bool)
        for row, maps in zip(seen, self.TABLE):
            row[maps] = True
        self.register_buffer("mask", seen[:, :, None, None].expand(16, 6, 5, 5).clone())
        self.weight = nn.Parameter(torch.randn(60 * 25) * 0.1)
        self.bias = nn.Parameter(torch.zeros(16))

    def forward(self, x):
        weight = torch.zeros(self.mask.shape).masked_scatter(self.mask, self.weight)
        return nn.functional.conv2d(x, weight, self.bias)


class ScaledTanh(nn.Module):
    def forward(self, x):
        return 1.7159 * torch.tanh(2 / 3 * x)


class Bitmaps(nn.Module):
    """Likeness to fixed pictures of characters; for the time it takes, any will do."""

    def __init__(self):
        super().__init__()
        self.register_buffer("pixels", torch.randn(84, 10).sign())

    def forward(self, x):
        return x @ self.pixels


def lenet_1998():
    def subsampling(maps):
        return [nn.AvgPool2d(2), nn.Conv2d(maps, maps, 1, groups=maps), ScaledTanh()]
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), ScaledTanh(), *subsampling(6), ConnectedMaps(),
        ScaledTanh(), *subsampling(16), nn.Conv2d(16, 120, 5), ScaledTanh(), nn.Flatten(),
        nn.Linear(120, 84), ScaledTanh(), Bitmaps())


def tiny():
    layers, inputs = [*normalized(1, 8, 3), nn.ReLU()], 8
    for outputs, pooled in ((12, True), (16, False), (16, True), (20, False)):
        layers += [*normalized(inputs, inputs, 3, groups=inputs),
                   *normalized(inputs, outputs, 1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pooled else []
        inputs = outputs
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 10))


def cnn_small():
    return nn.Sequential(
        *convolution(1, 8, 3), *convolution(8, 8, 3), nn.MaxPool2d(2),
        *convolution(8, 16, 3), *convolution(16, 16, 3), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16 * 7 * 7, 10))


def perceptron():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
        nn.Linear(64, 10))


NETWORKS = {
    "lenet5-1998": lenet_1998,
    "lenet": lenet, "lenet-avg": lambda: lenet(average=True),
    "lenet-bn": lambda: lenet(normalized=True), "lenet-tutorial": lenet_tutorial,
    "alexnet": alexnet, "nin": nin, "vgg": vgg, "googlenet": googlenet, "resnet": resnet,
    "resnet20": lambda: resnet(3), "densenet": densenet, "mobilenet": mobilenet,
    "ds-cnn": ds_cnn, "tiny": tiny, "cnn-small": cnn_small, "mlp": perceptron,
}

"""What `diff` uses to judge outputs again: every metric by its definition, in NumPy alone."""
import math

import numpy as np

Z95 = 1.959963984540054


def student(t, n):
    """The probability of |t| at least so large, by integrating the density."""
    if not math.isfinite(t):
        return 0.0
    # u = arctan(t / sqrt n) turns the tail into an integral over cos^(n - 1).
    edge = math.atan(abs(t) / math.sqrt(n))
    total, tail = (integral(lambda u: np.cos(u) ** (n - 1), a, math.pi / 2) for a in (0, edge))
    return tail / total


def integral(function, low, high, count=20001):
    x = np.linspace(low, high, count)
    weights = np.ones(count)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    return float(np.sum(weights * function(x)) * (high - low) / (count - 1) / 3)


def quantile(n):
    low, high = 1.9, 13.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if student(middle, n) > 0.05 else (low, middle)
    return low


def estimate(check, name, values, found, root=False):
    mean, error = values.mean(), values.std(ddof=1) / math.sqrt(len(values))
    half = quantile(len(values) - 1) * error
    ends = [mean, mean - half, mean + half]
    if root:
        ends = [math.sqrt(max(0, end)) for end in ends]
    for key, value in zip(["value", "lower", "upper"], ends):
        check.same(f"{name} {key}", value, found[key], 1e-5)


def paired(check, name, values, found):
    estimate(check, f"{name} difference", values, found["meanDifference"])
    spread = values.std(ddof=1)
    p = 1.0 if spread == 0 else student(
        values.mean() / spread * math.sqrt(len(values)), len(values) - 1)
    check.same(f"{name} p", p, found["pValue"], 1e-4)


def errors(check, name, gap, found):
    estimate(check, f"{name} bias", gap.mean(axis=1), found["bias"])
    estimate(check, f"{name} MAE", np.abs(gap).mean(axis=1), found["mae"])
    estimate(check, f"{name} RMSE", (gap**2).mean(axis=1), found["rmse"], root=True)
    check.same(f"{name} largest", float(np.abs(gap).max()), found["maxAbsError"])


def ranks(values):
    low = np.searchsorted(np.sort(values), values, "left")
    high = np.searchsorted(np.sort(values), values, "right")
    return (low + high + 1) / 2


def ranking(check, name, a, b, labels, found):
    step = max(1, -(-len(a) // 16384))
    a, b = a[::step], b[::step]
    check.same(f"{name} ranked", len(a), found["sampleCount"])
    x, y = ranks(a), ranks(b)
    if x.std() > 0 and y.std() > 0:
        check.same(f"{name} Spearman", float(np.corrcoef(x, y)[0, 1]), found["spearman"])
    if "floatAuc" not in found:
        return
    is_positive = labels[::step] != 0

    def placements(scores):
        high, low = scores[is_positive], scores[~is_positive]
        wins = (high[:, None] > low) + 0.5 * (high[:, None] == low)
        return wins.mean(axis=1), wins.mean(axis=0)

    (p, n), (q, m) = placements(a), placements(b)

    def variance(u, v):
        return u.var(ddof=1) / len(u) + v.var(ddof=1) / len(v)

    figures = [
        ("floatAuc", p.mean(), variance(p, n), 0), ("int8Auc", q.mean(), variance(q, m), 0),
        ("aucDifference", q.mean() - p.mean(), variance(q - p, m - n), -1)]
    for key, value, spread, least in figures:
        check.same(f"{name} {key}", value, found[key]["value"])
        half = Z95 * math.sqrt(spread)
        check.same(f"{name} {key} lower", max(least, value - half), found[key]["lower"])
        check.same(f"{name} {key} upper", min(1, value + half), found[key]["upper"])
    _, gap, spread, _ = figures[2]
    if spread > 0:
        check.same(
            f"{name} DeLong", math.erfc(abs(gap) / math.sqrt(2 * spread)), found["pValue"], 1e-5)


def embedding(check, name, a, b, found):
    norms = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    cosines = (a * b).sum(axis=1) / norms[0] / norms[1]
    estimate(check, f"{name} cosine", cosines, found["cosine"])
    step = max(1, -(-len(a) // 512))

    def nearest(vectors, norm):
        unit = vectors[::step] / norm[::step, None]
        likeness = unit @ unit.T
        np.fill_diagonal(likeness, -2)
        return np.argsort(-likeness, axis=1, kind="stable")[:, :5]

    x, y = nearest(a, norms[0]), nearest(b, norms[1])
    # Vectors that are equally near may change places in the last digit.
    check.same(
        f"{name} neighbours", float((x[:, 0] == y[:, 0]).mean()), found["neighbourAgreement"], 5e-3)
    overlap = [len(set(u) & set(v)) / len(u) for u, v in zip(x, y)]
    check.same(f"{name} five nearest", float(np.mean(overlap)), found["fiveNeighbourOverlap"], 5e-3)


def detection(check, name, a, b, output, found):
    channels = output["shape"][-1]
    cells = a.reshape(len(a), -1, channels), b.reshape(len(b), -1, channels)
    threshold = found["threshold"]
    over = a > threshold, b > threshold
    check.same(f"{name} over", int(over[0].sum()), found["floatCount"])
    check.same(f"{name} over in int8", int(over[1].sum()), found["int8Count"])
    check.same(f"{name} over in both", int((over[0] & over[1]).sum()), found["bothCount"])
    best = [side.argmax(axis=1) // channels for side in (a, b)]
    check.same(f"{name} best place", float((best[0] == best[1]).mean()), found["bestCellAgreement"])
    alike = cells[0].argmax(axis=2) == cells[1].argmax(axis=2)
    check.same(f"{name} best channel", float(alike.mean()), found["channelAgreement"])


def judge_output(check, output, a, b, labels, targets, source):
    name, metric = output["name"], output["metric"]
    gap = b - a
    noise, signal = float((gap**2).sum()), float((a**2).sum())
    check.same(
        f"{name} SQNR", 10 * math.log10(signal / noise) if noise else None, output["sqnrDecibels"])
    check.same(f"{name} largest", float(np.abs(gap).max()), output["maxAbsError"])
    worst = (gap**2).mean(axis=1)
    if output["samples"]:
        check.same(f"{name} worst", math.sqrt(worst.max()), output["samples"][0]["rmse"])
    if metric == "classification":
        found = output["classification"]
        top = a.argmax(axis=1), b.argmax(axis=1)
        check.same(f"{name} agreement", float((top[0] == top[1]).mean()), output["agreement"])
        check.same(f"{name} changed", int((top[0] != top[1]).sum()), found["changedCount"])
        if labels is not None:
            check.same(f"{name} float top-1", float((top[0] == labels).mean()), found["floatTop1"])
            check.same(f"{name} int8 top-1", float((top[1] == labels).mean()), found["int8Top1"])
    elif metric == "regression":
        found = output["regression"]
        errors(check, f"{name} between", gap, found["difference"])
        if targets is not None and "float" in found:
            truth = targets.reshape(len(a), -1).astype(np.float32).astype(np.float64)
            errors(check, f"{name} float", a - truth, found["float"])
            errors(check, f"{name} int8", b - truth, found["int8"])
            more = np.abs(b - truth).mean(axis=1) - np.abs(a - truth).mean(axis=1)
            paired(check, name, more, found["pairedTest"])
    elif metric == "scores":
        ranking(check, name, a[:, 0], b[:, 0], labels, output["ranking"])
    elif metric == "embedding":
        embedding(check, name, a, b, output["embedding"])
    elif metric == "detection":
        detection(check, name, a, b, output, output["detection"])
    elif metric == "reconstruction" and source is not None:
        found = output["reconstruction"]
        off = [((side - source) ** 2).mean(axis=1) for side in (a, b)]
        estimate(check, f"{name} float error", off[0], found["floatError"])
        estimate(check, f"{name} int8 error", off[1], found["int8Error"])
        paired(check, name, off[1] - off[0], found["pairedTest"])
        ranking(check, name, *off, labels, output["ranking"])
    if "picture" in output:
        peak = float(a.max() - a.min())
        check.same(f"{name} peak", peak, output["picture"]["peak"])
        for key, squared in [("psnrDecibels", worst.mean()), ("lowestPsnrDecibels", worst.max())]:
            check.same(
                f"{name} {key}", 10 * math.log10(peak**2 / squared), output["picture"][key])


def judge_outputs(check, report, tensors, labels, targets, samples):
    inputs = [row["tensor"] for row in report["layers"] if row["operator"] == "input"]
    source = tensors[inputs[0]][0] if len(inputs) == 1 else None
    if targets is not None:
        targets = targets[samples]
    for output in report["outputs"]:
        if output["name"] in tensors:
            a, b = tensors[output["name"]]
            judge_output(check, output, a, b, labels, targets, source)

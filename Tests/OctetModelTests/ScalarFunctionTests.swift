import Testing

import OctetModel

@Suite struct ScalarFunctionTests {
  /// Values at −2, −0.5, 0.75 and 2 (where a function is not defined there, nil), by NumPy and
  /// SciPy in double precision.
  static let values: [String: [Double?]] = [
    "relu": [0, 0, 0.75, 2], "relu6": [0, 0, 0.75, 2], "clip": [-2, -0.5, 0.75, 2],
    "leakyRelu": [-0.02, -0.005, 0.75, 2],
    "hardSwish": [-1.0 / 3, -0.625 / 3, 0.46875, 5.0 / 3],
    "hardSigmoid": [0.1, 0.4, 0.65, 0.9],
    "logistic": [0.11920292202211755, 0.3775406687981454, 0.679178699175393, 0.8807970779778823],
    "tanh": [-0.9640275800758169, -0.46211715726000973, 0.6351489523872873, 0.9640275800758169],
    "elu": [-0.8646647167633873, -0.3934693402873666, 0.75, 2],
    "selu": [
      -1.5201664733475926, -0.6917581899652426, 0.7880257666110992, 2.1014020442962646,
    ],
    "celu": [-0.8646647167633873, -0.3934693402873666, 0.75, 2],
    "thresholdedRelu": [0, 0, 0, 2], "shrink": [-2, 0, 0.75, 2],
    "softplus": [0.1269280110429726, 0.4740769841801067, 1.136871006169887, 2.1269280110429727],
    "softsign": [-2.0 / 3, -1.0 / 3, 0.75 / 1.75, 2.0 / 3],
    "mish": [
      -0.2525014826957089, -0.22074377465173, 0.6100183352182933, 1.9439589595339946,
    ],
    "gelu": [-0.04550026389635842, -0.15426876936299344, 0.5800294852834899, 1.9544997361036416],
    "geluByTanh": [
      -0.04540230591222494, -0.15428599017485606, 0.5799605551656203, 1.954597694087775,
    ],
    "swish": [-0.2384058440442351, -0.1887703343990727, 0.5093840243815447, 1.7615941559557646],
    "absolute": [2, 0.5, 0.75, 2], "negate": [2, 0.5, -0.75, -2], "sign": [-1, -1, 1, 1],
    "floor": [-2, -1, 0, 2], "ceil": [-2, 0, 1, 2], "round": [-2, 0, 1, 2],
    "reciprocal": [-0.5, -2, 4.0 / 3, 0.5],
    "squareRoot": [nil, nil, 0.8660254037844386, 1.4142135623730951],
    "exponential": [
      0.1353352832366127, 0.6065306597126334, 2.117000016612675, 7.38905609893065,
    ],
    "logarithm": [nil, nil, -0.2876820724517809, 0.6931471805599453],
    "errorFunction": [
      -0.9953222650189527, -0.5204998778130465, 0.7111556336535151, 0.9953222650189527,
    ],
    "power": [-2, -0.5, 0.75, 2],
    "sine": [-0.9092974268256817, -0.479425538604203, 0.6816387600233342, 0.9092974268256817],
    "cosine": [-0.4161468365471424, 0.8775825618903728, 0.7316888688738209, -0.4161468365471424],
    "tangent": [2.185039863261519, -0.5463024898437905, 0.9315964599440725, -2.185039863261519],
    "arcsine": [nil, -0.5235987755982989, 0.848062078981481, nil],
    "arccosine": [nil, 2.0943951023931957, 0.7227342478134157, nil],
    "arctangent": [
      -1.1071487177940904, -0.4636476090008061, 0.6435011087932844, 1.1071487177940904,
    ],
    "hyperbolicSine": [
      -3.626860407847019, -0.5210953054937474, 0.8223167319358299, 3.626860407847019,
    ],
    "hyperbolicCosine": [
      3.7621956910836314, 1.1276259652063807, 1.2946832846768448, 3.7621956910836314,
    ],
    "inverseHyperbolicSine": [
      -1.4436354751788103, -0.48121182505960347, 0.6931471805599453, 1.4436354751788103,
    ],
    "inverseHyperbolicCosine": [nil, nil, nil, 1.3169578969248166],
    "inverseHyperbolicTangent": [nil, -0.5493061443340548, 0.9729550745276566, nil],
  ]

  @Test(arguments: ScalarFunction.all) func value(_ function: ScalarFunction) throws {
    let expected = try #require(Self.values[function.name], "add its values above")
    for (x, value) in zip([-2, -0.5, 0.75, 2], expected) {
      guard let value else {
        #expect(function.value(x).isNaN)
        continue
      }
      #expect(abs(function.value(x) - value) <= 1e-7 * max(1, abs(value)), "at \(x)")
    }
  }

  /// Against central differences, away from kinks.
  @Test(arguments: ScalarFunction.all) func derivative(_ function: ScalarFunction) {
    for x in stride(from: -4.03, through: 4.0, by: 0.21) {
      let step = 1e-5
      let (left, middle, right) = (
        function.value(x - step), function.value(x), function.value(x + step)
      )
      guard left.isFinite, middle.isFinite, right.isFinite else { continue }
      // Not where the function jumps or bends.
      if abs(left - 2 * middle + right) > 1e-6 { continue }
      let difference = (right - left) / (2 * step)
      let derivative = function.derivative(x)
      #expect(abs(derivative - difference) <= 1e-4 * max(1, abs(derivative)), "at \(x)")
    }
  }

  @Test func standardParameters() {
    #expect(ScalarFunction(.leakyRelu).parameters == [0.01])
    #expect(ScalarFunction(.hardSigmoid, parameters: [0.25]).parameters == [0.25, 0.5])
    #expect(ScalarFunction.leakyRelu(alpha: 0.5) != ScalarFunction(.leakyRelu))
    #expect(Set(ScalarFunction.all.map(\.name)).count == ScalarFunction.all.count)
  }
}

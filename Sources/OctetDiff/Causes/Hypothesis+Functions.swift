import OctetModel
import OctetReport

// Variants of what is computed of single values and of rows.

extension LayerVariants {
  mutating func addSoftmaxes(_ index: Int) {
    let node = part.nodes[index]
    let rank = part.tensors[node.inputs[0]].shape.count
    for axis in 0..<rank {
      for beta in [1, 0.5, 2, 0.25, 4, 0.1, 10] as [Float] {
        replace(
          index, by: .softmax(axis: axis, beta: beta), .softmaxOther,
          "it is a softmax with beta \(beta) along axis \(axis)")
      }
      replace(
        index, by: .logSoftmax(axis: axis), .softmaxOther, "it is a logarithmic softmax")
    }
    replace(index, by: .identity, .softmaxOther, "it hands its values on: the softmax is missing")
    replace(
      index, by: .scalar(.logistic), .softmaxOther,
      "it is a sigmoid, where the reference has "
        + node.operation.name)
  }

  mutating func addFunctions(_ index: Int, _ given: ScalarFunction) {
    let slopes: [Float] = [0.01, 0.05, 0.1, 0.125, 0.2, 0.25, 0.3, 0.5]
    // Of those that fit alike the first is taken, and some of the others hardly change a value.
    var others = ScalarFunction.all + slopes.map { .leakyRelu(alpha: $0) }
    if endsAtZero { others.insert(.relu, at: 0) }
    if !endsAtZero { addHandingOn(index, given.text) }
    if given == .logistic {
      let rank = part.tensors[part.nodes[index].inputs[0]].shape.count
      for axis in 0..<rank {
        replace(
          index, by: .softmax(axis: axis, beta: 1), .softmaxOther,
          "it is a softmax along axis \(axis), where the reference has a sigmoid")
      }
    }
    for function in others where function != given {
      replace(
        index, by: .scalar(function), .functionOther,
        "it is \(function.text), where the reference has \(given.text)")
    }
    if endsAtZero { addHandingOn(index, given.text) }
  }

  private mutating func addHandingOn(_ index: Int, _ given: String) {
    add(.activationMissing, "it hands its values on, where the reference has \(given)") {
      $0.nodes[index].operation = .identity
      $0.nodes[index].inputs.removeLast($0.nodes[index].inputs.count - 1)
    }
  }

  /// A slope of each channel's own.
  mutating func addSlopes(_ index: Int) {
    let functions: [ScalarFunction] = [.relu, .leakyRelu(alpha: 0.01), .leakyRelu(alpha: 0.25)]
    for function in functions {
      add(.functionOther, "it is \(function.text), where the reference has a slope a channel") {
        $0.nodes[index].operation = .scalar(function)
        $0.nodes[index].inputs.removeLast($0.nodes[index].inputs.count - 1)
      }
    }
    addHandingOn(index, "a slope a channel")
  }

  /// Other numbers that keep a normalization from dividing by zero.
  mutating func addEpsilons(_ index: Int, _ a: L2NormalizationAttributes) {
    for epsilon in [1e-8, 1e-6, 1e-5, 1e-3, 1e-2, 0.1, 1] as [Float] {
      var other = a
      other.epsilon = epsilon * a.gain * a.gain
      replace(
        index, by: .l2Normalization(other), .normalizationEpsilon,
        "\(other.epsilonClause), where the reference adds \(a.epsilonText)")
    }
  }
}

extension L2NormalizationAttributes {
  /// The epsilon beside the mean of the squares, which people's normalizations add it to: √C is the
  /// gain of rows of C elements.
  var epsilonText: String { Double(epsilon / (gain * gain)).short }

  var epsilonClause: String { "it adds \(epsilonText) to the variance before it divides" }
}

extension SwiftExport {
  /// An input or output of the type.
  struct Port {
    /// What its constants' names begin with.
    let prefix: String
    /// The name of the parameter, or of the part of the result.
    let name: String
    /// Whether it is the only one of its kind, so that nobody needs its name.
    let isAlone: Bool
    let title: String
    let tensor: TensorView

    static func all(_ tensors: [TensorView], kind: String) -> [Port] {
      var taken: Set<String> = []
      return tensors.map { tensor in
        if tensors.count == 1 {
          return Port(
            prefix: kind, name: kind, isAlone: true, title: "The \(kind)", tensor: tensor)
        }
        let own = ExportName(tensor.name)
        var name = own.camelCase
        var number = 2
        while !taken.insert(name).inserted {
          name = "\(own.camelCase)\(number)"
          number += 1
        }
        return Port(
          prefix: kind + name, name: "\(name.prefix(1).lowercased())\(name.dropFirst())",
          isAlone: false, title: "\(kind.capitalized) '\(own.lowercase)'", tensor: tensor)
      }
    }

    var label: String { isAlone ? "_ \(name)" : "`\(name)`" }
    func passing(_ value: String) -> String { isAlone ? value : "`\(name)`: \(value)" }
    /// The parameter where it is read.
    var value: String { "`\(name)`" }
    func array(of element: String) -> String { "[\(tensor.elementCount) of \(element)]" }

    var constants: String {
      let shape = tensor.shape.map(String.init).joined(separator: ", ")
      return """

          /// \(title): real numbers are `\(prefix)Scale · (value − \(prefix)ZeroPoint)`.
          public static var \(prefix)Shape: [\(tensor.shape.count) of Int] { [\(shape)] }
          /// Elements.
          public static var \(prefix)Count: Int { \(tensor.elementCount) }
          /// The step between two values.
          public static var \(prefix)Scale: Float { \(tensor.scale) }
          /// The value that stands for 0.
          public static var \(prefix)ZeroPoint: Int { \(tensor.zeroPoint) }

        """
    }
  }

  /// `predict` in all its forms.
  var predictions: String {
    if inputs.isEmpty {
      return prediction(of: "Int8", "", steps: "", summary: "The model's values")
    }
    return ["Int8", "Float"].map { element in
      let summary =
        element == "Int8"
        ? "Runs the model" : "Runs the model on real numbers, which become the nearest values"
      let arrays = parameters { "borrowing \($0.array(of: element))" }
      let spans = inputs.map { $0.passing("\($0.value).span") }.joined(separator: ", ")
      return """

          /// \(summary).
          public static func predict(\(arrays)) -> \(result(of: element)) {
            predict(\(spans))
          }

        """
          + prediction(
            of: element, parameters { _ in "Span<\(element)>" }, steps: copies,
            summary: "\(summary). An input of another number of values stops the program")
          + classification(element, arrays, call: spans)
    }.joined()
      + prediction(
        of: "Int8", parameters { _ in "(inout MutableSpan<Int8>) -> Void" },
        steps: steps { "fillInput(\($0), \($1.value))" },
        summary: "Runs the model on what is written in place, where it reads it")
  }

  private func parameters(_ type: (Port) -> String) -> String {
    inputs.map { "\($0.label): \(type($0))" }.joined(separator: ", ")
  }

  private func steps(_ step: (Int, Port) -> String) -> String {
    inputs.enumerated().map { "      model.\(step($0, $1))\n" }.joined()
  }

  private var copies: String { steps { "setInput(\($0), \($1.value))" } }

  private func result(of element: String) -> String {
    outputs.count == 1
      ? outputs[0].array(of: element)
      : "(\(outputs.map { "`\($0.name)`: \($0.array(of: element))" }.joined(separator: ", ")))"
  }

  private func prediction(
    of element: String, _ parameters: String, steps: String, summary: String
  ) -> String {
    let values = outputs.indices.map { "model.output(\($0))" }.joined(separator: ", ")
    return """

        /// \(summary).
        public static func predict(\(parameters)) -> \(result(of: element)) {
          withModel { model in
      \(steps)      run(model)
            return \(outputs.count == 1 ? values : "(\(values))")
          }
        }

      """
  }

  /// The class of one sample, where the output is one line of scores.
  private func classification(_ element: String, _ arrays: String, call: String) -> String {
    guard outputs.count == 1, outputs[0].tensor.elementCount > 1,
      outputs[0].tensor.elementCount == outputs[0].tensor.shape.last
    else { return "" }
    return """

        /// The class with the highest score, of several the first, and the score.
        public static func classify(\(arrays)) -> (index: Int, score: \(element)) {
          classify(\(call))
        }

        /// The same. An input of another number of values stops the program.
        public static func classify(\(parameters { _ in "Span<\(element)>" })) -> (
          index: Int, score: \(element)
        ) {
          withModel { model in
      \(copies)      run(model)
            return model.highest(0)
          }
        }

      """
  }
}

import OctetCommand
import OctetData
import OctetTraining

/// What the options of training say, by whatever way they came: the command line, a recipe, or a
/// trial of a search.
struct TrainingSettings {
  var network = NetworkChoice()
  var options = TrainingOptions()
  /// Numbers of the optimizer and the schedule, which make sense once all options are read.
  var optimizerName = "adam", scheduleName = "cosine", initializationName = "he"
  var momentum: Float?, beta2: Float?, scheduleFactor: Float?, deviation: Float?
  var scheduleEpochs = 10
}

/// One option of training: how it is read, and what it changes.
struct TrainingParameter: Sendable {
  /// What its values are.
  enum Form: Sendable, Equatable {
    case wholeNumber, number, text
    /// Texts that hold commas.
    case list

    init(of type: Any.Type) {
      self =
        type == Int.self || type == UInt64.self
        ? .wholeNumber
        : type == Double.self
          ? .number : type == [String].self || type == Augmentation.self ? .list : .text
    }
  }

  let parameter: any Parameter
  let form: Form
  /// Reads it from the command line, where it is there.
  let take: @Sendable (Arguments, inout TrainingSettings) -> Void
  /// Reads it from a text, as a recipe holds it.
  let read: @Sendable (String, inout TrainingSettings) throws(ValueError) -> Void

  var name: String { parameter.specification.name }

  /// An option that changes nothing when it is left out.
  init<Value: Sendable>(
    _ name: String, _ kind: ValueKind<Value>, help: String,
    _ set: @escaping @Sendable (inout TrainingSettings, Value) -> Void
  ) {
    let option = OctetCommand.Option<Value?>(name, kind, help: help)
    parameter = option
    form = Form(of: Value.self)
    take = { arguments, settings in
      if let value = arguments[option] { set(&settings, value) }
    }
    read = { text, settings throws(ValueError) in set(&settings, try kind.parse(text)) }
  }

  /// An option with a default.
  init<Value: Sendable>(
    _ name: String, _ kind: ValueKind<Value>, default value: Value, help: String,
    _ set: @escaping @Sendable (inout TrainingSettings, Value) -> Void
  ) {
    let option = OctetCommand.Option<Value>(name, kind, default: value, help: help)
    parameter = option
    form = Form(of: Value.self)
    take = { arguments, settings in set(&settings, arguments[option]) }
    read = { text, settings throws(ValueError) in set(&settings, try kind.parse(text)) }
  }
}

extension TrainingSettings {
  /// The settings of a command line: what it names, then what its recipe names, then defaults.
  init(_ arguments: Arguments, recipe: Recipe? = nil) throws(CommandError) {
    for parameter in TrainingParameter.all {
      if !arguments.contains(parameter), let text = recipe?.value(of: parameter.name) {
        do { try parameter.read(text, &self) } catch {
          throw CommandError(.usage, "\(parameter.name) '\(text)' is not \(error.expectation)")
        }
      } else {
        parameter.take(arguments, &self)
      }
    }
    options.threadCount = arguments[Common.threads]
    if network.source != nil {
      for parameter in TrainingParameter.all
      where ["--arch", "--width"].contains(parameter.name) && arguments.contains(parameter) {
        throw CommandError(
          .usage, "\(parameter.name) means nothing with --from, whose model has its own layers")
      }
    }
    try settle()
  }

  /// The settings that options and their texts stand for; what is not named has its default.
  ///
  /// - Throws: status 64 for a text that the option does not take.
  init(texts: [String: String]) throws(CommandError) {
    for parameter in TrainingParameter.all {
      guard let text = texts[parameter.name] else { continue }
      do { try parameter.read(text, &self) } catch {
        throw CommandError(.usage, "\(parameter.name) '\(text)' is not \(error.expectation)")
      }
    }
  }

  /// Options that are given and have no meaning, as their owner is another.
  var meaningless: [(option: String, owner: String)] {
    var result: [(option: String, owner: String)] = []
    let optimizer = "--optimizer \(optimizerName)"
    if momentum != nil, ["sgd", "adagrad", "rmsprop"].contains(optimizerName) {
      result.append(("--momentum", optimizer))
    }
    if beta2 != nil, ["sgd", "adagrad", "momentum", "nesterov"].contains(optimizerName) {
      result.append(("--beta2", optimizer))
    }
    if scheduleFactor != nil, ["constant", "cosine"].contains(scheduleName) {
      result.append(("--schedule-factor", "--schedule \(scheduleName)"))
    }
    if deviation != nil, !initializationName.hasSuffix("normal") {
      result.append(("--init-deviation", "--init \(initializationName)"))
    }
    return result
  }

  /// Puts the names and their numbers together.
  mutating func settle() throws(CommandError) {
    if let first = meaningless.first {
      throw CommandError(.usage, "\(first.option) means nothing with \(first.owner)")
    }
    switch optimizerName {
    case "momentum": options.optimizer = .momentum(momentum ?? 0.9)
    case "nesterov": options.optimizer = .nesterov(momentum ?? 0.9)
    case "rmsprop": options.optimizer = .rmsProp(smoothing: beta2 ?? 0.99)
    case "adagrad": options.optimizer = .adaGrad()
    case "sgd": options.optimizer = .sgd
    default: options.optimizer = .adam(beta1: momentum ?? 0.9, beta2: beta2 ?? 0.999)
    }
    switch scheduleName {
    case "constant": options.schedule = .constant
    case "step": options.schedule = .step(epochs: scheduleEpochs, factor: scheduleFactor ?? 0.1)
    case "exponential": options.schedule = .exponential(factor: scheduleFactor ?? 0.95)
    case "inverse": options.schedule = .inverse(decay: scheduleFactor ?? 1)
    default: options.schedule = .cosine
    }
    switch initializationName {
    case "xavier": options.initialization = .xavier
    case "zero": options.initialization = .zero
    case "normal": options.initialization = .normal(deviation: deviation ?? 0.01)
    case "truncated-normal": options.initialization = .truncatedNormal(deviation: deviation ?? 0.1)
    default: options.initialization = .he
    }
  }
}

extension Arguments {
  fileprivate func contains(_ parameter: TrainingParameter) -> Bool {
    contains(parameter.parameter)
  }
}

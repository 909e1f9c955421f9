import OctetCommand
import OctetData
import OctetTraining

/// What a search varies, and what all its trials have alike.
struct SearchOptions {
  /// Options that all trials must have alike, and why.
  private static let fixed = [
    "epochs": "what trials are compared after", "seed": "luck",
    "split": "what trials are judged on",
    "classes": "what trials are judged on",
  ]
  private static let changePrefix = "augment."

  let dimensions: [SearchDimension]
  /// Options of training by their names, with their dashes.
  let texts: [String: String]

  /// - Throws: status 64 where an option is named twice, or means nothing.
  init(
    _ arguments: Arguments, over dimensions: [SearchDimension], recipe: Recipe?
  ) throws(CommandError) {
    guard !dimensions.isEmpty else {
      throw CommandError(
        .usage, "--over is missing: what to search over, such as learning-rate=log(1e-4,1e-1)")
    }
    self.dimensions = dimensions
    var texts: [String: String] = [:]
    for parameter in TrainingParameter.all {
      let given = arguments.text(of: parameter.parameter)
      texts[parameter.name] = given ?? recipe?.value(of: parameter.name)
      let isSearched = dimensions.contains { "--" + $0.name == parameter.name }
      if isSearched, given != nil {
        throw CommandError(
          .usage, "\(parameter.name) is given and searched over; take one of the two away")
      }
    }
    self.texts = texts
    var names: Set<String> = []
    for dimension in dimensions where !names.insert(dimension.name).inserted {
      throw CommandError(.usage, "--over names \(dimension.name) twice")
    }
    if names.contains("augment"), names.contains(where: { $0.hasPrefix(Self.changePrefix) }) {
      throw CommandError(.usage, "--over names augment as a whole and a part of it; take one away")
    }
    // What all trials have alike must go together by itself.
    let searched = Set(dimensions.map { "--" + $0.name })
    let base = try TrainingSettings(texts: texts.filter { !searched.contains($0.key) })
    for (option, owner) in base.meaningless
    where !searched.contains(String(owner.prefix { $0 != " " })) {
      throw CommandError(.usage, "\(option) means nothing with \(owner)")
    }
    guard base.options.validationFraction > 0 || arguments.contains(Train().validation) else {
      throw CommandError(
        .usage, "--split 0 leaves no images to judge trials by; name a folder with --validation")
    }
  }

  /// The options of a trial by their names. A value that is `none` is left out, and one that is not
  /// there too.
  private func texts(with values: [String: String]) -> [String: String] {
    var result = texts
    var changes = (texts["--augment"] ?? "").split(separator: ",").map(String.init)
    var hasChanges = false
    for dimension in dimensions {
      let name = dimension.name
      let value = values[name].flatMap { $0 == SearchRange.absent ? nil : $0 }
      guard name.hasPrefix(Self.changePrefix) else {
        result["--" + name] = value
        continue
      }
      let change = String(name.dropFirst(Self.changePrefix.count))
      changes.removeAll { $0 == change || $0.hasPrefix(change + "=") }
      if let value { changes.append("\(change)=\(value)") }
      hasChanges = true
    }
    if hasChanges {
      result["--augment"] = changes.isEmpty ? nil : changes.joined(separator: ",")
    }
    return result
  }

  /// One point of the search.
  struct Candidate {
    /// By the names of dimensions; those that mean nothing beside the others are not there.
    var values: [String: String]
    /// Options by their names.
    var texts: [String: String]
    var settings: TrainingSettings
  }

  /// - Parameter values: a text for each dimension; one that is not there has no meaning.
  func candidate(_ values: [String: String]) throws(CommandError) -> Candidate {
    var values = values
    var texts = texts(with: values)
    var settings = try TrainingSettings(texts: texts)
    while let option = settings.meaningless.first?.option {
      values[String(option.dropFirst(2))] = nil
      texts[option] = nil
      settings = try TrainingSettings(texts: texts)
    }
    try settings.settle()
    return Candidate(values: values, texts: texts, settings: settings)
  }

  func candidate(_ texts: [String]) throws(CommandError) -> Candidate {
    try candidate(
      Dictionary(uniqueKeysWithValues: zip(dimensions.map(\.name), texts)))
  }

  /// The trials that there are, at most; nil where numbers are without steps.
  var combinationCount: Int? {
    var product = 1
    for dimension in dimensions {
      guard let count = dimension.range.valueCount else { return nil }
      let (value, overflow) = product.multipliedReportingOverflow(by: count)
      guard !overflow else { return nil }
      product = value
    }
    return product
  }

  /// One of `combinationCount` trials.
  func candidate(ofIndex index: Int) throws(CommandError) -> Candidate {
    var rest = index
    let texts = dimensions.map { dimension in
      let count = dimension.range.valueCount ?? 1
      defer { rest /= count }
      return dimension.range.text(ofIndex: rest % count)
    }
    return try candidate(texts)
  }
}

extension SearchDimension {
  /// Reads `NAME=RANGE` and checks it against the options of training.
  init(over text: String) throws(ValueError) {
    guard let equals = text.firstIndex(of: "=") else {
      throw ValueError("NAME=RANGE, such as learning-rate=log(1e-4,1e-1)")
    }
    let name = String(text[..<equals].drop { $0 == "-" })
    let words = String(text[text.index(after: equals)...])
    if let reason = SearchOptions.reasonToKeep(name) {
      throw ValueError("to be searched over: \(name) is \(reason)")
    }
    let check: (String) throws(ValueError) -> Void
    let form: TrainingParameter.Form
    if let change = SearchOptions.change(name) {
      form = .number
      check = { text throws(ValueError) in
        if case .failure(let error) = Augmentation.parse("\(change)=\(text)") {
          throw ValueError(error.description)
        }
      }
    } else if let parameter = TrainingParameter.all.first(where: { $0.name == "--" + name }) {
      form = parameter.form
      check = { text throws(ValueError) in
        var settings = TrainingSettings()
        do throws(ValueError) { try parameter.read(text, &settings) } catch {
          throw ValueError("right: \(name) \(text) is not \(error.expectation)")
        }
      }
    } else {
      throw ValueError(
        "over an option of 'octet train'\(Suggestion.sentence(for: name, among: Self.names))")
    }
    self.init(name: name, range: try Self.range(words, name, form, check))
  }

  private static func range(
    _ text: String, _ name: String, _ form: TrainingParameter.Form,
    _ check: (String) throws(ValueError) -> Void
  ) throws(ValueError) -> SearchRange {
    do {
      let range = try SearchRange(parsing: text, takesLists: form == .list)
      switch range {
      case .choices(let texts):
        for text in texts where text != SearchRange.absent { try check(text) }
        return range
      case .span(let span):
        guard form == .number || form == .wholeNumber else {
          throw ValueError("a choice, which \(name) takes: \(name)=A,B")
        }
        let whole = form == .wholeNumber ? try span.whole() : span
        for end in [whole.lower, whole.upper] { try check(end.plain) }
        return .span(whole)
      }
    } catch let error as SearchRangeError {
      throw ValueError(error.expectation)
    } catch let error as ValueError {
      throw error
    } catch {
      throw ValueError("\(error)")
    }
  }

  /// What may be searched over.
  private static var names: [String] {
    TrainingParameter.all.map { String($0.name.dropFirst(2)) }
      .filter { SearchOptions.reasonToKeep($0) == nil }
      + Augmentation.changes.map { SearchOptions.name(of: $0) }
  }
}

extension SearchOptions {
  /// Why an option cannot be searched over; nil where it can.
  fileprivate static func reasonToKeep(_ name: String) -> String? { fixed[name] }

  fileprivate static func name(of change: Augmentation.Change) -> String {
    changePrefix + change.name
  }

  /// The change of images that a dimension's name means.
  fileprivate static func change(_ name: String) -> String? {
    Augmentation.changes.first { self.name(of: $0) == name }?.name
  }
}

extension ValueKind<SearchDimension> {
  /// `learning-rate=log(1e-4,1e-1)`
  static var searched: ValueKind {
    ValueKind(placeholder: "NAME=RANGE") { text throws(ValueError) in
      try SearchDimension(over: text)
    }
  }
}

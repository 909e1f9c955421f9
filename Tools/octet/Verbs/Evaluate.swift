import OctetCommand
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModelFile
import OctetPage
import OctetReport
import OctetTraining

struct Evaluate: Verb {
  let name = "evaluate"
  let summary = "Judge classifiers on labelled images."
  let discussion =
    "Models are float ONNX or TFLite files, quantized ones, or blobs. Several are an ensemble: the "
    + "mean of their probabilities counts. The errors on training images, on those held back from "
    + "them (by --split and --seed as 'train' had them, or --validation) and on test images stand "
    + "side by side, with what they say: bias or variance. A model is judged on the test images, "
    + "so those should be looked at seldom."
  let models = Positionals("MODEL", .input, atLeast: 1, help: "Model files; - is standard input.")
  let crops = OctetCommand.Option(
    "--crops", .integer(1...9), default: 1,
    help: "Views of each image that are averaged: as it is, and moved to corners and sides.")
  let mirror = Flag("--mirror", help: "Average the mirror image of each view too.")
  let distance = OctetCommand.Option(
    "--crop-distance", .integer(1...64),
    help: "Pixels by which views are moved; a 14th of the side.")
  let target = OctetCommand.Option(
    "--target-error", .number(0...1), default: 0,
    help: "The error that can be hoped for, such as people's: bias is what is above it.")
  let noErrors = Flag("--test-only", help: "Do not run on training images.")
  let validation = OctetCommand.Option(
    "--validation", .inputFolder, help: "The images that chose the model, as in 'train'.")
  let split = OctetCommand.Option(
    "--split", .number(0...0.9), default: 1.0 / 12, help: "As in 'train'; without --validation.")
  let seed = OctetCommand.Option("--seed", .seed, default: 1, help: "As in 'train'.")
  let html = OctetCommand.Option(
    "--html", .output(.html), help: "A page with all of it and the worst mistakes as pictures.")
  let example = "octet evaluate lenet.onnx --data digits --html evaluation.html"

  /// Training images that are judged at most, evenly chosen.
  static let trainLimit = 10_000

  var parameters: [any Parameter] {
    [
      models, Common.data, validation, split, seed, crops, mirror, distance, target, noErrors, html,
      Common.anyLabels, Common.threads,
    ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let watch = Stopwatch()
    let files = arguments[models]
    let loaded = try files.map { ($0, try Self.load($0)) }
    let labels = Common.labelPolicy(arguments)
    let source = try Steps.load(
      arguments[Common.data], labels: labels, for: try loaded[0].1.inputShape(), console: console)
    let classCount = source.test.classNames.count
    for (file, model) in loaded where model.scoreCount != classCount {
      throw CommandError(
        .badData,
        "\(file): gives \(model.scoreCount) scores, and '\(source.name)' has \(classCount) classes")
    }
    let jury = Jury(
      models: loaded, viewCount: arguments[crops] * (arguments[mirror] ? 2 : 1),
      mirrors: arguments[mirror],
      distance: arguments[distance] ?? max(max(source.test.height, source.test.width) / 14, 1),
      threadCount: arguments[Common.threads], console: console)
    let judged = try jury.judge(source.test, "test images")
    let assessment = Assessment(
      probabilities: judged.mean, labels: source.test.labels, classNames: source.test.classNames)
    var report = EvaluateReport(
      assessment, data: source.name, models: files, viewCount: jury.viewCount)
    if files.count > 1 {
      report.members = zip(files, judged.members).map { file, scores in
        EvaluateReport.Member(
          file: file,
          accuracy: Self.accuracy(scores, source.test.labels, classCount))
      }
    }
    if !arguments[noErrors] {
      report.errors = try diagnosis(arguments, source, jury, testError: 1 - assessment.accuracy)
    }
    report.seconds = watch.seconds
    if let html = arguments[html] {
      try AtomicFile.write(
        Array(page(report, source).utf8), to: html, as: .html)
      report.htmlFile = html.path
    }
    return Outcome(report, text: report.text(for: console))
  }

  private func page(_ report: EvaluateReport, _ source: DataSource) -> String {
    let names = report.models.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    var page = AssessmentPage(
      report.assessment, title: "\(names.joined(separator: " + ")) on \(source.name)",
      footer: "Made by Octet in \(report.seconds.formatted(digits: 1)) seconds.",
      image: { source.test.image(at: $0) })
    page.members = (report.members ?? []).map { ($0.file, $0.accuracy) }
    page.diagnosis = report.errors
    return page.text
  }

  private func diagnosis(
    _ arguments: Arguments, _ source: DataSource, _ jury: Jury, testError: Double
  ) throws -> ErrorDiagnosis? {
    var options = TrainingOptions()
    options.seed = arguments[seed]
    options.validationFraction = arguments[split]
    var learnt = Array(0..<source.train.count)
    var development: Dataset
    if let folder = arguments[validation] {
      development = try DataSource.loadWhole(
        folder, labels: Common.labelPolicy(arguments), like: source.train)
    } else {
      let parts = options.split(source.train.count)
      learnt = parts.learnt.sorted()
      development = source.train.subset(parts.heldBack)
    }
    guard development.count > 0, !learnt.isEmpty else { return nil }
    let step = max((learnt.count + Self.trainLimit - 1) / Self.trainLimit, 1)
    let train = source.train.subset(stride(from: 0, to: learnt.count, by: step).map { learnt[$0] })
    func error(_ set: Dataset, _ name: String) throws -> Double {
      let scores = try jury.judge(set, name).mean
      return 1 - Self.accuracy(scores, set.labels, source.test.classNames.count)
    }
    return ErrorDiagnosis(
      target: arguments[target], train: try error(train, "training images"),
      development: try error(development, "development images"), test: testError)
  }

  private static func accuracy(_ scores: [Float], _ labels: [UInt8], _ classCount: Int) -> Double {
    let right = labels.enumerated().count { index, label in
      let row = scores[index * classCount..<(index + 1) * classCount]
      let best = row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 }
      return best - row.startIndex == Int(label)
    }
    return Double(right) / Double(max(labels.count, 1))
  }

  private static func load(_ path: String) throws -> ScoringModel {
    switch try ModelFile.read(path) {
    case .blob(let loaded): return .int8(loaded)
    case .graph(let graph, _, _):
      guard graph.isQuantized else { return .float(graph) }
      return .int8(try LoadedModel(try ModelFile.compile(graph, from: path).blob))
    }
  }
}

/// Models that judge together, each by several views of an image.
private struct Jury {
  var models: [(file: String, model: ScoringModel)]
  var viewCount: Int
  var mirrors: Bool
  var distance: Int
  var threadCount: Int
  var console: Console

  /// The mean of all probabilities, and of each model's.
  func judge(_ data: Dataset, _ name: String) throws -> (mean: [Float], members: [[Float]]) {
    let bar = console.progress(name, total: models.count * viewCount * max(data.count, 1))
    defer { bar.finish() }
    var members: [[Float]] = []
    for (number, (file, model)) in models.enumerated() {
      var sum: [Float] = []
      for view in 0..<viewCount {
        try Interruption.check()
        let images = data.view(view, mirrors: mirrors, distance: distance)
        let base = (number * viewCount + view) * data.count
        let scores = try naming(file) {
          try Evaluation.probabilities(model, images, threadCount: threadCount) {
            bar.update(base + $0)
          }
        }
        sum = sum.isEmpty ? scores : zip(sum, scores).map { $0 + $1 }
      }
      members.append(sum.map { $0 / Float(viewCount) })
    }
    let mean = members.dropFirst().reduce(members[0]) { zip($0, $1).map { $0 + $1 } }
    return (mean.map { $0 / Float(members.count) }, members)
  }
}

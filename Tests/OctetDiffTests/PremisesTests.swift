import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetONNX
import OctetPasses
import OctetReport
import OctetTFLite
import TestComparisons
import Testing

/// What makes a comparison worth little is the first thing said.
@Suite struct PremisesTests {
  private func report(
    _ float: Graph, _ data: Dataset = DiffCorpus.test,
    _ facts: DiffReport.DataFacts = .init(name: "numerals", isDefault: false, isLabelled: true)
  ) throws -> DiffReport {
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 4
    options.data = facts
    var int8 = try DiffCorpus.int8.get()
    int8.metadata.normalization = float.metadata.normalization
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    return try Diff(float, loaded, data, options: options).run()
  }

  private func lenet(_ normalization: Normalization? = nil) throws -> Graph {
    var graph = try DiffCorpus.lenet()
    graph.metadata.normalization = normalization ?? .init(mean: [0], standardDeviation: [1])
    return graph
  }

  @Test func dataAreNamed() throws {
    let report = try report(lenet())
    #expect(report.warnings == [])
    #expect(report.verdict.summary.contains("of 20 labelled images of 'numerals'"))
    #expect(report.data.name == "numerals" && !report.data.isDefault)
  }

  @Test func dataThatNobodyNamed() throws {
    let facts = DiffReport.DataFacts(name: "digits", isDefault: true, isLabelled: true)
    let report = try report(lenet(), DiffCorpus.test, facts)
    #expect(report.verdict.summary.hasPrefix("No --data was given"), "\(report.verdict.summary)")
  }

  @Test func imagesThatTheModelDoesNotKnow() throws {
    var data = DiffCorpus.test
    data.labels = data.labels.map { ($0 + 1) % 10 }
    let summary = try report(lenet(), data).verdict.summary
    #expect(summary.hasPrefix("The float model recognizes only"), "\(summary)")
  }

  @Test func farUnderWhatItWasTrainedTo() throws {
    var graph = try lenet()
    graph.metadata.training = TrainingRecord(dataName: "other", testAccuracy: 0.995)
    var data = DiffCorpus.test
    for index in 0..<8 { data.labels[index] = (data.labels[index] + 1) % 10 }
    let summary = try report(graph, data).verdict.summary
    #expect(summary.contains("99.5 % of 'other' when it was trained"), "\(summary)")
    #expect(summary.hasPrefix("The float model recognizes"))
  }

  @Test func forgottenNormalization() throws {
    let wrong = Normalization(mean: [-2], standardDeviation: [0.05])
    let summary = try report(lenet(wrong), Digits.generate(count: 60, seed: 9)).verdict.summary
    #expect(summary.hasPrefix("The input is not normalised as in training"), "\(summary)")
    #expect(summary.contains("--mean 0") && summary.contains("--std 1"), "\(summary)")
  }

  /// A model that says the same whatever it is fed is fed as the blob is.
  @Test func aTieIsNoReasonToFeedOtherwise() throws {
    var float = try DiffCorpus.lenet()
    float.metadata.normalization = nil
    for node in float.nodes where node.operation.weightChannelAxis != nil {
      let weights = node.inputs[1]
      float.tensors[weights].constant = .float(
        [Float](repeating: 0, count: float.tensors[weights].elementCount))
    }
    var int8 = try DiffCorpus.int8.get()
    int8.metadata.normalization = Normalization(mean: [0.1307], standardDeviation: [0.3081])
    int8.tensors[int8.inputs[0]].quantization = Quantization(
      scales: [0.012728], zeroPoints: [-95])
    var options = Diff.Options()
    options.measuresTime = false
    let loaded = try LoadedModel(Compiler.compile(int8).blob)
    let report = try Diff(float, loaded, DiffCorpus.test, options: options).run()
    #expect(!report.layers[0].findings.contains { $0.kind == .inputNormalization })
  }

  @Test func theRecordTravelsWithTheFile() throws {
    var graph = try lenet()
    let record = TrainingRecord(dataName: "MNIST ‘a’", testAccuracy: 0.9875)
    graph.metadata.training = record
    #expect(try ONNXReader.read(ONNXWriter.write(graph)).metadata.training == record)
    graph.metadata.training?.testAccuracy = 7
    #expect(try ONNXReader.read(ONNXWriter.write(graph)).metadata.training == nil)
  }
}

@Suite struct ShortNamesTests {
  @Test func commonBeginningsGo() {
    let names = ["input", "model/stage1/block/conv2d_1/Relu", "model/stage1/block/conv2d_2/Relu"]
    #expect(ShortNames.fit(names, width: 16) == ["input", "…conv2d_1/Relu", "…conv2d_2/Relu"])
    #expect(ShortNames.fit(names, width: 40) == names)
  }

  @Test(arguments: 4...40)
  func theyFitAndDiffer(width: Int) {
    let end = String(repeating: "aaaaaaaaaa", count: 6)
    let names =
      (0..<9).map { "\($0)" + end } + (0..<9).map { end + "\($0)" } + ["x", "x", "é" + end]
    let short = ShortNames.fit(names, width: width)
    #expect(short.allSatisfy { $0.count <= width }, "\(short)")
    #expect(Set(short).count == Set(names).count, "\(short)")
  }
}

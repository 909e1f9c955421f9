import OctetData
import OctetModel
import OctetTraining
import Testing

@Suite struct TrainerTests {
  private func graph(_ name: String = "cnn-small", size: Int = 8) throws -> Graph {
    try Architectures.named(name, height: size, width: size, channelCount: 1, classCount: 4)
  }

  @Test(arguments: ["cnn-small", "mlp"], [40, 160])
  func resultIsTheSameForAnyNumberOfThreads(_ name: String, _ batchSize: Int) throws {
    let images = easyImages(200, size: 8, classCount: 4, seed: 1)
    var options = TrainingOptions()
    options.epochCount = 2
    options.batchSize = batchSize
    options.seed = 11
    var graphs: [Graph] = []
    for threadCount in [1, 2, 3] {
      options.threadCount = threadCount
      graphs.append(try Trainer(graph(name), options: options).train(images).graph)
    }
    // Tensors are compared bit for bit: no value is NaN, and none of the zeros differ in sign
    // without the values that follow from them differing too.
    #expect(graphs[0] == graphs[1])
    #expect(graphs[0] == graphs[2])
    options.seed = 12
    #expect(try Trainer(graph(name), options: options).train(images).graph != graphs[0])
  }

  /// All that is drawn, measured and averaged while training, for any number of threads.
  @Test func theCraftIsTheSameForAnyNumberOfThreads() throws {
    let images = easyImages(200, size: 8, classCount: 4, seed: 1)
    var options = TrainingOptions()
    options.epochCount = 2
    options.batchSize = 80
    options.mixup = 0.3
    options.labelSmoothing = 0.1
    options.clippingNorm = 0.5
    options.averagingDecay = 0.9
    options.augmentation = try Augmentation.parse(
      "flip,crop=1,rotate,elastic,brightness,noise,erase"
    ).get()
    var graphs: [Graph] = []
    for threadCount in [1, 2, 5] {
      options.threadCount = threadCount
      graphs.append(try Trainer(graph("mlp"), options: options).train(images).graph)
    }
    #expect(graphs[0] == graphs[1] && graphs[0] == graphs[2])
    for change: (inout TrainingOptions) -> Void in [
      { $0.mixup = 0 }, { $0.augmentation = Augmentation() }, { $0.clippingNorm = nil },
      { $0.averagingDecay = nil }, { $0.labelSmoothing = 0 },
    ] {
      var other = options
      change(&other)
      #expect(try Trainer(graph("mlp"), options: other).train(images).graph != graphs[0])
    }
  }

  @Test func learnsAnEasyTask() throws {
    let images = easyImages(300, size: 8, classCount: 4, seed: 2)
    let test = easyImages(100, size: 8, classCount: 4, seed: 3)
    var options = TrainingOptions()
    options.epochCount = 6
    options.batchSize = 16
    options.learningRate = 5e-3
    let result = try Trainer(graph("mlp"), options: options).train(images)
    let records = result.epochs
    #expect(records.count == 6)
    #expect(try #require(records.last).trainLoss < records[0].trainLoss / 4)
    #expect(try Evaluator(result.graph).accuracy(test) > 0.95)
    let best = try #require(records.compactMap(\.validationAccuracy).max())
    #expect(records[result.bestEpoch - 1].validationAccuracy == best)
  }

  @Test func stopsEarlyAndOnRequest() throws {
    let images = easyImages(96, size: 8, classCount: 4, seed: 2)
    var options = TrainingOptions()
    options.epochCount = 50
    options.batchSize = 32
    options.learningRate = 1e-12
    options.patience = 2
    // Labels that a frozen network cannot improve on: the first epochs stay the best.
    let early = try Trainer(graph("mlp"), options: options).train(images)
    #expect(early.epochs.count < 50)
    #expect(!early.wasStopped)

    var batches = 0
    let stopped = try Trainer(graph("mlp"), options: options).train(
      images, progress: { _ in batches += 1 }, shouldStop: { batches == 4 })
    #expect(batches == 4)
    #expect(stopped.wasStopped)
    #expect(stopped.epochs.count == 1)
    #expect(stopped.bestEpoch == 1)
  }

  @Test func progressCountsBatches() throws {
    let images = easyImages(50, size: 8, classCount: 4, seed: 2)
    var options = TrainingOptions()
    options.epochCount = 2
    options.batchSize = 16
    options.validationFraction = 0
    var seen: [[Int]] = []
    let result = try Trainer(graph("mlp"), options: options).train(
      images,
      progress: {
        seen.append([$0.epoch, $0.batch, $0.batchCount])
        #expect($0.secondsLeft >= 0 && $0.loss.isFinite && (0...1).contains($0.accuracy))
      })
    #expect(seen == [1, 2].flatMap { epoch in (1...4).map { [epoch, $0, 4] } })
    #expect(result.bestEpoch == 2)
    #expect(result.epochs.allSatisfy { $0.validationAccuracy == nil })
  }

  @Test func keepContinuesFromTheGraph() throws {
    let images = easyImages(64, size: 8, classCount: 4, seed: 2)
    var options = TrainingOptions()
    options.epochCount = 1
    let first = try Trainer(graph("mlp"), options: options).train(images).graph
    options.initialization = .keep
    options.epochCount = 0
    #expect(try Trainer(first, options: options).train(images).graph == first)
  }

  @Test func refusesWhatItCannotTrain() throws {
    let images = easyImages(10, size: 8, classCount: 4, seed: 2)
    #expect(throws: TrainingError.self) { try self.graph(size: 3) }
    #expect(throws: TrainingError.self) { try self.graph("nonsense") }
    #expect(throws: TrainingError.self) {
      try Trainer(self.graph(size: 9)).train(images)
    }
    #expect(throws: TrainingError.self) {
      var images = images
      images.pixels.removeLast()
      _ = try Trainer(self.graph()).train(images)
    }
    var options = TrainingOptions()
    options.batchSize = 0
    #expect(throws: TrainingError.self) { try Trainer(self.graph(), options: options) }
    var wrongLabel = images
    wrongLabel.labels[3] = 4
    #expect(throws: TrainingError.self) { try Trainer(self.graph()).train(wrongLabel) }
    var unknown = try graph("mlp")
    unknown.nodes[2].operation = .l2Normalization()
    let error = #expect(throws: TrainingError.self) { try Trainer(unknown) }
    #expect(error?.description.contains("relu1") == true)
    options.batchSize = 8
    options.learningRate = 1e30
    options.optimizer = .sgd
    #expect(throws: TrainingError.self) {
      try Trainer(self.graph("mlp"), options: options).train(images)
    }
  }
}

import OctetData
import OctetModel
import OctetReport
import OctetTraining
import Testing

/// Looking at a run changes nothing of it, and sees what is there.
@Suite struct WatchTests {
  private static let images = easyImages(200, size: 8, classCount: 4, seed: 1)

  private static func graph(_ name: String) throws -> Graph {
    try Architectures.named(name, height: 8, width: 8, channelCount: 1, classCount: 4)
  }

  private static func options(_ change: (inout TrainingOptions) -> Void = { _ in })
    -> TrainingOptions
  {
    var options = TrainingOptions()
    options.epochCount = 3
    options.batchSize = 40
    change(&options)
    return options
  }

  @Test(arguments: ["mlp", "lenet-bn"])
  func watchingChangesNothing(_ name: String) throws {
    let graph = try Architectures.named(
      name, height: 28, width: 28, channelCount: 1, classCount: 4)
    let images = easyImages(100, size: 28, classCount: 4, seed: 1)
    for clip in [nil, 0.5] as [Float?] {
      var courses: [TrainingCourse] = []
      var options = Self.options { $0.clippingNorm = clip }
      options.epochCount = 2
      let alone = try Trainer(graph, options: options).train(images).graph
      for threads in 1...3 {
        options.threadCount = threads
        var last: TrainingCourse?
        let watched = try Trainer(graph, options: options).train(
          images, watch: TrainingWatch { last = $0.course })
        #expect(watched.graph == alone)
        courses.append(try #require(last))
      }
      #expect(courses[0] == courses[1] && courses[0] == courses[2])
      // As the layers are learnt, but their lengths are not clipped.
      let point = try #require(courses[0].last)
      #expect(point.gradients.count == courses[0].layers.count)
      #expect((point.gradients + point.weights + point.updates).allSatisfy { $0 > 0 })
    }
  }

  /// Plain gradient descent: the step is the gradient times the rate.
  @Test func lengthsAreThoseOfTheStep() throws {
    let options = Self.options {
      $0.optimizer = .sgd
      $0.schedule = .constant
      $0.learningRate = 0.125
      $0.initialization = .he
    }
    var seen: [TrainingView] = []
    var weights: [Float] = []
    _ = try Trainer(Self.graph("mlp"), options: options).train(
      Self.images,
      watch: TrainingWatch { view in
        if seen.isEmpty { #expect(view.graph == view.start) }
        seen.append(view)
        let (own, gradient) = view.values(of: 0)
        if view.progress == nil, let point = view.course.last {
          weights = own
          #expect(abs(Self.length(gradient) / point.gradients[0] - 1) < 1e-4)
          #expect(abs(Self.length(own) / point.weights[0] - 1) < 1e-4)
        }
      })
    #expect(!weights.isEmpty)
    let points = try #require(seen.last).course.points
    #expect(points.count == 3 && points.map(\.step) == [5, 10, 15])
    #expect(points.map(\.epoch) == [1, 2, 3])
    for point in points {
      for layer in point.gradients.indices {
        #expect(abs(point.updates[layer] / (0.125 * point.gradients[layer]) - 1) < 1e-3)
      }
      #expect(point.rate == 0.125)
    }
    // Of batches of one size the mean loss is that of the epoch, which is one point.
    let epochs = try #require(seen.last).epochs
    #expect(abs(epochs[2].trainLoss - points[2].loss) < 1e-9)
    #expect(epochs.map(\.epoch) == [1, 2, 3])
    // One look before, one for each batch and each epoch, and one at the end.
    #expect(seen.count == 1 + 3 * 5 + 3 + 1 && seen[0].epochs.isEmpty)
    #expect(seen.filter { $0.progress == nil }.map(\.epochs.count) == [0, 1, 2, 3, 3])
    #expect(seen.map(\.isLast) == [Bool](repeating: false, count: 19) + [true])
    let scores = try #require(seen.last).validationScores
    #expect(scores.count == 4 * (try #require(seen.last?.validation).count))
  }

  private static func length(_ values: [Float]) -> Float {
    Float(values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
  }

  /// The course goes on where it was, and a run that was not watched is watched from then on.
  @Test func aResumedRunKeepsItsCourse() throws {
    func run(
      _ bytes: [UInt8]?, isWatched: Bool
    ) throws -> (course: TrainingCourse?, epochs: Int, kept: [[UInt8]]) {
      var kept: [[UInt8]] = []
      var last: TrainingView?
      let result = try Trainer(Self.graph("mlp"), options: Self.options()).train(
        Self.images, checkpoints: Checkpoints(resuming: bytes, interval: 0) { kept.append($0) },
        watch: isWatched ? TrainingWatch { last = $0 } : nil)
      #expect(result.epochs.count == 3)
      return (last?.course, last?.epochs.count ?? 0, kept)
    }
    let whole = try run(nil, isWatched: true)
    for index in [0, 6, 14] {
      let resumed = try run(whole.kept[index], isWatched: true)
      #expect(resumed.course == whole.course && resumed.epochs == 3, "checkpoint \(index)")
    }
    let late = try run(try run(nil, isWatched: false).kept[6], isWatched: true)
    #expect(late.course?.points.map(\.step) == [10, 15] && late.epochs == 3)
    _ = try run(whole.kept[6], isWatched: false)
  }

  /// However many steps are measured, the points are few, and their means those of their steps.
  @Test func longCoursesAreThinned() throws {
    var course = TrainingCourse(layers: ["a"])
    for step in 1...5000 {
      course.add(
        .init(
          step: step, epoch: Double(step) / 10, loss: Double(step), accuracy: 0.5, rate: 1,
          gradients: [1], weights: [1], updates: [1]))
    }
    let points = course.points
    #expect(points.count <= TrainingCourse.pointLimit && points.count > 100)
    #expect(points.last?.step == 5000 && course.last?.step == 5000)
    for (point, next) in zip(points, points.dropFirst().dropLast()) {
      #expect(next.step - point.step == points[0].step)
      #expect(abs(next.loss - Double(point.step + 1 + next.step) / 2) < 1e-6)
    }
  }
}

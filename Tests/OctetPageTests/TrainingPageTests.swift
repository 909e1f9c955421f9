import Foundation
import OctetData
import OctetPage
import OctetReport
import Testing

@Suite struct TrainingPageTests {
  /// A run of a few epochs whose names are hostile and whose numbers are anything.
  private static func page(_ status: TrainingPage.Status) -> TrainingPage {
    var page = TrainingPage(
      title: HTMLCase.evil, status: status, time: ("2026-01-02 03:04:05 UTC", 1_767_323_045),
      patience: 60, version: "1")
    page.epochs = (1...3).map {
      .init(
        epoch: $0, trainLoss: $0 == 2 ? .infinity : 1 / Double($0), trainAccuracy: 0.9,
        validationLoss: .nan, validationAccuracy: 0.8, seconds: 2, imagesPerSecond: 1e9)
    }
    page.bestEpoch = 2
    var course = TrainingCourse(layers: [HTMLCase.evil, "b"])
    for (step, gradient) in [1, 0, Float.infinity, .nan, 1e-30, 3].enumerated() {
      course.add(
        .init(
          step: step + 1, epoch: Double(step) / 2, loss: step == 3 ? .nan : 2, accuracy: 1,
          rate: 0.001 * Double(step), gradients: [gradient, 1], weights: [0, 1],
          updates: [gradient, 0.001]))
    }
    page.course = course
    let image = Image(height: 2, width: 3, channelCount: 1, pixels: [0, 50, 100, 150, 200, 250])
    let assessment = Assessment(
      probabilities: [0.9, 0.1, 0.8, 0.2, 0.4, 0.6], labels: [0, 1, 1],
      classNames: [HTMLCase.evil, "two"])
    page.assessment = AssessmentParts(assessment) { _ in image }
    page.right = [.init(index: 0, label: 0, prediction: 0, probability: 1, labelProbability: 1)]
    page.activationImage = (image, HTMLCase.evil)
    page.activations = [
      .init(name: HTMLCase.evil, [0, 1, 2, 3, 4, 5, 6, 7], shape: [1, 2, 2, 2]),
      .init(name: "dense", [Float](repeating: 2, count: 33), shape: [1, 33]),
    ].compactMap(\.self)
    let weights: [Float] = [1, -1, 0, .nan, .infinity, 3, 0, 0]
    if let sheet = FilterSheet(weights, shape: [2, 2, 2, 1], image: [4, 4, 1]) {
      page.filters = (HTMLCase.evil, sheet, sheet)
    }
    page.warnings = [HTMLCase.evil]
    page.facts = [("Images", HTMLCase.evil)]
    page.classCounts = [(HTMLCase.evil, 3), ("two", 0)]
    page.options = [("--arch", HTMLCase.evil)]
    page.diagnosis = ErrorDiagnosis(target: 0, train: 0.1, development: 0.2, test: 0.2)
    return page
  }

  @Test(
    "Every status is a well-formed page that says it; only a running one looks again",
    arguments: [
      (.running("epoch 3 of 10", secondsLeft: 250), "Running: epoch 3 of 10, about 4 min left"),
      (.running("epoch 1 of 10", secondsLeft: .nan), "Running: epoch 1 of 10"),
      (.finished, "✓ Finished"), (.stopped("Stopped by Ctrl-C"), "! Stopped by Ctrl-C"),
      (.failed("Diverged at step 7"), "✕ Diverged at step 7"),
    ] as [(TrainingPage.Status, String)])
  func statuses(status: TrainingPage.Status, words: String) throws {
    let text = Self.page(status).text
    let document = try HTMLDocument(text)
    let said = document.root.all("p").first { $0.attributes["class"]?.hasPrefix("status") == true }
    #expect(said?.allText.replacing("\u{a0}", with: " ") == words)
    let isRunning = said?.attributes["data-until"] != nil
    #expect(isRunning == words.hasPrefix("Running"))
    #expect(text.contains("http-equiv=\"refresh\"") == isRunning)
    #expect(document.root.all("script").map(\.allText) == (isRunning ? [TrainingPage.script] : []))
    if isRunning {
      #expect(said?.attributes["data-until"] == "1767323105000")
      #expect(said?.attributes["data-silent"]?.contains("No word since 2026") == true)
      let hash = Data(SHA256.digest(Array(TrainingPage.script.utf8))).base64EncodedString()
      #expect(text.contains("script-src 'sha256-\(hash)'"))
    }
    let ids = document.root.all("section").map { $0.attributes["id"] ?? "" }
    #expect(
      ids == [
        "summary", "curves", "layers", "filters", "activations", "classes", "examples", "run",
      ])
    let all = document.root.descendants.compactMap { $0.attributes["id"] }
    #expect(all.count == Set(all).count)
    for element in document.root.descendants {
      for (name, value) in element.attributes where ["src", "href"].contains(name) {
        #expect(value.hasPrefix("data:") || value.hasPrefix("#"), "\(value)")
      }
    }
  }

  @Test("A run that has just begun is a page, too")
  func nothingYet() throws {
    let page = TrainingPage(
      title: "m", status: .running("epoch 1 of 2", secondsLeft: nil), time: ("now", 0),
      patience: 60, version: "1")
    let document = try HTMLDocument(page.text)
    #expect(document.root.all("section").map { $0.attributes["id"] } == ["summary", "run"])
  }

  @Test("Weights become pictures by their shapes")
  func filters() throws {
    func sheet(_ shape: [Int], _ image: [Int]) -> Image? {
      let count = shape.reduce(1, *)
      return FilterSheet((0..<count).map { Float($0) }, shape: shape, image: image)?.picture()
    }
    #expect(sheet([6, 5, 5, 1], [28, 28, 1])?.width == 6 * 6 - 1)
    #expect(sheet([6, 5, 5, 3], [32, 32, 3])?.channelCount == 3)
    // Depthwise, channel by channel: the first weights of both are 0 and 1.
    let depthwise = try #require(sheet([1, 1, 2, 2], [8, 8, 1]))
    #expect(depthwise.width == 5 && depthwise.pixels[0] == 128 && depthwise.pixels[4] == 255)
    #expect(sheet([10, 144], [12, 12, 1])?.height == 2 * 12 + 1)
    #expect(sheet([10, 100], [12, 12, 1]) == nil && sheet([4, 1, 1, 1], [8, 8, 1]) == nil)
    #expect(sheet([4, 3, 3, 2], [8, 8, 2]) == nil)
  }
}

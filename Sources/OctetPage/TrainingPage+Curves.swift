import OctetReport

extension TrainingPage {
  /// Loss, errors, learning rate and gradient over the epochs.
  var curves: HTMLReport.Section? {
    let points = course?.points ?? []
    guard epochs.count + points.count > 1 else { return nil }
    func curve(
      _ name: String, _ style: String, _ value: (TrainingCourse.Epoch) -> Double?
    ) -> LineChart.Curve {
      .init(
        name: name, style: style,
        points: epochs.compactMap { epoch in value(epoch).map { (Double(epoch.epoch), $0) } })
    }
    func steps(
      _ name: String, _ style: String, _ value: (TrainingCourse.Point) -> Double
    ) -> LineChart.Curve {
      .init(name: name, style: style, points: points.map { ($0.epoch, value($0)) })
    }
    let loss = LineChart(
      title: "Loss", xTitle: "epochs",
      curves: [
        steps("step by step", "soft") { $0.loss }, curve("training", "float") { $0.trainLoss },
        curve("validation", "int8") { $0.validationLoss },
      ])
    let errors = LineChart(
      title: "Error", xTitle: "epochs",
      curves: [
        steps("step by step", "soft") { 100 * (1 - $0.accuracy) },
        curve("training", "float") { 100 * (1 - $0.trainAccuracy) },
        curve("validation", "int8") { $0.validationAccuracy.map { 100 * (1 - $0) } },
      ])
    let rate = LineChart(
      title: "Learning rate", xTitle: "epochs",
      curves: [steps("learning rate", "float") { $0.rate }])
    let gradient = LineChart(
      title: "Length of the gradient", xTitle: "epochs",
      curves: [steps("all layers", "float") { $0.gradientNorm }])
    return .init(
      id: "curves", name: "Curves",
      content: """
        <h2>Curves</h2>
        <div class="grid"><div>\(figure(loss, "The mean loss of an image."))</div>
        <div>\(figure(errors, "Wrong answers in percent."))</div>
        <div>\(figure(rate, "The learning rate of each step."))</div>
        <div>\(figure(gradient, "Before it is clipped, over all layers."))</div></div>
        \(epochTable)
        """)
  }

  /// A chart by even steps and by factors, one of which is shown.
  private func figure(_ chart: LineChart, _ caption: Markup) -> Markup {
    let name = chart.title.lowercased().replacing(" ", with: "-")
    var other = chart
    other.isLogarithmic = true
    let scales = [("linear", chart), ("log", other)]
    var buttons = Markup.nothing
    for (index, (scale, _)) in scales.enumerated() {
      let checked: Markup = index == 0 ? " checked=\"checked\"" : ""
      buttons += """
        <input type="radio" name="\(name)" id="\(name)-\(scale)"\(checked)/>\
        <label for="\(name)-\(scale)">\(scale)</label>

        """
    }
    let lists = scales.map { _, chart -> Markup in
      "<ul class=\"scales\"><li>\(chart.drawing.markup)</li></ul>\n"
    }
    return """
      <figure><div class="pages" role="group" aria-label="Scale of \(chart.title)">\(buttons)\
      \(lists)</div><figcaption><strong>\(chart.title).</strong> \(caption)</figcaption></figure>

      """
  }

  private static let epochLimit = 100

  /// The epochs in numbers, the last ones where there are too many.
  private var epochTable: Markup {
    var table = Table(
      "Epochs",
      [
        .text("Epoch"), .number("Loss"), .number("Training"), .number("Validation"),
        .number("Seconds"), .number("Images/s"),
      ])
    for epoch in epochs.suffix(Self.epochLimit) {
      table.add([
        .init("\(epoch.epoch)\(epoch.epoch == bestEpoch ? " ★ best" : "")"),
        .init(Figures.short(epoch.trainLoss)), .init(Figures.percent(epoch.trainAccuracy)),
        .init(epoch.validationAccuracy.map { Figures.percent($0) } ?? "–"),
        .init(Figures.decimal(epoch.seconds, 1)),
        .init(Figures.count(Int(clamped: epoch.imagesPerSecond))),
      ])
    }
    table.leaveOut(max(0, epochs.count - Self.epochLimit))
    guard !epochs.isEmpty else { return "" }
    return """
      <details class="numbers"><summary>Epochs in numbers</summary>\(table.markup)</details>

      """
  }

  // MARK: Layers

  /// Lengths by layer, each with its course.
  var layers: HTMLReport.Section? {
    guard let course, let last = course.last, !course.layers.isEmpty else { return nil }
    let points = course.points
    var table = Table(
      "Layers",
      [
        .text("Layer"), .number("Gradient"), .number(""), .number("Weights"), .number(""),
        .number("Step ÷ weights"), .number(""),
      ])
    for (index, name) in course.layers.enumerated() {
      func cell(
        _ what: String, _ value: Double, _ all: (TrainingCourse.Point) -> Double
      ) -> [Table.Cell] {
        let line = Sparkline(
          title: "\(what) of \(name.shortened(to: 40))", values: points.map(all))
        return [.init(Figures.short(value)), .init(line.markup)]
      }
      table.add(
        [.init(name.shortened(to: 40))]
          + cell("Gradient", Double(last.gradients[index])) { Double($0.gradients[index]) }
          + cell("Weights", Double(last.weights[index])) { Double($0.weights[index]) }
          + cell("Steps", last.ratio(index)) { $0.ratio(index) })
    }
    return .init(
      id: "layers", name: "Layers",
      content: """
        <h2>Layers</h2>
        <p>Euclidean lengths over all that a layer learns, in \
        \(Figures.count(points.count, "measured step")): the batch's gradient before clipping, the \
        weights, and how far a step goes compared with the weights. Steps of about a thousandth \
        are usual; far longer ones shake a layer, far shorter ones leave it as it is.</p>
        \(table.markup)
        """)
  }

  // MARK: Run

  /// Everything that the run was given.
  var run: HTMLReport.Section {
    func list(_ caption: String, _ rows: [(name: String, value: String)]) -> Markup {
      var table = Table(caption, [.text(caption), .text("")])
      for row in rows { table.add([.init(row.name), .init(row.value.shortened(to: 200))]) }
      return table.markup
    }
    var classes = Table("Classes of the training images", [.text("Class"), .number("Images")])
    let most = Double(max(classCounts.map(\.count).max() ?? 1, 1))
    for (name, count) in classCounts {
      classes.add([
        .init(name.shortened(to: 40)), .init(Figures.count(count), bar: Double(count) / most),
      ])
    }
    let seconds = epochs.reduce(0) { $0 + $1.seconds }
    let cost: Markup =
      seconds > 0
      ? """
      <p class="note">Writing this and the like took \(Figures.decimal(watchSeconds, 2)) seconds, \
      \(Figures.percent(watchSeconds / (seconds + watchSeconds))) of the time.</p>
      """ : ""
    return .init(
      id: "run", name: "Run",
      content: """
        <h2>Run</h2>
        <div class="grid"><div>\(list("Data", facts))\(classes.markup)</div>
        <div>\(list("Options", options))</div></div>
        \(cost)
        """)
  }
}

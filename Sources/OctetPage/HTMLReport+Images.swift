import Foundation
import OctetData
import OctetReport

extension HTMLReport {
  private static let pageLength = 12
  /// Ten pages tell what there is to tell.
  private static let cardLimit = 120
  private static let galleryByteLimit = 2_000_000
  private static let pictureSide = 96
  /// Rows of scores on a card.
  private static let scoreLimit = 10

  /// Every flipped image, the most surprising first.
  var images: Section {
    let names = names
    let flips = report.flips
    let (cards, byteCount) = cards(flips)
    var content: Markup = "<h2>Images</h2>\n"
    if flips.isEmpty {
      content += "<p>Both models give the same answer on every image.</p>\n"
      return Section(id: "images", name: "Images", content: content)
    }
    content += """
      <p>The models disagree on \(Figures.count(flips.count, "image")). The most surprising come \
      first: those on which the \(names.reference) model was surest. The margin is the best score \
      less the second best.</p>

      """
    if cards.count < flips.count {
      content += """
        <p class="note">Shown are the \(Figures.count(cards.count)) most surprising; \
        \(Figures.count(flips.count - cards.count)) more are left out to keep this file small \
        (\(Figures.bytes(byteCount)) of pictures and scores). All are in the output of \
        <code>--json</code>.</p>

        """
    }
    let groups: [(outcome: DiffReport.Flip.Outcome, title: String)] = [
      (.rightToWrong, "Lost: \(names.reference) right, \(names.candidate) wrong"),
      (.wrongToRight, "Won: \(names.reference) wrong, \(names.candidate) right"),
      (.wrongToWrong, "Both wrong, but differently"),
    ]
    for group in groups {
      let members = zip(flips, cards).filter { $0.0.outcome == group.outcome }
      let total = flips.count { $0.outcome == group.outcome }
      guard total > 0 else { continue }
      content += "<h3>\(group.title) <span class=\"tally\">\(Figures.count(total))</span></h3>\n"
      content += pages(members.map(\.1), name: group.outcome.rawValue)
    }
    return Section(id: "images", name: "Images", content: content)
  }

  /// The cards of the first flips, as many as the file has room for.
  private func cards(_ flips: [DiffReport.Flip]) -> (cards: [Markup], byteCount: Int) {
    var cards: [Markup] = []
    var byteCount = 0
    for flip in flips.prefix(Self.cardLimit) {
      let card = card(flip)
      guard byteCount + card.byteCount <= Self.galleryByteLimit else { break }
      byteCount += card.byteCount
      cards.append(card)
    }
    return (cards, byteCount)
  }

  /// Pages that need no script: a button for each, of which the style sheet shows the chosen one's
  /// page.
  private func pages(_ cards: [Markup], name: String) -> Markup {
    guard !cards.isEmpty else {
      return "<p class=\"note\">None is among the most surprising that are shown.</p>\n"
    }
    let starts = Array(stride(from: 0, to: cards.count, by: Self.pageLength))
    var buttons = Markup.nothing
    for (page, start) in starts.enumerated() where starts.count > 1 {
      let end = min(start + Self.pageLength, cards.count)
      let checked: Markup = page == 0 ? " checked=\"checked\"" : ""
      buttons += """
        <input type="radio" name="\(name)" id="\(name)-\(page)" \
        aria-label="Images \(start + 1) to \(end)"\(checked)/>\
        <label for="\(name)-\(page)">\(page + 1)</label>

        """
    }
    let lists = starts.map { start -> Markup in
      let end = min(start + Self.pageLength, cards.count)
      return "<ul class=\"flips\">\(Array(cards[start..<end]))</ul>\n"
    }
    guard starts.count > 1 else { return Markup(joining: lists) }
    return "<div class=\"pages\" role=\"group\" aria-label=\"Pages\">\(buttons)\(lists)</div>\n"
  }

  /// A rule for each page there can be.
  static var pagingStyle: Markup {
    let count = (cardLimit + pageLength - 1) / pageLength
    let rules = (1...count).map { page -> Markup in
      ".pages>input:nth-of-type(\(page)):checked~ul:nth-of-type(\(page))"
    }
    return "\(Markup(joining: rules.flatMap { [$0, ","] }.dropLast())){display:grid}\n"
  }

  private func card(_ flip: DiffReport.Flip) -> Markup {
    let names = names
    let label = className(flip.label)
    func answer(_ prediction: Int) -> Markup {
      let isRight = prediction == flip.label
      return """
        <span class="\(isRight ? "good" : "bad")">\(className(prediction))\
        \u{a0}\(isRight ? "✓" : "✕")</span>
        """
    }
    return """
      <li class="flip">\(pictureElement(flip))
      <div><h4>\(label) <small>image \(Figures.count(flip.index))</small></h4>
      <p>\(answer(flip.floatPrediction)) → \(answer(flip.int8Prediction))</p>
      <p class="note">margin \(Figures.short(Double(flip.floatMargin))) → \
      \(flip.int8Margin == 0 ? "tie" : Figures.short(Double(flip.int8Margin)))</p></div>
      <table><thead><tr><th scope="col">score</th><th scope="col">\(names.reference)</th>\
      <th scope="col">\(names.candidate)</th></tr></thead>\
      <tbody>\(scores(flip))</tbody></table></li>

      """
  }

  private func scores(_ flip: DiffReport.Flip) -> Markup {
    let count = min(flip.floatScores.count, flip.int8Scores.count)
    let all = (flip.floatScores + flip.int8Scores).filter(\.isFinite)
    let areShares = all.allSatisfy { (0...1).contains($0) }
    func height(_ index: Int) -> Float { max(flip.floatScores[index], flip.int8Scores[index]) }
    let important = Set([flip.label, flip.floatPrediction, flip.int8Prediction])
    let shown = (0..<count).filter { important.contains($0) || !areShares || height($0) >= 0.005 }
      .sorted {
        let (a, b) = (important.contains($0), important.contains($1))
        return a == b ? (height($1), $0) < (height($0), $1) : a
      }.prefix(Self.scoreLimit)
    let visible = shown.flatMap { [flip.floatScores[$0], flip.int8Scores[$0]] }.filter(\.isFinite)
    let axis = Axis(
      areShares ? 0 : Double(visible.min() ?? 0), areShares ? 1 : Double(visible.max() ?? 1),
      from: 0, to: 1)
    func cell(_ score: Float, _ style: String) -> Markup {
      let share = axis.position(Double(score))
      let percent = share.isFinite ? 100 * min(max(share, 0), 1) : 0
      return """
        <td class="bar \(style)" style="--s:\(percent)%">\(Figures.decimal(Double(score), 2))</td>
        """
    }
    var rows = Markup.nothing
    for index in shown.sorted(by: { (height($1), $0) < (height($0), $1) }) {
      rows += """
        <tr><th scope="row">\(className(index))</th>\(cell(flip.floatScores[index], "float"))\
        \(cell(flip.int8Scores[index], "int8"))</tr>
        """
    }
    let rest = count - shown.count
    if rest > 0 {
      rows += """
        <tr class="rest"><td colspan="3">\(rest) more \
        \(areShares && shown.count < Self.scoreLimit ? "below 0.005" : "left out")</td></tr>
        """
    }
    return rows
  }

  // MARK: Pictures

  private func pictureElement(_ flip: DiffReport.Flip) -> Markup {
    guard let image = picture(flip)?.image(side: Self.pictureSide) else {
      return "<span class=\"blank\">no picture</span>"
    }
    let data = Data(PNG.encode(image)).base64EncodedString()
    return """
      <img src="data:image/png;base64,\(data)" width="\(image.width)" height="\(image.height)" \
      alt="Image \(flip.index), labelled \(className(flip.label))" \
      loading="lazy"/>
      """
  }
}

extension DiffReport.Picture {
  /// Grey or colour, the longer side at most `side`; nil when there is nothing to show.
  func image(side: Int) -> Image? {
    guard height > 0, width > 0, channelCount > 0, height <= 1 << 16, width <= 1 << 16,
      channelCount <= 1 << 16, pixels.count == height * width * channelCount
    else { return nil }
    // Of two or more than three channels the first is shown.
    let channels = channelCount == 3 ? 3 : 1
    let step = max(1, (max(height, width) + side - 1) / side)
    let (rows, columns) = ((height + step - 1) / step, (width + step - 1) / step)
    let bytes = [UInt8](pixels)
    var shown: [UInt8] = []
    shown.reserveCapacity(rows * columns * channels)
    for row in 0..<rows {
      for column in 0..<columns {
        for channel in 0..<channels {
          shown.append(mean(of: bytes, row: row, column: column, channel: channel, step: step))
        }
      }
    }
    return Image(height: rows, width: columns, channelCount: channels, pixels: shown)
  }

  /// The mean of a square of `step` by `step` pixels, or of what of it lies inside.
  private func mean(of bytes: [UInt8], row: Int, column: Int, channel: Int, step: Int) -> UInt8 {
    var (sum, count) = (0, 0)
    for y in row * step..<min((row + 1) * step, height) {
      for x in column * step..<min((column + 1) * step, width) {
        sum += Int(bytes[(y * width + x) * channelCount + channel])
        count += 1
      }
    }
    return UInt8(clamping: (sum + count / 2) / max(1, count))
  }
}

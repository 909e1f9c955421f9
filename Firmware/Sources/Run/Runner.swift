import OctetRuntime
import Run

/// Runs samples, one after the other, and writes a line for each.
struct Runner {
  private let options: Options
  private let classifier: Classifier
  private var output: Int?
  private var sampleCount = 0
  /// Why the first of the pictures that were left out was.
  private(set) var missed: Failure.Status?
  private let standardOutput = RUN_STANDARD_OUTPUT

  init(_ model: Model, _ options: Options) throws(Failure) {
    self.options = options
    classifier = Classifier(model)
    switch options.source {
    case .pictures, .frames, .camera:
      guard model.inputCount == 1, classifier.takesPictures else {
        throw Failure(
          .badData,
          "'" + options.model + "' takes no pictures: give its int8 codes with --raw")
      }
    case .raw, .selfTest: break
    }
    guard let path = options.rawOutput else { return }
    if path.bytes == "-".bytes {
      output = standardOutput
    } else {
      let descriptor = unsafe run_create(path)
      guard descriptor >= 0 else { throw Failure(.cannotCreate, "cannot write", path, descriptor) }
      output = descriptor
    }
  }

  mutating func run(_ session: inout Session, _ model: Model) throws(Failure) {
    switch options.source {
    case .pictures(let paths): try runPictures(paths, &session, model)
    case .frames(let path, let format, let width, let height):
      try runFrames(path, format, width, height, &session, model)
    case .raw(let path): try runRaw(path, &session, model)
    case .camera(let path, let width, let height):
      try runCamera(path, width, height, &session, model)
    case .selfTest:
      if let index = session.selfTest() {
        throw Failure(
          .selfTest,
          "operator " + String(index) + " gave other bytes than on the host; the machine or the "
            + "file is faulty")
      }
      var line = Line()
      line.add(options.isJSON ? "{\"selfTestPassed\":true}" : "self-test passed")
      try line.write(to: standardOutput)
    }
  }

  // MARK: Where samples come from

  /// A picture that cannot be read is told, and the next one taken; the first such decides how the
  /// program ends.
  private mutating func runPictures(
    _ paths: [String], _ session: inout Session, _ model: Model
  ) throws(Failure) {
    for path in paths where sampleCount < options.count {
      do throws(Failure) {
        let image = try Self.image(path)
        try runImage(image, from: path, &session, model)
      } catch {
        if error.status == .inputOutput { throw error }
        OctetRun.report(error)
        if missed == nil { missed = error.status }
      }
    }
  }

  private static func image(_ path: String) throws(Failure) -> Image {
    let isStandardInput = path.bytes == "-".bytes
    let descriptor =
      isStandardInput ? RUN_STANDARD_INPUT : unsafe Int(run_open(path))
    guard descriptor >= 0 else { throw Failure(.noInput, "cannot open", path, descriptor) }
    defer { if !isStandardInput { run_close(descriptor) } }
    var file: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes {
        unsafe Int(run_read(descriptor, $0.baseAddress, $0.count))
      }
      guard count >= 0 else { throw Failure(.noInput, "cannot read", path, count) }
      if count == 0 { break }
      guard file.count + count <= DataLimits.byteCount else {
        throw Failure(.badData, "'" + path + "' is larger than 1 GiB")
      }
      file += chunk[..<count]
    }
    do throws(DataError) {
      return try Image.decode(file, path: path)
    } catch {
      throw Failure(.badData, error.description)
    }
  }

  private mutating func runFrames(
    _ path: String, _ format: FrameFormat, _ width: Int, _ height: Int,
    _ session: inout Session, _ model: Model
  ) throws(Failure) {
    let descriptor = try Self.open(path)
    let stride = format.stride(width: width)
    let byteCount = format.byteCount(width: width, height: height, stride: stride)
    var frame = [UInt8](repeating: 0, count: byteCount)
    while sampleCount < options.count {
      let count = unsafe frame.withUnsafeMutableBytes {
        unsafe Int(run_read(descriptor, $0.baseAddress, $0.count))
      }
      guard try Self.isWhole(count, of: byteCount, path, sampleCount) else { return }
      let image = unsafe frame.withUnsafeBytes {
        unsafe format.image($0, width: width, height: height, stride: stride)
      }
      try runImage(image, from: path, &session, model)
    }
  }

  private mutating func runRaw(
    _ path: String, _ session: inout Session, _ model: Model
  ) throws(Failure) {
    let descriptor = try Self.open(path)
    while sampleCount < options.count {
      for index in 0..<model.inputCount {
        var input = session.input(index)
        let (count, wanted) = unsafe input.withUnsafeMutableBufferPointer {
          unsafe (Int(run_read(descriptor, $0.baseAddress, $0.count)), $0.count)
        }
        if index > 0 && count == 0 {
          throw Failure(
            .badData, "'" + path + "' ends within sample " + String(sampleCount))
        }
        guard try Self.isWhole(count, of: wanted, path, sampleCount) else { return }
      }
      try finish(path, &session, model)
    }
  }

  private static func open(_ path: String) throws(Failure) -> Int {
    if path.bytes == "-".bytes { return RUN_STANDARD_INPUT }
    let descriptor = unsafe Int(run_open(path))
    guard descriptor >= 0 else { throw Failure(.noInput, "cannot open", path, descriptor) }
    return descriptor
  }

  /// False at the end; a part of a sample, or none at all, is an error.
  private static func isWhole(
    _ count: Int, of wanted: Int, _ path: String, _ sampleCount: Int
  ) throws(Failure) -> Bool {
    if count < 0 { throw Failure(.noInput, "cannot read", path, count) }
    if count == wanted { return true }
    if count == 0 && sampleCount > 0 { return false }
    throw Failure(
      .badData,
      "'" + path + "' ends within sample " + String(sampleCount) + ", which has "
        + String(wanted) + " bytes")
  }

  private mutating func runCamera(
    _ path: String, _ width: Int, _ height: Int, _ session: inout Session, _ model: Model
  ) throws(Failure) {
    // Gray first for a gray model: half the bytes.
    let formats = FrameFormat.allCases.filter { $0 != .gray }
    let wanted = classifier.channelCount == 1 ? [.gray] + formats : formats + [.gray]
    var camera = run_camera()
    var error = unsafe Int(
      run_camera_start(
        &camera, path, UInt32(width), UInt32(height), wanted.map { $0.fourCC }, wanted.count))
    if error == Int(RUN_CAMERA_FORMAT) {
      throw Failure(
        .badData,
        "'" + path + "' has none of the formats gray, rgb, bgr, yuyv, uyvy, nv12, i420; let "
          + "another program convert its frames, and give them with --frames")
    }
    guard error >= 0, let format = wanted.first(where: { $0.fourCC == camera.format }) else {
      throw Failure(.noInput, "cannot start the camera", path, error)
    }
    let (width, height) = (Int(camera.width), Int(camera.height))
    let stride = max(Int(camera.stride), format.stride(width: width))
    while sampleCount < options.count {
      var bytes: UnsafeRawPointer?
      var byteCount = 0
      error = unsafe Int(run_camera_take(&camera, &bytes, &byteCount))
      guard error >= 0 else { throw Failure(.inputOutput, "no frame came from", path, error) }
      // A frame that is cut short, as USB cameras send now and then, is left out.
      if byteCount >= format.byteCount(width: width, height: height, stride: stride) {
        let frame = unsafe UnsafeRawBufferPointer(start: bytes, count: byteCount)
        let image = unsafe format.image(frame, width: width, height: height, stride: stride)
        try runImage(image, from: path, &session, model)
      }
      error = unsafe Int(run_camera_return(&camera))
      guard error >= 0 else { throw Failure(.inputOutput, "no frame came from", path, error) }
    }
  }

  // MARK: One sample

  private mutating func runImage(
    _ image: Image, from path: String, _ session: inout Session, _ model: Model
  ) throws(Failure) {
    let codes = classifier.encode(image, isInverted: options.isInverted)
    var input = session.input(0)
    for index in codes.indices { input[index] = codes[index] }
    try finish(path, &session, model)
  }

  private mutating func finish(
    _ path: String, _ session: inout Session, _ model: Model
  ) throws(Failure) {
    let start = run_nanoseconds()
    session.run()
    let nanoseconds = run_nanoseconds() - start
    if let output {
      for index in 0..<model.outputCount {
        let error = unsafe session.output(index).withUnsafeBufferPointer {
          unsafe Int(run_write(output, $0.baseAddress, $0.count))
        }
        guard error >= 0 else {
          throw Failure(.inputOutput, "cannot write", options.rawOutput ?? "", error)
        }
      }
    }
    if output != standardOutput {
      var line = Line()
      let probabilities = classifier.probabilities(session.output(0))
      let best = classifier.best(options.top, of: probabilities)
      if options.isJSON {
        addObject(path, best, probabilities, nanoseconds, to: &line)
      } else {
        addText(path, best, probabilities, nanoseconds, to: &line)
      }
      try line.write(to: standardOutput)
    }
    sampleCount += 1
  }

  /// Where from, class, probability and time with tabs between; more classes when asked for.
  private func addText(
    _ path: String, _ best: [Int], _ probabilities: [Float], _ nanoseconds: UInt64,
    to line: inout Line
  ) {
    line.add(visible: path.bytes)
    for index in best {
      line.add("\t")
      line.add(visible: classifier.label(index))
      line.add("\t")
      line.add(100 * Double(probabilities[index]), decimals: 1)
      line.add(" %")
    }
    line.add("\t")
    line.add(Double(nanoseconds) / 1e6, decimals: 3)
    line.add(" ms")
  }

  private func addObject(
    _ path: String, _ best: [Int], _ probabilities: [Float], _ nanoseconds: UInt64,
    to line: inout Line
  ) {
    line.add("{\"path\":")
    line.add(quoted: path.bytes)
    line.add(",\"sample\":" + String(sampleCount))
    addClass(best[0], probabilities, to: &line)
    if best.count > 1 {
      line.add(",\"classes\":[")
      for (rank, index) in best.enumerated() {
        line.add(rank == 0 ? "{\"rank\":1" : ",{\"rank\":" + String(rank + 1))
        addClass(index, probabilities, to: &line)
        line.add("}")
      }
      line.add("]")
    }
    line.add(",\"nanoseconds\":" + String(nanoseconds) + "}")
  }

  private func addClass(_ index: Int, _ probabilities: [Float], to line: inout Line) {
    line.add(",\"label\":")
    line.add(quoted: classifier.label(index))
    line.add(",\"index\":" + String(index) + ",\"probability\":")
    line.add(Double(probabilities[index]), decimals: 6)
  }
}

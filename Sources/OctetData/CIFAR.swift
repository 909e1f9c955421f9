/// CIFAR-10 as binary files (Krizhevsky 2009): each record is a label's byte and then 3 planes of
/// 32×32 bytes, red, green, blue.
package enum CIFAR {
  static let trainNames = (1...5).map { "data_batch_\($0).bin" }
  static let testName = "test_batch.bin"
  static let classFile = "batches.meta.txt"
  private static let side = 32
  private static let defaultClassNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// True where the folder has the first training file or the test file.
  static func isFolder(_ names: [String]) -> Bool {
    names.contains(trainNames[0]) || names.contains(testName)
  }

  /// Reads `data_batch_1.bin` … `data_batch_5.bin` (those that are there, at least the first)
  /// and `test_batch.bin`, as NHWC. Names of the classes are the lines of `batches.meta.txt`
  /// where that is there.
  package static func load(folder: String) throws(DataError) -> DataSource {
    let names = try Files.names(in: folder)
    var classNames = defaultClassNames
    if names.contains(classFile) {
      let text = try Files.read(Files.join(folder, classFile))
      let lines = text.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d })
      classNames = lines.map { String(decoding: $0, as: UTF8.self) }
      guard classNames.count == 10 else {
        throw .malformed(
          path: Files.join(folder, classFile), byteOffset: 0,
          reason: "\(classNames.count) class names, and 10 are expected")
      }
    }
    let empty = Dataset(
      pixels: [], labels: [], height: side, width: side, channelCount: 3, classNames: classNames)
    var train = empty
    for name in trainNames where name == trainNames[0] || names.contains(name) {
      try append(Files.join(folder, name), to: &train)
    }
    var test = empty
    try append(Files.join(folder, testName), to: &test)
    return DataSource(name: "cifar-10", train: train, test: test)
  }

  private static func append(_ path: String, to set: inout Dataset) throws(DataError) {
    let file = try Files.read(path, advice: "a CIFAR-10 folder needs it; fetch the binary version")
    let planeByteCount = side * side
    let recordByteCount = 1 + 3 * planeByteCount
    guard !file.isEmpty, file.count % recordByteCount == 0 else {
      throw .malformed(
        path: path, byteOffset: file.count / recordByteCount * recordByteCount,
        reason: "the file is not made of whole records of \(recordByteCount) bytes; fetch it again")
    }
    guard set.pixels.count + file.count <= DataLimits.byteCount else {
      throw .unsuitable(path: path, reason: "the set has more than \(DataLimits.byteCount) bytes")
    }
    set.pixels.reserveCapacity(set.pixels.count + file.count)
    for record in stride(from: 0, to: file.count, by: recordByteCount) {
      guard file[record] < 10 else {
        throw .malformed(
          path: path, byteOffset: record, reason: "the label \(file[record]) is not 0 to 9")
      }
      set.labels.append(file[record])
      for index in record + 1..<record + 1 + planeByteCount {
        set.pixels.append(file[index])
        set.pixels.append(file[index + planeByteCount])
        set.pixels.append(file[index + 2 * planeByteCount])
      }
    }
  }
}

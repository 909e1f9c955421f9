import Foundation
import OctetData
import TestData
import Testing

@Suite struct DataSourceTests {
  private func error(_ path: String) -> DataError? {
    do {
      _ = try DataSource.load(path)
      return nil
    } catch {
      return error
    }
  }

  // MARK: IDX

  private func writeIDX(_ folder: TemporaryFolder, under name: String) throws {
    let images = IDX.Array(sizes: [3, 2, 2], bytes: [UInt8](0..<12))
    let labels = IDX.Array(sizes: [3], bytes: [0, 9, 4])
    try folder.write(name + "/train-images-idx3-ubyte", IDX.encode(images))
    try folder.write(name + "/train-labels-idx1-ubyte.gz", gzipped(IDX.encode(labels)))
    try folder.write(name + "/t10k-images-idx3-ubyte.gz", gzipped(IDX.encode(images)))
    try folder.write(name + "/t10k-labels-idx1-ubyte", IDX.encode(labels))
  }

  @Test func loadsIDXFolder() throws {
    let folder = try TemporaryFolder()
    try writeIDX(folder, under: "some-mnist")
    let source = try DataSource.load(folder.path + "/some-mnist/")
    #expect(source.name == "some-mnist")
    #expect(source.train.pixels == [UInt8](0..<12) && source.train.labels == [0, 9, 4])
    #expect(source.test.height == 2 && source.test.width == 2 && source.test.channelCount == 1)
    #expect(source.test.classNames == (0...9).map { "\($0)" })
    try writeIDX(folder, under: "Fashion")
    #expect(try DataSource.load(folder.path + "/Fashion").train.classNames[9] == "Ankle boot")
  }

  @Test func refusesIDXFilesThatDoNotMatch() throws {
    let folder = try TemporaryFolder()
    try writeIDX(folder, under: "a")
    let path = try folder.write(
      "a/t10k-labels-idx1-ubyte", IDX.encode(IDX.Array(sizes: [2], bytes: [1, 2])))
    #expect(
      error(folder.path + "/a").map { "\($0)" } == "'\(path)': 2 labels for 3 images")
    try FileManager.default.removeItem(atPath: path)
    let missing = error(folder.path + "/a")
    #expect(missing?.isMissingInput == true && missing?.path == path)
  }

  // MARK: CIFAR-10

  private func record(_ label: UInt8) -> [UInt8] {
    [label] + [UInt8](repeating: 1, count: 1024) + [UInt8](repeating: 2, count: 1024)
      + [UInt8](repeating: 3, count: 1024)
  }

  @Test func loadsCIFARFolder() throws {
    let folder = try TemporaryFolder()
    try folder.write("data_batch_1.bin", record(3) + record(0))
    try folder.write("data_batch_4.bin", record(9))
    try folder.write("test_batch.bin", record(5))
    let source = try DataSource.load(folder.path)
    #expect(source.train.labels == [3, 0, 9] && source.test.labels == [5])
    #expect(source.train.imageByteCount == 3072 && source.train.pixels.count == 3 * 3072)
    #expect(source.test.pixels.starts(with: [1, 2, 3, 1, 2, 3]))
    #expect(source.train.classNames[5] == "dog")
    try folder.write("batches.meta.txt", [UInt8]("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n".utf8))
    #expect(try DataSource.load(folder.path).test.classNames[9] == "j")
    try folder.write("data_batch_4.bin", record(10))
    #expect(error(folder.path).map { "\($0)" }?.contains("the label 10 is not 0 to 9") == true)
    try folder.write("data_batch_4.bin", [UInt8](record(1).dropLast()))
    #expect(error(folder.path)?.isMalformed == true)
    try FileManager.default.removeItem(atPath: folder.path + "/test_batch.bin")
    try FileManager.default.removeItem(atPath: folder.path + "/data_batch_4.bin")
    #expect(error(folder.path)?.isMissingInput == true)
  }

  // MARK: Class folders

  private func picture(_ value: UInt8, height: Int = 2, width: Int = 2) -> [UInt8] {
    PNG.encode(
      Image(
        height: height, width: width, channelCount: 1,
        pixels: .init(repeating: value, count: height * width)))
  }

  @Test func splitsClassFolders() throws {
    let folder = try TemporaryFolder()
    for index in 0..<7 { try folder.write("set/10/\(index).png", picture(UInt8(index))) }
    for index in 0..<2 { try folder.write("set/9/\(index).PNG", picture(UInt8(100 + index))) }
    try folder.write("set/9/notes.txt", [1])
    try folder.write("set/9/.hidden.png", [1])
    let source = try DataSource.load(folder.path + "/set")
    #expect(source.name == "set" && source.train.classNames == ["9", "10"])
    #expect(source.train.labels == [0, 1, 1, 1, 1, 1, 1] && source.test.labels == [0, 1])
    #expect(source.test.pixels == [101, 101, 101, 101, 4, 4, 4, 4])
  }

  @Test func takesTrainAndTestFolders() throws {
    let folder = try TemporaryFolder()
    try folder.write("train/cat/a.png", picture(1))
    try folder.write("train/dog/a.png", picture(2))
    try folder.write("test/dog/a.ppm", [UInt8]("P3 2 2 255 1 2 3 4 5 6 7 8 9 1 2 3".utf8))
    let source = try DataSource.load(folder.path)
    #expect(source.train.classNames == ["cat", "dog"] && source.test.labels == [1])
    // One picture in colour makes all of them so.
    #expect(source.train.channelCount == 3 && source.train.pixels.count == 24)
    #expect(source.test.pixels == [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3])
    try folder.write("test/cow/a.png", picture(2))
    #expect(error(folder.path).map { "\($0)" }?.contains("this class is not in") == true)
  }

  @Test func resizesPicturesOfOtherSizes() throws {
    let folder = try TemporaryFolder()
    for index in 0..<7 { try folder.write("a/\(index).png", picture(UInt8(index))) }
    try folder.write("a/7.png", picture(200, height: 3))
    let source = try DataSource.load(folder.path)
    #expect(source.train.height == 2 && source.train.count == 7 && source.test.count == 1)
    #expect(source.train.pixels.suffix(4) == [200, 200, 200, 200])
    #expect(source.notes.contains { $0.hasPrefix("1 of 8 pictures were resized to 2×2 pixels") })
    // The wanted size, whatever the pictures have.
    let wanted = try DataSource.load(folder.path, size: PictureSize(height: 5, width: 4))
    #expect(wanted.train.height == 5 && wanted.test.width == 4)
    #expect(wanted.notes.contains { $0.hasPrefix("8 of 8 pictures were resized to 4×5 pixels") })
  }

  @Test func takesValidationImagesWhole() throws {
    let folder = try TemporaryFolder()
    for name in ["cat", "dog"] {
      for index in 0..<2 { try folder.write("set/\(name)/\(index).png", picture(UInt8(index))) }
    }
    for index in 0..<2 { try folder.write("more/dog/\(index).png", picture(9, height: 3)) }
    let train = try DataSource.load(folder.path + "/set").train
    let set = try DataSource.loadWhole(folder.path + "/more", like: train)
    #expect(set.labels == [1, 1] && set.height == 2 && set.classNames == ["cat", "dog"])
    for index in 0..<2 { try folder.write("more/cow/\(index).png", picture(9)) }
    let error = #expect(throws: DataError.self) {
      try DataSource.loadWhole(folder.path + "/more", like: train)
    }
    #expect(error.map { "\($0)" }?.contains("'cow' is none of those") == true)
  }

  // MARK: Arguments

  @Test func saysWhatItLookedFor() throws {
    let folder = try TemporaryFolder()
    let empty = error(folder.path)
    #expect(empty?.isMissingInput == false)
    for name in ["train-images-idx3-ubyte", "data_batch_1.bin", "sub-folder"] {
      #expect(empty.map { "\($0)" }?.contains(name) == true)
    }
    #expect(error(folder.path + "/none")?.isMissingInput == true)
    let path = try folder.write("file", [1])
    #expect(error(path)?.isMissingInput == false)
    try FileManager.default.createDirectory(
      atPath: folder.path + "/class", withIntermediateDirectories: true)
    #expect(error(folder.path).map { "\($0)" }?.contains("has no pictures") == true)
  }

  // MARK: The real sets

  @Test(
    .needing("mnist", "fashion_mnist"),
    arguments: [("mnist", "7"), ("fashion_mnist", "Ankle boot")])
  func loadsRealTestFiles(name: String, firstClass: String) throws {
    let folder = try SharedData.url(name).path
    let images = try IDX.read(contentsOf: folder + "/t10k-images-idx3-ubyte.gz")
    let labels = try IDX.read(contentsOf: folder + "/t10k-labels-idx1-ubyte.gz")
    #expect(images.sizes == [10000, 28, 28] && labels.sizes == [10000])
    let source = try DataSource.load(folder)
    #expect(source.train.count == 60000 && source.test.count == 10000)
    #expect(source.test.pixels == images.bytes && source.test.labels == labels.bytes)
    #expect(source.test.classNames[Int(source.test.labels[0])] == firstClass)
  }
}

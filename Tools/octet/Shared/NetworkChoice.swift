import Foundation
import OctetCommand
import OctetData
import OctetModel
import OctetModelFile
import OctetTraining

/// Which network is trained, and what it starts from.
struct NetworkChoice {
  /// A name that `Architectures` knows, or a file: `.json` with layers, or a model.
  var architecture = "lenet"
  /// What channel counts are multiplied by.
  var width = 1.0
  /// The rate of all dropout layers; nil for their own.
  var dropout: Double?
  /// A trained model to go on from; nil to begin at random.
  var source: String?
  var frozen: [String] = []
  /// Outputs; nil for as many as the images have classes.
  var classCount: Int?

  /// The network for the images.
  func network(for images: Dataset) throws -> TrainableGraph {
    var network = try plainNetwork(for: images)
    if let dropout {
      guard !network.dropout.isEmpty else {
        throw CommandError(.usage, "--dropout means nothing with a network without dropout layers")
      }
      network.dropout = network.dropout.mapValues { _ in Float(dropout) }
    }
    return network
  }

  private func plainNetwork(for images: Dataset) throws -> TrainableGraph {
    let names = images.classNames
    if let classCount, classCount < names.count {
      throw CommandError(
        .usage, "--classes \(classCount) is fewer than the \(names.count) classes of the images")
    }
    let count = classCount ?? names.count
    if let source {
      let graph = try readModel(source)
      let isSame = graph.metadata.labels == names && classCount == nil
      return try naming(source) {
        try TrainableGraph.transfer(
          from: graph, frozen: frozen, classCount: count, keepsLast: isSame)
      }
    }
    guard frozen.isEmpty else { throw CommandError(.usage, "--freeze wants a model with --from") }
    let shape = NetworkShape(
      height: images.height, width: images.width, channelCount: images.channelCount,
      classCount: count, scale: width)
    if Architectures.names.contains(architecture) {
      return try Architectures.named(architecture, for: shape)
    }
    if architecture.lowercased().hasSuffix(".json") {
      let bytes = try InputFile.read(architecture, limit: 1 << 24)
      let name = URL(fileURLWithPath: architecture).deletingPathExtension().lastPathComponent
      return try naming(architecture) { try LayerFile.network(bytes, named: name, for: shape) }
    }
    guard width == 1 else {
      throw CommandError(.usage, "--width means nothing with a model; it scales named networks")
    }
    return try naming(architecture) {
      var network = TrainableGraph(try readModel(architecture))
      network.keepConnections()
      if network.graph.outputs.first.map({ network.graph.tensors[$0].elementCount }) != count {
        network = try TrainableGraph.transfer(from: network.graph, classCount: count)
        network.kept = []
      }
      return network
    }
  }

  private func readModel(_ path: String) throws -> Graph {
    try ModelFile.readQuantizable(path, shapes: [:]).graph
  }
}

/// What `octet train --list` tells.
struct NetworkList: Encodable {
  struct Entry: Encodable {
    var name: String
    var layerCount: Int
    var parameterCount: Int
    var multiplyAddCount: Int
    var source: String
  }

  /// What the figures are for.
  var height = 28, width = 28, channelCount = 1, classCount = 10
  var networks: [Entry] = []

  /// - Parameter scale: as `--width` says.
  init(scale: Double) throws {
    let shape = NetworkShape(
      height: height, width: width, channelCount: channelCount, classCount: classCount,
      scale: scale)
    for entry in Architectures.all {
      let network = try Architectures.named(entry.name, for: shape)
      let graph = network.graph
      networks.append(
        Entry(
          name: entry.name,
          layerCount: graph.nodes.count { $0.operation.weightChannelAxis != nil },
          parameterCount: network.trainedCount,
          multiplyAddCount: graph.nodes.reduce(0) { $0 + graph.macCount(of: $1) },
          source: entry.source))
    }
  }

  var text: String {
    let lines = networks.map {
      [
        $0.name, "\($0.layerCount)", $0.parameterCount.grouped, $0.multiplyAddCount.grouped,
        $0.source,
      ]
    }
    let title = ["network", "layers", "parameters", "multiply-adds", "source"]
    let widths = title.indices.map { column in
      ([title] + lines).map { $0[column].count }.max() ?? 0
    }
    let rows = ([title] + lines).map { cells in
      cells.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : column == 4 ? cell : space + cell
      }.joined(separator: "  ")
    }
    return rows.joined(separator: "\n")
      + "\nfor gray images of \(height)×\(width) in \(classCount) classes; layers are those with "
      + "weights, parameters those that are trained"
  }
}

extension Int {
  /// With a comma before every three digits.
  fileprivate var grouped: String {
    var digits = String(self)
    var index = digits.endIndex
    while let next = digits.index(index, offsetBy: -3, limitedBy: digits.startIndex),
      next > digits.startIndex
    {
      digits.insert(",", at: next)
      index = next
    }
    return digits
  }
}

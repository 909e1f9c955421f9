import OctetModel

extension ONNXReader {
  /// The files beside a model in which it keeps tensors, as it names them.
  public static func externalFiles(_ bytes: [UInt8]) throws(ExchangeError) -> Set<String> {
    Set(try ONNXParser.model(bytes).graph.initializers.compactMap { $0.external["location"] })
  }
}

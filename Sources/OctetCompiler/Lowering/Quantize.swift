import OctetModel
import OctetRuntime

extension Lowering {
  /// From int8 to int8 of another scale.
  mutating func lowerQuantize(_ index: Int) throws(CompilerError) {
    try lowerRelu(index, .none)
  }
}

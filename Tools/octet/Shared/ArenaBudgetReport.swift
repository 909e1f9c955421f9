import OctetCommand
import OctetCompiler

/// What --max-arena chose.
struct ArenaBudgetReport: Encodable {
  struct Region: Encodable {
    /// The first and the last of the layers that are computed together, and how many they are.
    var first: String
    var last: String
    var layerCount: Int
    /// Bands, and rows of the last layer's output in each; the last band may have fewer.
    var bandCount: Int
    var rowCount: Int
  }

  var limitByteCount: Int
  var arenaByteCountBefore: Int
  var arenaByteCount: Int
  /// Empty where the model fits as it is.
  var regions: [Region]
  var addedOperatorCount: Int
  /// Bytes that are copied in an inference more than without bands.
  var movedByteCount: Int
  /// Bytes that the blob grew by.
  var addedByteCount: Int
  var recomputedMacCount: Int

  init(_ budget: ArenaBudget) {
    limitByteCount = budget.limitByteCount
    arenaByteCountBefore = budget.arenaByteCountBefore
    arenaByteCount = budget.arenaByteCount
    regions = budget.regions.map {
      Region(
        first: $0.first, last: $0.last, layerCount: $0.layerCount, bandCount: $0.bandCount,
        rowCount: $0.rowCount)
    }
    addedOperatorCount = budget.addedOperatorCount
    movedByteCount = budget.movedByteCount
    addedByteCount = budget.addedByteCount
    recomputedMacCount = budget.recomputedMacCount
  }

  var text: String {
    if regions.isEmpty { return "--max-arena \(limitByteCount): met without bands" }
    let parts = regions.map { region in
      "\(region.layerCount) layers, '\(SafeText.escaped(region.first))' to "
        + "'\(SafeText.escaped(region.last))', in \(region.bandCount) bands of \(region.rowCount) "
        + (region.rowCount == 1 ? "row" : "rows")
    }
    return "--max-arena \(limitByteCount): \(parts.joined(separator: "; "))\n"
      + "arena \(arenaByteCountBefore) to \(arenaByteCount) bytes for \(addedOperatorCount) more "
      + "operators, \(movedByteCount) bytes copied an inference and \(addedByteCount) more bytes "
      + "of blob; no multiply-add is done twice"
  }
}

// Average pool for AVX2 and AVX-512: see x86_elementwise.h.
#if arch(x86_64) && !hasFeature(Embedded)
  internal import COctetKernels

  extension AveragePool {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let rows = pool.rows
      let columns = pool.columns
      let input = pool.input
      guard !input.isConstant, rows.isInside, columns.isInside,
        input.channels % workspace.lanes == 0,
        product(rows.kernel, columns.kernel, limit: 1 << 15) != nil
      else { return nil }
      var layer = octet_x86_layer(
        pool.view, batch: input.batch, rows: X86Axis(rows), columns: X86Axis(columns),
        inputs: input.channels, imageRowCount: 0)
      layer.kind = Int64(OCTET_X86_AVERAGE)
      layer.pool_height = Int32(rows.kernel)
      layer.pool_width = Int32(columns.kernel)
      layer.vertical_step = Int32(rows.stride &* input.width &* input.channels)
      layer.channels = Int32(input.channels)
      layer.lower = pool.view.parameter(Word.lower)
      layer.upper = pool.view.parameter(Word.upper)
      return workspace.add(layer)
    }
  }

  extension X86Workspace {
    /// A layer without data.
    fileprivate mutating func add(_ layer: octet_x86_layer) -> Int {
      let place = reserve(MemoryLayout<octet_x86_layer>.size)
      unsafe base?.storeBytes(of: layer, toByteOffset: place, as: octet_x86_layer.self)
      return place
    }
  }

  extension Window {
    /// Whether all taps of all windows fall on real pixels, side by side.
    fileprivate var isInside: Bool {
      padding == 0 && dilation == 1 && start(output &- 1) &+ kernel <= input
    }
  }
#endif

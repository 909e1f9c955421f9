import Foundation
import OctetCompiler
import OctetRuntime
import Testing

/// Every backend that this machine has gives the oracle's bytes.
struct BackendTests {
  /// Seeds of each kind; `OCTET_SEEDS=5000 swift test -c release --filter BackendTests` for many.
  static let seeds =
    0..<(ProcessInfo.processInfo.environment["OCTET_SEEDS"].flatMap(Int.init) ?? 60)

  @Test(arguments: WideCase.kinds)
  func matchesOracle(kind: OperatorKind) throws {
    for seed in Self.seeds {
      let wide = WideCase(kind, seed: seed)
      try expectSame(
        wide.operation, inputs: wide.inputs, oracle: [wide.expected], wide.description)
    }
  }

  /// The workspace must be as large as the model says; without one the portable kernels run.
  @Test func workspaceIsChecked() throws {
    let loaded = try LoadedModel(WideCase(.fullyConnected, seed: 1).operation.blob())
    let model = loaded.model
    let arena = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.arenaByteCount, alignment: 16)
    defer { arena.deallocate() }
    for backend in Backend.available {
      let needed = model.workspaceByteCount(for: backend)
      #expect((needed == 0) == (backend == .portable))
      guard needed > 0 else { continue }
      #expect(throws: SessionError.workspaceTooSmall(byteCount: 0, needed: needed)) {
        _ = try Session(model: model, arena: arena, backend: backend)
      }
    }
    #expect(try Session(model: model, arena: arena).backend == .portable)
  }

  @Test func unavailableBackendsAreRefused() throws {
    let loaded = try LoadedModel(WideCase(.fullyConnected, seed: 1).operation.blob())
    let model = loaded.model
    let arena = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.arenaByteCount, alignment: 16)
    defer { arena.deallocate() }
    for backend in Backend.allCases where !backend.isAvailable {
      #expect(throws: SessionError.backendUnavailable) {
        _ = try Session(model: model, arena: arena, backend: backend)
      }
    }
  }

  /// The arena must be large enough and aligned, and so must the workspace.
  @Test func memoryIsChecked() throws {
    let loaded = try LoadedModel(WideCase(.fullyConnected, seed: 1).operation.blob())
    let model = loaded.model
    let needed = model.arenaByteCount
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: needed + 64, alignment: 64)
    defer { memory.deallocate() }
    #expect(throws: SessionError.arenaTooSmall(byteCount: needed - 1, needed: needed)) {
      _ = try Session(model: model, arena: .init(rebasing: memory[..<(needed - 1)]))
    }
    #expect(throws: SessionError.arenaMisaligned) {
      _ = try Session(model: model, arena: .init(rebasing: memory[2...]))
    }
    #expect(throws: SessionError.workspaceMisaligned) {
      _ = try Session(model: model, arena: memory, workspace: .init(rebasing: memory[4...]))
    }
  }

  /// As many products as there are lanes, and none where there is no such loop.
  @Test func peakLoopsCount() {
    for backend in Backend.available {
      let products = backend.runPeakLoop(rounds: 3)
      switch backend {
      case .avx2: #expect(products == 3 * 12 * 16)
      case .avx512vnni: #expect(products == 3 * 12 * 64)
      default: #expect(products == 0)
      }
    }
  }

  @Test func bestIsAvailable() {
    #expect(Backend.best.isAvailable)
    #expect(Backend.available.contains(.portable))
  }
}

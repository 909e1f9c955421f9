import Foundation
import Synchronization

/// What a pool's threads do: task `index` of a phase. Tasks of one phase run in any order, on any
/// worker, so what they compute must depend on the index alone.
protocol PooledWork: AnyObject {
  func perform(phase: Int, worker: Int, index: Int)
}

/// A few threads that share the tasks of one phase after the other. A step of a small network
/// takes a millisecond, so threads wait spinning for a moment before they sleep.
final class WorkerPool: @unchecked Sendable {
  // Safety (of @unchecked): `phase` and `work` are written by `run` only, while no task is open;
  // a worker reads them only after it has claimed a task, and `run` returns only after every
  // claimed task was finished.
  let workerCount: Int
  private var phase = 0
  private weak var work: (any PooledWork)?
  /// Upper 32 bits: how many tasks are not yet claimed; lower: the number of the run.
  private let open = Atomic<UInt64>(0)
  private let unfinished = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private let sleeperCount = Atomic<Int>(0)
  private let condition = NSCondition()

  private static let spinCount = 4_000

  /// The caller of `run` is worker 0; `workerCount − 1` threads are started.
  init(workerCount: Int) {
    self.workerCount = workerCount
    for worker in 1..<max(workerCount, 1) {
      let thread = Thread { [self] in serve(worker) }
      thread.stackSize = 4 << 20
      thread.start()
    }
  }

  /// Ends the threads. A pool is not freed before.
  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    condition.lock()
    condition.broadcast()
    condition.unlock()
  }

  /// Performs tasks 0 ..< count and returns when all are done. One caller at a time.
  func run(_ work: any PooledWork, phase: Int, count: Int) {
    guard workerCount > 1, count > 1 else {
      for index in 0..<count { work.perform(phase: phase, worker: 0, index: index) }
      return
    }
    self.work = work
    self.phase = phase
    unfinished.store(count, ordering: .relaxed)
    let run = (open.load(ordering: .relaxed) &+ 1) & 0xffff_ffff
    open.store(UInt64(count) << 32 | run, ordering: .sequentiallyConsistent)
    if sleeperCount.load(ordering: .sequentiallyConsistent) > 0 {
      condition.lock()
      condition.broadcast()
      condition.unlock()
    }
    while performOne(worker: 0) {}
    var spins = 0
    while unfinished.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > Self.spinCount { sched_yield() }
    }
  }

  /// Claims a task and performs it; false when none is open.
  private func performOne(worker: Int) -> Bool {
    var seen = open.load(ordering: .acquiring)
    while seen >> 32 > 0 {
      let (exchanged, original) = open.weakCompareExchange(
        expected: seen, desired: seen - (1 << 32), ordering: .acquiringAndReleasing)
      if exchanged {
        work?.perform(phase: phase, worker: worker, index: Int(seen >> 32) - 1)
        unfinished.subtract(1, ordering: .releasing)
        return true
      }
      seen = original
    }
    return false
  }

  private func serve(_ worker: Int) {
    var spins = 0
    while !isStopping.load(ordering: .relaxed) {
      if performOne(worker: worker) {
        spins = 0
        continue
      }
      spins += 1
      if spins > Self.spinCount { sleep() }
    }
  }

  private func sleep() {
    condition.lock()
    sleeperCount.add(1, ordering: .sequentiallyConsistent)
    while open.load(ordering: .sequentiallyConsistent) >> 32 == 0,
      !isStopping.load(ordering: .sequentiallyConsistent)
    {
      condition.wait()
    }
    sleeperCount.subtract(1, ordering: .sequentiallyConsistent)
    condition.unlock()
  }
}

// octet_update.h in Swift. `@implementation` lets the compiler check each function against the
// header (SE-0495).

import COctetUpdate
import OctetUpdate

@c @implementation
public func octet_update_start(
  _ platform: UnsafePointer<octet_update_platform>?, _ image: UnsafeMutablePointer<octet_update_image>?
) -> CInt {
  guard var slots = unsafe slots(platform) else { return CInt(OCTET_ERROR_UPDATE_FLASH) }
  guard let found = slots.start() else { return CInt(OCTET_ERROR_UPDATE_NONE) }
  unsafe image?.pointee = octet_update_image(found)
  return 0
}

@c @implementation
public func octet_update_confirm(
  _ platform: UnsafePointer<octet_update_platform>?, _ image: UnsafePointer<octet_update_image>?
) -> CInt {
  guard var slots = unsafe slots(platform), let slot = unsafe slot(image) else {
    return CInt(OCTET_ERROR_UPDATE_FLASH)
  }
  do throws(UpdateError) {
    try slots.conclude(slot: slot, isGood: true)
    return 0
  } catch {
    return CInt(error.rawValue)
  }
}

@c @implementation
public func octet_update_reject(
  _ platform: UnsafePointer<octet_update_platform>?, _ image: UnsafePointer<octet_update_image>?
) -> CInt {
  guard var slots = unsafe slots(platform), let slot = unsafe slot(image) else {
    return CInt(OCTET_ERROR_UPDATE_FLASH)
  }
  do throws(UpdateError) {
    try slots.conclude(slot: slot, isGood: false)
    return 0
  } catch {
    return CInt(error.rawValue)
  }
}

@c @implementation
public func octet_update_begin(
  _ update: UnsafeMutablePointer<octet_update>?, _ running: UnsafePointer<octet_update_image>?
) {
  unsafe contents(update)?.initialize(to: SlotUpdate(runningSlot: slot(running)))
}

@c @implementation
public func octet_update_write(
  _ platform: UnsafePointer<octet_update_platform>?, _ update: UnsafeMutablePointer<octet_update>?,
  _ bytes: UnsafeRawPointer?, _ byteCount: Int
) -> CInt {
  guard var slots = unsafe slots(platform), let update = unsafe contents(update),
    byteCount >= 0, unsafe bytes != nil || byteCount == 0
  else { return CInt(OCTET_ERROR_UPDATE_FLASH) }
  do throws(UpdateError) {
    let region = unsafe UnsafeRawBufferPointer(start: bytes, count: byteCount)
    try unsafe slots.write(region.bytes, to: &update.pointee)
    return 0
  } catch {
    return CInt(error.rawValue)
  }
}

@c @implementation
public func octet_update_finish(
  _ platform: UnsafePointer<octet_update_platform>?, _ update: UnsafeMutablePointer<octet_update>?,
  _ image: UnsafeMutablePointer<octet_update_image>?
) -> CInt {
  guard var slots = unsafe slots(platform), let update = unsafe contents(update) else {
    return CInt(OCTET_ERROR_UPDATE_FLASH)
  }
  do throws(UpdateError) {
    let found = try unsafe slots.finish(&update.pointee)
    unsafe image?.pointee = octet_update_image(found)
    return 0
  } catch {
    return CInt(error.rawValue)
  }
}

private func slots(
  _ platform: UnsafePointer<octet_update_platform>?
) -> ModelSlots<CPlatform>? {
  guard let platform = unsafe platform else { return nil }
  return unsafe ModelSlots(CPlatform(functions: platform))
}

private func slot(_ image: UnsafePointer<octet_update_image>?) -> Int? {
  guard let image = unsafe image else { return nil }
  return unsafe image.pointee.slot == 0 ? 0 : 1
}

/// `octet_update` is the room for it.
private func contents(
  _ update: UnsafeMutablePointer<octet_update>?
) -> UnsafeMutablePointer<SlotUpdate>? {
  precondition(MemoryLayout<SlotUpdate>.size <= MemoryLayout<octet_update>.size)
  return unsafe UnsafeMutableRawPointer(update)?.assumingMemoryBound(to: SlotUpdate.self)
}

@safe private struct CPlatform: SlotPlatform {
  // Safety: the program's own, there while a call lasts. One that is missing fails.
  let functions: UnsafePointer<octet_update_platform>

  var slotByteCount: Int { unsafe functions.pointee.slot_byte_count }
  var erasedValue: UInt8 { unsafe functions.pointee.erased_value }
  var trialLimit: Int { unsafe Int(functions.pointee.trial_limit) }
  var allowsDowngrade: Bool { unsafe functions.pointee.allows_downgrade != 0 }
  var minimumVersion: UInt32 { unsafe functions.pointee.minimum_version }

  func read(_ slot: Int, at offset: Int, into bytes: inout MutableRawSpan) -> Bool {
    unsafe bytes.withUnsafeMutableBytes {
      unsafe functions.pointee.read?(
        functions.pointee.context, CInt(slot), offset, $0.baseAddress, $0.count) == 0
    }
  }

  func erase(_ slot: Int) -> Bool {
    unsafe functions.pointee.erase?(functions.pointee.context, CInt(slot)) == 0
  }

  func program(_ slot: Int, at offset: Int, _ bytes: RawSpan) -> Bool {
    unsafe bytes.withUnsafeBytes {
      unsafe functions.pointee.program?(
        functions.pointee.context, CInt(slot), offset, $0.baseAddress, $0.count) == 0
    }
  }

  func isAuthentic(_ image: SlotImage) -> Bool {
    guard let judge = unsafe functions.pointee.authenticate else { return true }
    var image = octet_update_image(image)
    return unsafe judge(functions.pointee.context, &image) == 0
  }

  func passesSelfTest(_ image: SlotImage) -> Bool {
    guard let judge = unsafe functions.pointee.self_test else { return true }
    var image = octet_update_image(image)
    return unsafe judge(functions.pointee.context, &image) == 0
  }
}

extension octet_update_image {
  fileprivate init(_ image: SlotImage) {
    self.init(
      slot: CInt(image.slot), version: image.version, offset: SlotImage.offset,
      byte_count: image.byteCount, trailing_byte_count: image.trailingByteCount,
      blob_offset: SlotImage.blobOffset, blob_byte_count: image.blobByteCount,
      is_trial: image.isTrial ? 1 : 0, is_fallback: image.isFallback ? 1 : 0)
  }
}

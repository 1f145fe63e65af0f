import Dispatch

/// Milliseconds of a clock that never goes back.
func now() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

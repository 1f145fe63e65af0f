/// Something that takes a while, and for how long a person is asked to wait: nothing turns on a screen without an end.
public enum Patience<Value: Sendable & Equatable>: Equatable, Sendable {
    /// Not begun.
    case idle
    /// Under way. At `until`, in seconds since 1970, the person is told that it takes too long.
    case working(until: UInt64)
    /// It takes longer than anybody should watch. It may still come.
    case late
    case done(Value)
    case failed(Mishap)

    /// Begins, with so many seconds.
    public static func begun(now: UInt64, seconds: UInt64) -> Self { .working(until: now + seconds) }

    /// Time goes by.
    public mutating func tick(now: UInt64) {
        if case .working(let until) = self, now >= until { self = .late }
    }

    public var isWorking: Bool { if case .working = self { true } else { false } }
    public var value: Value? { if case .done(let value) = self { value } else { nil } }
    public var mishap: Mishap? { if case .failed(let mishap) = self { mishap } else { nil } }
}

/// What keeps two phones from meeting, most urgent first. Each has one remedy, which the app offers.
public enum Blocker: String, Sendable, CaseIterable {
    /// This device has no Bluetooth LE.
    case noRadio
    /// The person has said no, or may not say yes (a child's or a company's phone): the system's settings.
    case notPermitted
    /// Bluetooth is switched off: the control centre.
    case switchedOff
    /// The person was not asked yet; `start` makes the system ask.
    case notAsked
    /// Low power mode: partners are found more slowly.
    case savingPower

    /// Whether phones can meet all the same.
    public var isOnlyAHint: Bool { self == .notAsked || self == .savingPower }
}

/// What a phone says of itself; apart from the phone, so that the rules over it can be tested anywhere.
public struct Circumstances: Equatable, Sendable {
    /// What the person, or whoever manages the phone, has allowed.
    public enum Leave: Sendable { case notAsked, given, refused }
    /// The radio, as far as it has said.
    public enum Power: Sendable { case unknown, on, off, missing }

    public var leave: Leave
    public var power: Power
    public var savesPower: Bool

    public init(leave: Leave, power: Power, savesPower: Bool) {
        self.leave = leave
        self.power = power
        self.savesPower = savesPower
    }

    /// What is in the way. Without leave nothing further can be known.
    public var blockers: [Blocker] {
        if power == .missing { return [.noRadio] }
        if leave == .refused { return [.notPermitted] }
        var found: [Blocker] = []
        if leave == .given, power == .off { found.append(.switchedOff) }
        if leave == .notAsked { found.append(.notAsked) }
        if savesPower { found.append(.savingPower) }
        return found
    }
}

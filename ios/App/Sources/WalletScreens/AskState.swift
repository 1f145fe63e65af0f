import HazelBridge

/// Asking for a payment.
public struct AskState: Equatable, Sendable {
    public let tally: String
    public let partner: String
    public private(set) var typed = ""
    public private(set) var units: Int64?
    public var memo = ""
    public private(set) var code = Patience<Code>.idle

    public init(tally: String, partner: String) {
        self.tally = tally
        self.partner = partner
    }

    public mutating func type(_ text: String) {
        typed = text
        units = (try? parseAmount(text: text)).flatMap { $0 > 0 ? $0 : nil }
    }

    public var isNonsense: Bool { !typed.isEmpty && units == nil }

    /// What to ask for; nothing while the amount is missing, or it was asked already.
    public var ask: Ask? {
        guard let units, code == .idle || code.mishap != nil else { return nil }
        return Ask(units: units, memo: memo, items: [])
    }

    public mutating func begin(now: UInt64) { code = .begun(now: now, seconds: 10) }
    public mutating func show(_ code: Code) { self.code = .done(code) }
    public mutating func failed(_ error: any Error) { code = .failed(Mishap(error)) }
    public mutating func tick(now: UInt64) { code.tick(now: now) }
}

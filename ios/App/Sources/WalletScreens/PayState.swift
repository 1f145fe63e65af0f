import HazelBridge

/// Paying: what was typed, whether it can be paid, what it would mean, and what became of it.
public struct PayState: Equatable, Sendable {
    public let tally: String
    public let partner: String
    /// The payment that was asked for; its amount cannot be changed.
    public let invoice: InvoiceLine?

    public private(set) var typed: String
    public var memo = ""
    public private(set) var units: Int64?
    public private(set) var isNonsense = false
    public private(set) var quote: Quote?
    /// The person has read that it goes beyond the limit, and wants it all the same.
    public var insists = false
    public private(set) var outcome = Patience<String>.idle

    public init(tally: String, partner: String, invoice: InvoiceLine? = nil) {
        self.tally = tally
        self.partner = partner
        self.invoice = invoice
        units = invoice?.units
        typed = invoice.map { amount($0.units) } ?? ""
        memo = invoice?.memo ?? ""
    }

    /// A key was pressed. What was known of the amount before no longer holds.
    public mutating func type(_ text: String) {
        guard invoice == nil, text != typed else { return }
        typed = text
        quote = nil
        insists = false
        units = (try? parseAmount(text: text)).flatMap { $0 > 0 ? $0 : nil }
        isNonsense = !text.isEmpty && units == nil
    }

    /// The wallet has said what an amount would mean. Late answers, to another amount, are not for this screen.
    public mutating func hear(_ quote: Quote, for units: Int64) {
        if units == self.units { self.quote = quote }
    }

    /// What stands in the way, in words.
    public var obstacle: Mishap? { quote?.obstacle.map(Mishap.init) }

    /// What it would mean.
    public var meaning: Phrase? {
        guard let quote else { return nil }
        return Phrase(quote.after > 0 ? "after_owed" : quote.after < 0 ? "after_owing" : "after_even", amount(quote.after))
    }

    /// Whether the person may insist: the partner must then accept it.
    public var canInsist: Bool { quote?.canInsist == true }

    /// What to sign; nothing while something is missing or in the way, or it was signed already.
    public var payment: Payment? {
        guard let units, let quote, outcome == .idle || outcome.mishap != nil else { return nil }
        guard quote.obstacle == nil || (quote.canInsist && insists) else { return nil }
        return Payment(units: units, memo: memo, invoice: invoice?.id, insist: quote.obstacle != nil)
    }

    /// The person has said yes. Signing takes a moment; should it take longer, nobody watches a wheel.
    public mutating func sign(now: UInt64) { outcome = .begun(now: now, seconds: 10) }

    /// The id of the chit that was signed.
    public mutating func signed(_ chit: String) { outcome = .done(chit) }

    public mutating func failed(_ error: any Error) { outcome = .failed(Mishap(error)) }

    public mutating func tick(now: UInt64) { outcome.tick(now: now) }

    /// What a screen that was ended in the middle learns from the wallet: never sign again to find out.
    public mutating func learn(_ went: Went) {
        switch went {
        case .neverSigned: outcome = .idle
        case .signed(let chit), .received(let chit), .final(let chit): outcome = .done(chit)
        }
    }
}

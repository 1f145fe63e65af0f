import HazelBridge

/// The credit that I grant: for an invitation, an answer to one, or an offer.
public struct TermsState: Equatable, Sendable {
    public private(set) var typed = ""
    public private(set) var limit: Int64?
    public var noticeDays: UInt32

    public static let days: ClosedRange<UInt32> = 1...365

    public init(_ terms: Terms? = nil) {
        noticeDays = min(max(terms?.noticeDays ?? 30, Self.days.lowerBound), Self.days.upperBound)
        if let terms { type(amount(terms.limit)) }
    }

    public mutating func type(_ text: String) {
        typed = text
        // To grant nothing is a choice too.
        limit = (try? parseAmount(text: text)).flatMap { $0 >= 0 ? $0 : nil }
    }

    public var isNonsense: Bool { !typed.isEmpty && limit == nil }
    public var terms: Terms? { limit.map { Terms(limit: $0, noticeDays: noticeDays) } }
}

/// An offer as it must be seen before it is signed.
public struct OfferState: Equatable, Sendable {
    public let version: String
    public let partner: String
    public let lines: [Phrase]
    /// The contract is not the one that comes with Hazel: it must be read.
    public let isUnusual: Bool

    public init(_ offer: Offer) {
        version = offer.version
        partner = offer.partner
        isUnusual = !offer.usualContract
        lines = [
            Phrase("offer_received", amount(offer.received.limit)),
            Phrase("notice_days", counting: UInt64(offer.received.noticeDays)),
            Phrase("offer_granted", amount(offer.granted.limit)),
            Phrase("notice_days", counting: UInt64(offer.granted.noticeDays)),
            Phrase("offer_denomination", offer.denomination),
            Phrase("offer_revision", "\(offer.revision)"),
        ]
    }
}

import HazelBridge

/// One thing that is true of a chit, or not yet. Each moves by itself, and never backwards.
public struct Facet: Hashable, Sendable {
    public let text: Phrase
    public let isReached: Bool
}

/// One chit in the list of a tally.
public struct ChitRow: Hashable, Sendable, Identifiable {
    public let id: String
    /// What it is: who paid whom, or what was settled.
    public let title: Phrase
    /// How much; none if it moves nothing.
    public let amount: String?
    public let balance: Phrase
    public let memo: String
    public let date: UInt64
    public let facets: [Facet]
    /// Why it does not count, or counts although it went beyond the terms.
    public let note: Phrase?
    /// Whether I may accept it, so that it counts.
    public let canAccept: Bool

    public init(_ chit: ChitLine) {
        id = chit.id
        let moves = chit.units != 0
        title = moves ? Phrase(chit.units > 0 ? "chit_to_you" : "chit_by_you") : Phrase(Self.kinds[chit.kind] ?? "kind_other")
        amount = moves ? WalletScreens.amount(chit.units) : nil
        balance = Phrase(chit.balance > 0 ? "then_owed" : chit.balance < 0 ? "then_owing" : "then_even", WalletScreens.amount(chit.balance))
        memo = chit.memo
        date = chit.date
        facets = [
            Facet(text: Phrase("facet_signed"), isReached: true),
            Facet(text: Phrase(chit.mine ? "facet_received" : "facet_here"), isReached: !chit.mine || chit.custody == .held),
            Facet(text: Phrase("facet_agreed"), isReached: chit.agreed),
            Facet(text: Phrase("facet_final"), isReached: chit.isFinal),
        ]
        note = Self.notes[chit.taken].map { Phrase($0) }
        canAccept = !chit.mine && moves && [.overLimit, .overAllowance, .duplicateInvoice].contains(chit.taken)
    }

    static let kinds = [
        "settings": "kind_settings", "credit terms": "kind_terms", "call": "kind_call", "acceptance": "kind_acceptance",
        "device added": "kind_device_added", "device revoked": "kind_device_revoked", "device restored": "kind_device_restored",
        "allowance moved": "kind_allowance", "hosting": "kind_hosting", "closing": "kind_closing", "seal": "kind_seal",
    ]
    private static let notes: [Taken: String] = [
        .overLimit: "taken_over_limit", .overAllowance: "taken_over_allowance", .afterRevoke: "taken_after_revoke",
        .afterClose: "taken_after_close", .duplicateInvoice: "taken_duplicate", .accepted: "taken_accepted",
        .ineffective: "taken_ineffective",
    ]
}

/// A payment that is asked for.
public struct InvoiceRow: Hashable, Sendable, Identifiable {
    public let id: String
    public let title: Phrase
    public let amount: String
    public let memo: String
    /// Whether it is I who asks.
    public let isMine: Bool

    public init(_ invoice: InvoiceLine) {
        id = invoice.id
        isMine = invoice.mine
        title = Phrase(invoice.mine ? "invoice_mine" : "invoice_theirs")
        amount = WalletScreens.amount(invoice.units)
        memo = invoice.memo
    }
}

/// The page of one tally.
public struct TallyState: Equatable, Sendable {
    public let id: String
    public let partner: String
    public let amount: String
    public let direction: Phrase
    public let note: Phrase?
    /// How far each may owe the other.
    public let limits: [Phrase]
    public let largest: Phrase
    /// What the partner may owe at worst, where that is more than what I hold.
    public let worst: Phrase?
    public let invoices: [InvoiceRow]
    public let chits: [ChitRow]
    public let curve: Curve?
    public let canPay: Bool
    public let canAsk: Bool
    /// A few letters of the hash over the order: equal on both phones when both have the same.
    public let fingerprint: String

    public init(_ page: TallyPage) {
        let tally = page.tally
        let works = [.open, .closing].contains(tally.stage) && !tally.reconciling
        id = tally.id
        partner = tally.partner
        amount = WalletScreens.amount(tally.balance)
        direction = WalletScreens.direction(tally.balance)
        note = tallyNote(tally)
        limits = [
            Phrase("limit_mine", WalletScreens.amount(tally.received.limit)),
            Phrase("limit_theirs", WalletScreens.amount(tally.granted.limit)),
        ]
        largest = Phrase("largest", WalletScreens.amount(page.largest))
        worst = page.exposure.flatMap { $0.worst > $0.held ? Phrase("exposure_worst", tally.partner, WalletScreens.amount($0.worst)) : nil }
        invoices = page.invoices.map(InvoiceRow.init)
        chits = page.chits.map(ChitRow.init)
        curve = Curve(page.chits)
        canPay = works && page.largest > 0
        canAsk = tally.stage == .open && !tally.reconciling
        fingerprint = String(tally.head.prefix(8))
    }
}

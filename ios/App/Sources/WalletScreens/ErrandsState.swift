import HazelBridge

/// One errand.
public struct ErrandRow: Hashable, Sendable, Identifiable {
    public let id: String
    public let title: Phrase
    /// What its carrier says of it; nothing of one that I carry.
    public let note: Phrase?
    public let expires: UInt64
    /// What has gone along is told only once, whoever brings it: nothing is gained by forgetting it.
    public let canDrop: Bool
}

/// Somebody who may take something along.
public struct CarrierRow: Hashable, Sendable, Identifiable {
    public let id: String
    public let partner: String
}

/// What partners take along for one another: mine, what I carry, and who may take something to the partner of a tally.
public struct ErrandsState: Equatable, Sendable {
    public let mine: [ErrandRow]
    public let carried: [ErrandRow]
    /// Everybody else with whom there is a tally; none where no tally is meant.
    public let carriers: [CarrierRow]
    public let carries: Bool
    /// The partner of the tally that is meant.
    public let partner: String?
    /// What came of the last wish.
    public private(set) var done: Phrase?

    /// Somebody who will meet them does so within a week, or is none to be asked.
    public static let week: UInt64 = 604_800

    public init(_ errands: [Errand], home: Home, carries: Bool, tally: String?, done: Phrase? = nil) {
        func name(_ id: String?) -> String { home.tallies.first { $0.id == id }?.partner ?? "" }
        self.carries = carries
        self.done = done
        partner = tally.map { name($0) }
        carriers = tally == nil ? [] : home.tallies
            .filter { $0.id != tally && [.open, .closing].contains($0.stage) }
            .map { CarrierRow(id: $0.id, partner: $0.partner) }
        mine = errands.compactMap { errand in
            errand.addressee.map { addressee in
                ErrandRow(
                    id: errand.id, title: Phrase("errand_for", name(addressee)), note: said(errand.said, carrier: name(errand.with)),
                    expires: errand.expires, canDrop: errand.said != .carried && errand.said != .arrived)
            }
        }
        carried = errands.filter { $0.addressee == nil }.map { errand in
            ErrandRow(id: errand.id, title: Phrase("errand_from", name(errand.with)), note: nil, expires: errand.expires, canDrop: true)
        }
    }

    /// What to say of an errand that was wished for.
    public static func given(_ errand: Errand?, partner: String, carrier: String) -> Phrase {
        errand == nil ? Phrase("errand_nothing", partner) : Phrase("errand_ready", carrier)
    }
}

/// What a carrier says of an errand of mine.
func said(_ verdict: ErrandVerdict?, carrier: String) -> Phrase {
    let key =
        switch verdict {
        case nil: "errand_waits"
        case .arrived: "errand_said_arrived"
        case .carried: "errand_said_carried"
        case .notCarrying: "errand_said_not_carrying"
        case .full: "errand_said_full"
        case .fullForGiver: "errand_said_full_for_giver"
        case .tooLong: "errand_said_too_long"
        case .expired: "errand_said_expired"
        case .tooFarAhead: "errand_said_too_far_ahead"
        case .spoilt: "errand_said_spoilt"
        }
    return Phrase(key, carrier)
}

/// What a meeting did to errands, line by line.
func errandNews(_ news: [ErrandNews], partner: String) -> [Phrase] {
    var lines: [Phrase] = []
    var (taken, handed) = (UInt64(0), UInt64(0))
    for one in news {
        switch one {
        case .ofMine(_, let verdict): lines.append(said(verdict, carrier: partner))
        case .ofPartner(let verdict): taken += verdict == .carried ? 1 : 0
        case .handedOver: handed += 1
        case .forMe(let tidings):
            lines.append(Phrase("errand_brought", partner))
            lines += told(tidings)
        }
    }
    if taken > 0 { lines.append(Phrase("errands_taken", counting: taken)) }
    if handed > 0 { lines.append(Phrase("errands_handed", counting: handed)) }
    return lines
}

import HazelBridge

/// One line of the list of what waits, and where it leads.
public struct WaitingLine: Hashable, Sendable {
    public let text: Phrase
    public let goal: Goal
}

/// Where a line leads.
public enum Goal: Hashable, Sendable {
    case tally(String)
    /// To an offer that is to be looked at.
    case offer(String)
    /// To a payment that is asked for.
    case pay(tally: String, invoice: String)
    case meet(String)
    case devices(String)
    case backup
}

/// One tally in a list.
public struct TallyRow: Hashable, Sendable, Identifiable {
    public let id: String
    public let partner: String
    public let amount: String
    public let direction: Phrase
    public let note: Phrase?
}

/// The first screen, as plain values: what is drawn, and nothing about how.
public struct HomeState: Equatable, Sendable {
    public let name: String
    public let net: String
    public let direction: Phrase
    public let pending: Phrase?
    public let waiting: [WaitingLine]
    public let tallies: [TallyRow]
    /// Tallies that are over, out of the way.
    public let closed: [TallyRow]
    /// Whether this device can open tallies, add devices and make backups.
    public let hasRoot: Bool

    public init(_ home: Home) {
        let names = Dictionary(home.tallies.map { ($0.id, $0.partner) }, uniquingKeysWith: { first, _ in first })
        let position = home.position
        name = home.name
        hasRoot = home.hasRoot
        net = WalletScreens.amount(position.net)
        direction = WalletScreens.direction(position.net)
        let (open, overflows) = position.net.subtractingReportingOverflow(position.finalNet)
        pending = open == 0 || overflows ? nil : Phrase("of_it_pending", WalletScreens.amount(open))
        waiting = home.attention.map { Self.line($0, names) }
        let isOver: (TallyLine) -> Bool = { [.closed, .refused, .expired].contains($0.stage) }
        tallies = home.tallies.filter { !isOver($0) }.map(TallyRow.init)
        closed = home.tallies.filter(isOver).map(TallyRow.init)
    }

    private static func line(_ it: Attention, _ names: [String: String]) -> WaitingLine {
        func about(_ key: String, _ tally: String, _ goal: Goal? = nil) -> WaitingLine {
            WaitingLine(text: Phrase(key, names[tally] ?? ""), goal: goal ?? .tally(tally))
        }
        return switch it {
        case .requested(let tally): about("waiting_requested", tally, .offer(tally))
        case .offered(let tally): about("waiting_offered", tally, .offer(tally))
        case .asked(let tally, let invoice): about("waiting_asked", tally, .pay(tally: tally, invoice: invoice))
        case .waiting(let tally, _): about("waiting_outside", tally)
        case .reconcile(let tally): about("waiting_reconcile", tally, .meet(tally))
        case .replaced(let tally): about("waiting_replaced", tally, .devices(tally))
        case .proof(let tally): about("waiting_proof", tally)
        case .handOver(let tally): about("waiting_hand_over", tally, .meet(tally))
        case .rehearse: WaitingLine(text: Phrase("waiting_rehearse"), goal: .backup)
        }
    }
}

extension TallyRow {
    init(_ tally: TallyLine) {
        id = tally.id
        partner = tally.partner
        amount = WalletScreens.amount(tally.balance)
        direction = WalletScreens.direction(tally.balance)
        note = tallyNote(tally)
    }
}

/// What is to be said of a tally beside its balance; nothing if all is well and final.
func tallyNote(_ tally: TallyLine) -> Phrase? {
    if tally.reconciling { return Phrase("note_restored") }
    switch tally.stage {
    case .ticketed: return Phrase("stage_ticketed")
    case .introduced: return Phrase("stage_introduced")
    case .offeredByMe: return Phrase("stage_offered_by_me")
    case .offeredToMe: return Phrase("stage_offered_to_me")
    case .revising: return Phrase("stage_revising")
    case .refused: return Phrase("stage_refused")
    case .expired: return Phrase("stage_expired")
    case .closing: return Phrase("stage_closing")
    case .sealing: return Phrase("stage_sealing")
    case .closed: return Phrase("stage_closed")
    case .open: return tally.balance != tally.finalBalance || tally.unordered > 0 ? Phrase("note_not_final") : nil
    }
}

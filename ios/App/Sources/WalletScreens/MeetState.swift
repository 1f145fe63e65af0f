import HazelBridge
import HazelWallet

/// Meeting a partner over the radio: what is in the way, who is looked for, what came of it. Never looks without an end.
public struct MeetState: Equatable, Sendable {
    public enum Phase: Equatable, Sendable {
        /// Something must be put right first.
        case blocked([Blocker])
        /// Looking, until then.
        case looking(until: UInt64)
        /// Nobody came. The person may look on.
        case nobody
        /// The partner is here and proven to be the one.
        case together(until: UInt64)
        /// The link was lost in the middle; another one goes on.
        case parted(until: UInt64)
        /// Over: how it went, and what is still open.
        case over(Phrase, open: [Phrase])
    }

    public let tally: String
    public let partner: String
    public private(set) var phase = Phase.looking(until: 0)
    /// What could be better.
    public private(set) var hints: [Blocker] = []

    /// How long to look for somebody, and to wait for a word.
    public static let look: UInt64 = 60
    public static let talk: UInt64 = 120

    public init(tally: String, partner: String) {
        self.tally = tally
        self.partner = partner
    }

    /// The radio was started, or the person came back from the settings.
    public mutating func begin(_ blockers: [Blocker], now: UInt64) {
        hints = blockers.filter(\.isOnlyAHint)
        let inTheWay = blockers.filter { !$0.isOnlyAHint }
        phase = inTheWay.isEmpty ? .looking(until: now + Self.look) : .blocked(inTheWay)
    }

    public mutating func tick(now: UInt64) {
        switch phase {
        case .looking(let until) where now >= until: phase = .nobody
        case .together(let until) where now >= until: phase = .over(Phrase("meet_late"), open: [])
        case .parted(let until) where now >= until: phase = .over(Phrase("meet_unfinished"), open: [])
        default: break
        }
    }

    /// The wallet tells of its meetings. Those on other tallies go by.
    public mutating func hear(_ notice: Notice, now: UInt64) {
        switch notice {
        case .met(let tally) where tally == self.tally: phase = .together(until: now + Self.talk)
        case .parted(let tally) where tally == self.tally: phase = .parted(until: now + Self.talk)
        case .over(let report) where report.tally == tally:
            phase = .over(Self.ending(report), open: Self.open(report) + errandNews(report.errands, partner: partner))
        default: break
        }
    }

    /// The line under the picture.
    public var text: Phrase {
        switch phase {
        case .blocked(let blockers): blockers.first.map(Self.remedy) ?? Phrase("meet_looking", partner)
        case .looking: Phrase("meet_looking", partner)
        case .nobody: Phrase("meet_nobody", partner)
        case .together: Phrase("meet_together", partner)
        case .parted: Phrase("meet_parted", partner)
        case .over(let text, _): text
        }
    }

    /// Whether something moves on the screen.
    public var isBusy: Bool {
        switch phase {
        case .looking, .together, .parted: true
        default: false
        }
    }

    /// What to do about what is in the way.
    public static func remedy(_ blocker: Blocker) -> Phrase {
        switch blocker {
        case .noRadio: Phrase("blocked_no_radio")
        case .notPermitted: Phrase("blocked_not_permitted")
        case .switchedOff: Phrase("blocked_switched_off")
        case .notAsked: Phrase("blocked_not_asked")
        case .savingPower: Phrase("blocked_saving_power")
        }
    }

    private static func ending(_ report: MeetingReport) -> Phrase {
        switch report.ending {
        case .inSync: Phrase("meet_in_sync")
        case .apart: Phrase("meet_apart")
        case .cancelled: Phrase("meet_cancelled")
        case .failed(let trouble): Mishap(trouble).text
        case .unfinished, nil: Phrase("meet_unfinished")
        }
    }

    private static func open(_ report: MeetingReport) -> [Phrase] {
        [("open_unheld", report.unheld), ("open_unordered", report.unordered), ("open_unagreed", report.unagreed)]
            .filter { $0.1 > 0 }
            .map { Phrase($0.0, counting: $0.1) }
    }
}

import HazelBridge
import HazelWallet

/// Somebody new without a camera: both screens show the same words and pictures, and only then is there a tally.
public struct NewcomerState: Equatable, Sendable {
    public enum Phase: Equatable, Sendable {
        /// What I grant, and who of the two invites.
        case asking
        /// Something must be put right first.
        case blocked([Blocker])
        case looking(until: UInt64)
        /// Both screens show this; the two people say whether it is the same.
        case comparing(words: [String], emoji: [String])
        /// I have said yes, the other one has not yet.
        case waiting(until: UInt64)
        case nobody
        case failed(Mishap)
        /// A tally has begun: what follows is a first meeting.
        case begun(tally: String)
    }

    public private(set) var phase = Phase.asking
    public var terms = TermsState()

    /// How long two people who stand together are given.
    public static let patience: UInt64 = 120

    public init() {}

    /// The radio was started.
    public mutating func look(_ blockers: [Blocker], now: UInt64) {
        let inTheWay = blockers.filter { !$0.isOnlyAHint }
        phase = inTheWay.isEmpty ? .looking(until: now + Self.patience) : .blocked(inTheWay)
    }

    public mutating func hear(_ notice: Notice) {
        switch notice {
        case .compare(let words, let emoji): phase = .comparing(words: words, emoji: emoji)
        case .introduced(let tally): phase = .begun(tally: tally)
        case .notIntroduced(let trouble):
            // Whoever gave up or has begun already does not care.
            if phase != .asking, !isBegun { phase = .failed(Mishap(trouble)) }
        default: break
        }
    }

    /// The person has compared.
    public mutating func say(same: Bool, now: UInt64) {
        guard case .comparing = phase, same else { return }
        phase = .waiting(until: now + Self.patience)
    }

    public mutating func tick(now: UInt64) {
        switch phase {
        case .looking(let until) where now >= until, .waiting(let until) where now >= until: phase = .nobody
        default: break
        }
    }

    public mutating func startOver() { phase = .asking }

    public var text: Phrase {
        switch phase {
        case .asking: Phrase("newcomer_about")
        case .blocked(let blockers): blockers.first.map(MeetState.remedy) ?? Phrase("newcomer_about")
        case .looking: Phrase("newcomer_looking")
        case .comparing: Phrase("newcomer_compare")
        case .waiting: Phrase("newcomer_waiting")
        case .nobody: Phrase("newcomer_nobody")
        case .failed(let mishap): mishap.text
        case .begun: Phrase("newcomer_begun")
        }
    }

    public var isBusy: Bool {
        switch phase {
        case .looking, .waiting: true
        default: false
        }
    }

    public var isBegun: Bool { if case .begun = phase { true } else { false } }
}

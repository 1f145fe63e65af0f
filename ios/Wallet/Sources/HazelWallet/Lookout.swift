import HazelBridge

/// What to do about each advertisement that is seen. Remembers who showed which tags, and whom to ask because they showed none.
///
/// An iPhone whose app is not in front advertises nothing but the service, and that only to other iPhones: its tags are read over a link.
struct Lookout {
    /// What to do.
    enum Step: Equatable {
        /// Somebody who shows, or has told, these tags.
        case tags([Sight])
        /// Connect, and read the tags.
        case ask
        /// Nothing now.
        case nothing
    }

    private struct Known {
        var tags: [Sight] = []
        var passedOn: (sights: [Sight], at: UInt64)?
        var first: UInt64
        var asked: UInt64?
        var told: UInt64?
        var last: UInt64
    }

    /// The same tag of the same peer counts once in so long.
    static let moment: UInt64 = 1_000
    /// A scan response may come later than the advertisement it belongs to.
    static let patience: UInt64 = 3_000
    /// Told tags are good for so long; they change every quarter of an hour.
    static let memory: UInt64 = 300_000
    /// Somebody who told nothing is left alone for so long.
    static let peace: UInt64 = 60_000
    /// At most so many strangers are remembered.
    static let most = 256

    private var known: [String: Known] = [:]
    private var asking: String?

    /// How many are remembered.
    var count: Int { known.count }

    /// Somebody was seen, with or without a tag. Times are milliseconds of the radio's clock.
    mutating func sees(_ peer: String, _ sights: [Sight], now: UInt64) -> Step {
        var it = known[peer] ?? Known(first: now, last: now)
        it.last = now
        defer { remember(peer, it) }
        if !sights.isEmpty {
            it.told = nil
            return passOn(sights, by: &it, now)
        }
        if let told = it.told, now < told + Self.memory { return passOn(it.tags, by: &it, now) }
        let isLeftAlone = it.asked.map { now < $0 + Self.peace } ?? false
        guard asking == nil, !isLeftAlone, now >= it.first + Self.patience else { return .nothing }
        it.asked = now
        asking = peer
        return .ask
    }

    /// The one who was asked has told these; nothing if the link failed.
    mutating func hears(_ peer: String, tags: [Sight]?, now: UInt64) {
        if asking == peer { asking = nil }
        guard let tags, var it = known[peer] else { return }
        it.tags = tags
        it.told = now
        known[peer] = it
    }

    /// A phone advertises many times a second; whose tag it is needs to be found out once.
    private func passOn(_ tags: [Sight], by it: inout Known, _ now: UInt64) -> Step {
        if tags.isEmpty { return .nothing }
        if let before = it.passedOn, before.sights == tags, now < before.at + Self.moment { return .nothing }
        it.passedOn = (tags, now)
        return .tags(tags)
    }

    private mutating func remember(_ peer: String, _ it: Known) {
        known[peer] = it
        if known.count > Self.most, let oldest = known.filter({ $0.key != asking }).min(by: { $0.value.last < $1.value.last }) {
            known[oldest.key] = nil
        }
    }
}

import Foundation
import HazelBridge
import HazelWallet

/// Who speaks for my half of one tally when this phone is away.
public struct SpeakerRow: Hashable, Sendable, Identifiable {
    public let id: String
    public let partner: String
    public let note: Phrase
    /// Whether the site of this app speaks already: then this phone can take the word back, else the site can be given it.
    public let isSite: Bool
}

/// The site that speaks for me: letting it in by a ticket, going there, and for which tallies it speaks.
public struct SiteState: Equatable, Sendable {
    /// The site that knows this phone, if one does.
    public private(set) var link: SiteLink?
    public private(set) var rows: [SpeakerRow] = []
    /// The way there, and what came of it.
    public private(set) var way = Patience<[Phrase]>.idle
    public var ticket = ""

    /// Seconds after which a way ends by itself, whatever the network does. The screen waits a little longer for the last word.
    public static let within: UInt64 = 20

    public init(link: SiteLink?) { self.link = link }

    /// Whether a ticket was typed that can be used now.
    public var mayLink: Bool { link == nil && !way.isWorking && !tidyTicket.isEmpty }
    public var mayGo: Bool { link != nil && !way.isWorking }
    public var tidyTicket: String { ticket.trimmingCharacters(in: .whitespacesAndNewlines) }
    public var title: Phrase { link.map { Phrase("site_linked", $0.host) } ?? Phrase("site_why") }

    public mutating func hear(_ speakers: [Speaker], home: Home) {
        rows = speakers.map { speaker in
            let tally = home.tallies.first { $0.id == speaker.tally }
            let isSite = link.map { speaker.sites.contains($0.site) } ?? false
            let note = Phrase(isSite ? "speaks_site" : speaker.here ? "speaks_here" : "speaks_other")
            return SpeakerRow(id: speaker.tally, partner: tally?.partner ?? "", note: note, isSite: isSite)
        }
    }

    public mutating func begin(now: UInt64) { way = .begun(now: now, seconds: Self.within + 5) }

    /// The site has let this phone in: the link is kept from now on.
    public mutating func kept(_ link: SiteLink) {
        self.link = link
        ticket = ""
    }

    /// Back from there.
    public mutating func came(_ come: Homecoming) {
        if let trouble = come.trouble {
            way = .failed(Mishap(trouble))
            return
        }
        var lines = come.news.flatMap(told)
        if !come.declined.isEmpty { lines.append(Phrase("site_declined", counting: UInt64(come.declined.count))) }
        lines.append(come.pending == 0 ? Phrase("site_all_final") : Phrase("site_pending", counting: come.pending))
        way = .done(lines)
    }

    public mutating func failed(_ error: any Error) { way = .failed(Mishap(error)) }

    public mutating func tick(now: UInt64) { way.tick(now: now) }

    /// The person wants to do without it. What it speaks for is asked back first: a site that nobody visits would speak for ever.
    public var mayForget: Bool { link != nil && !way.isWorking && !rows.contains(where: \.isSite) }

    public mutating func forget() {
        self = SiteState(link: nil)
    }
}

/// The link to a site, as a file in the app's own folder: who has it can read what the site has for this wallet, and sign nothing.
public enum KeptLink {
    private struct Form: Codable {
        let site: String
        let host: String
        let port: UInt16
        let secret: Data
    }

    public static func write(_ link: SiteLink, to place: URL) throws {
        let form = Form(site: link.site, host: link.host, port: link.port, secret: link.secret)
        try JSONEncoder().encode(form).write(to: place, options: .atomic)
    }

    /// None where none was kept, or nothing that can be read.
    public static func read(_ place: URL) -> SiteLink? {
        guard let bytes = try? Data(contentsOf: place), let form = try? JSONDecoder().decode(Form.self, from: bytes) else { return nil }
        return SiteLink(site: form.site, host: form.host, port: form.port, secret: form.secret)
    }
}

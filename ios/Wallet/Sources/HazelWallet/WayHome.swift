import Foundation
import HazelBridge

/// How a way home went.
public struct Homecoming: Equatable, Sendable {
    /// What was taken in, in order.
    public var news: [Tidings] = []
    /// What the site did not let in, by the names of why.
    public var declined: [String] = []
    /// Tallies with something that is not final yet.
    public var pending: UInt64 = 0
    /// Why it ended early; none if it came to its end.
    public var trouble: Trouble?

    public init() {}
}

/// The way to the site that speaks for a wallet, over a socket of its own. It ends within the time it is given, whatever the network does, and
/// comes back at once when its task is cancelled; what was not confirmed is told again the next time.
public struct WayHome: Sendable {
    private let wallet: Wallet
    private let within: UInt64

    /// `within` is in milliseconds, and at most an hour.
    public init(_ wallet: Wallet, within: UInt64 = 20_000) {
        self.wallet = wallet
        self.within = min(within, 3_600_000)
    }

    /// First contact, by a ticket of whoever runs the site. The ticket is good once: `keep` is handed the link as soon as the site has let
    /// this device in, whatever comes after, and not on the main thread.
    public func first(ticket: String, keep: @escaping @Sendable (SiteLink) throws -> Void) async throws -> Homecoming {
        try await go(keep) { [wallet, within] in try wallet.firstUplink(ticket: ticket, now: now(), within: within) }
    }

    /// Over a link that was kept.
    public func again(_ link: SiteLink) async throws -> Homecoming {
        try await go({ _ in }) { [wallet, within] in try wallet.uplink(link: link, now: now(), within: within) }
    }

    private func go(
        _ keep: @escaping @Sendable (SiteLink) throws -> Void, _ begin: @escaping @Sendable () throws -> Uplink
    ) async throws -> Homecoming {
        let (socket, within) = (try Socket(), within)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { done in
                // It waits for the network: not on the few threads that all tasks share.
                Self.worker.async { done.resume(with: Result { try Journey(try begin(), socket, within, keep).run() }) }
            }
        } onCancel: {
            socket.cancel()
        }
    }

    private static let worker = DispatchQueue(label: "org.hazel.wayhome", attributes: .concurrent)
}

/// One channel to a site, from the connection to its end.
private final class Journey {
    private let uplink: Uplink
    private let socket: Socket
    private let until: UInt64
    private let keep: (SiteLink) throws -> Void
    private var come = Homecoming()
    private var wake: UInt64 = 0
    private var (isOver, isBroken) = (false, false)

    /// Milliseconds for the connection alone.
    private static let connecting: UInt64 = 10_000

    init(_ uplink: Uplink, _ socket: Socket, _ within: UInt64, _ keep: @escaping (SiteLink) throws -> Void) {
        (self.uplink, self.socket, self.keep) = (uplink, socket, keep)
        until = now() + within
    }

    func run() throws -> Homecoming {
        let link = try uplink.link()
        isBroken = !socket.reach(link.host, link.port, until: min(until, now() + Self.connecting))
        if !isBroken { try carryOut(uplink.connected(now: now())) }
        while !isOver {
            // The stream broke, or none came to be: the wallet says what that means.
            switch isBroken ? .gone : socket.read(until: wake) {
            case .bytes(let bytes): try carryOut(uplink.bytes(bytes: bytes, now: now()))
            case .late: try carryOut(uplink.tick(now: now()))
            case .gone:
                try carryOut(uplink.gone(now: now()))
                isOver = true
            }
        }
        return come
    }

    private func carryOut(_ acts: [Homeward]) throws {
        for act in acts {
            switch act {
            case .write(let bytes): isBroken = isBroken || !socket.send(bytes, until: until)
            case .news(let tidings): come.news.append(tidings)
            case .declined(_, let code): come.declined.append(code)
            case .wakeAt(let at): wake = at
            case .opened: try keep(uplink.link())
            case .ended(let pending, let trouble):
                isOver = true
                (come.pending, come.trouble) = (pending, trouble)
            }
        }
    }
}

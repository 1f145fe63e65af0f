import Foundation
import HazelBridge

/// A wallet for async/await: verbs run off the main thread, screens are streams that follow every change.
///
/// Cancelling a task does not stop a verb that has begun: it is one short transaction, and it ends.
public final class HazelWallet: Sendable {
    /// The wallet itself, for whoever has a thread of its own, such as a radio.
    public let bridge: Wallet

    private let told = Notices()
    // Verbs wait for the disk: not on the few threads that all tasks share.
    private let worker = DispatchQueue(label: "org.hazel.wallet", attributes: .concurrent)

    /// Takes the wallet, and its listener.
    public init(_ bridge: Wallet) throws {
        self.bridge = bridge
        try bridge.listen(listener: told)
    }

    /// What changed. A slow reader misses the oldest; nothing is lost, since a screen reads itself anew.
    public var notices: AsyncStream<Notice> { told.follow(keeping: 64) }

    /// Runs a verb off the main thread: `try await wallet.run { try $0.pay(tally: tally, payment: payment) }`.
    public func run<T: Sendable>(_ verb: @escaping @Sendable (Wallet) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { done in
            worker.async { [bridge] in done.resume(with: Result { try verb(bridge) }) }
        }
    }

    /// The first screen, now and after every change. Ends when the wallet is closed; fails with "suspended" when it is read
    /// while the wallet is frozen.
    public func home() -> AsyncThrowingStream<Home, any Error> {
        following({ _ in true }, read: { try $0.home() })
    }

    /// The page of one tally, now and after each of its changes.
    public func tally(_ id: String, page: PageOf = PageOf()) -> AsyncThrowingStream<TallyPage, any Error> {
        following(
            { notice in if case .tally(let tally) = notice { tally == id } else { true } },
            read: { try $0.tally(tally: id, page: page) }
        )
    }

    /// What the person must be told, one after the other; each counts as told when the reader comes back for the next.
    public func events() -> Events { Events(wallet: self, notices: told.follow(keeping: 1)) }

    /// Closes the wallet. Every later call answers "closed".
    public func close() throws {
        defer { told.end() }
        try bridge.shut()
    }

    private func following<T: Sendable & Equatable>(
        _ about: @escaping @Sendable (Notice) -> Bool,
        read: @escaping @Sendable (Wallet) throws -> T
    ) -> AsyncThrowingStream<T, any Error> {
        // Followed before the first reading: what changes in between is not missed. However much changed, one reading will do.
        let notices = told.follow(keeping: 1, about: about)
        return AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { screen in
            let reader = Task {
                do {
                    var last = try await self.run(read)
                    screen.yield(last)
                    for await _ in notices {
                        let now = try await self.run(read)
                        if now != last { screen.yield(now) }
                        last = now
                    }
                    screen.finish()
                } catch let over as HazelError where over.isClosed {
                    screen.finish()
                } catch {
                    screen.finish(throwing: error)
                }
            }
            screen.onTermination = { _ in reader.cancel() }
        }
    }
}

/// Events one after the other, also those that an app killed in the middle of telling did not get to tell.
public struct Events: AsyncSequence {
    public typealias Element = Event

    let wallet: HazelWallet
    let notices: AsyncStream<Notice>

    public func makeAsyncIterator() -> Iterator { Iterator(wallet: wallet, notices: notices.makeAsyncIterator()) }

    /// Where a reader is.
    public struct Iterator: AsyncIteratorProtocol {
        let wallet: HazelWallet
        var notices: AsyncStream<Notice>.Iterator
        var shown: Int64?

        /// The next event; nil when the wallet was closed.
        public mutating func next() async throws -> Event? {
            do {
                return try await told()
            } catch let over as HazelError where over.isClosed {
                return nil
            }
        }

        private mutating func told() async throws -> Event? {
            if let no = shown {
                try await wallet.run { try $0.eventHandled(no: no) }
                shown = nil
            }
            while true {
                if let event = try await wallet.run({ try $0.nextEvent() }) {
                    shown = event.no
                    return event
                }
                guard await notices.next() != nil else { return nil }
            }
        }
    }
}

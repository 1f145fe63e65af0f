import Foundation
import HazelBridge

/// Hands what the wallet tells to whoever follows it at the time.
final class Notices: Listener, @unchecked Sendable {
    // The lock guards both; nobody is called while it is held, since a stream that ends calls back.
    private let lock = NSLock()
    private var followers: [UUID: AsyncStream<Notice>.Continuation] = [:]
    private var ended = false

    func changed(notice: Notice) throws {
        for follower in lock.withLock({ Array(followers.values) }) { follower.yield(notice) }
    }

    /// A stream of its own for each reader. It keeps only the newest so many.
    func follow(keeping newest: Int) -> AsyncStream<Notice> {
        AsyncStream(bufferingPolicy: .bufferingNewest(newest)) { continuation in
            let id = UUID()
            let late = lock.withLock {
                if !ended { followers[id] = continuation }
                return ended
            }
            if late { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in self?.forget(id) }
        }
    }

    /// Ends every stream, and those asked for later.
    func end() {
        let all = lock.withLock {
            ended = true
            defer { followers = [:] }
            return Array(followers.values)
        }
        for follower in all { follower.finish() }
    }

    private func forget(_ id: UUID) {
        lock.withLock { _ = followers.removeValue(forKey: id) }
    }
}

import Foundation
import HazelBridge

/// One reader, and what it wants to hear of.
private struct Follower {
    let about: @Sendable (Notice) -> Bool
    let stream: AsyncStream<Notice>.Continuation
}

/// Hands what the wallet tells to whoever follows it at the time.
final class Notices: Listener, @unchecked Sendable {
    // The lock guards both; nobody is called while it is held, since a stream that ends calls back.
    private let lock = NSLock()
    private var followers: [UUID: Follower] = [:]
    private var ended = false

    func changed(notice: Notice) throws {
        let all = lock.withLock { Array(followers.values) }
        for follower in all where follower.about(notice) { follower.stream.yield(notice) }
    }

    /// A stream of its own for each reader. It keeps only the newest so many of those that it is about.
    func follow(keeping newest: Int, about: @escaping @Sendable (Notice) -> Bool = { _ in true }) -> AsyncStream<Notice> {
        AsyncStream(bufferingPolicy: .bufferingNewest(newest)) { continuation in
            let id = UUID()
            let late = lock.withLock {
                if !ended { followers[id] = Follower(about: about, stream: continuation) }
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
        for follower in all { follower.stream.finish() }
    }

    private func forget(_ id: UUID) {
        lock.withLock { _ = followers.removeValue(forKey: id) }
    }
}
